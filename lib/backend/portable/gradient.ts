import { type Computed, rounded, unifyNaN, writeResults } from "../../tensor/cast.js";
import type { Call, GradientOperand } from "../call.js";
import { addDerivatives, isStrided } from "../strided-operand.js";
import type { Rows } from "./class-scores.js";
import { sumByLanes } from "./fold.js";
import { isComputed } from "./read-operand.js";
import type { RowWeights } from "./row-weights.js";
import { Scratch } from "./scratch.js";
import type { TileReader } from "./tile.js";

const derivativeScratch = new Scratch();
const gradientScratch = new Scratch();
/** What derivatives with respect to predictions are multiplied by, and those to differences. */
const ones = Scratch.filledWith(1);
const minusOnes = Scratch.filledWith(-1);

/** Returns the derivative with respect to the prediction for a row's class, by the sum of the others. */
export const derivativeOfClass = (sum: number) => 0 - sum;

/** Multiplies a derivative by a label and the factor of its row. Adding 0 turns -0 into 0. */
const weighted = (wide: boolean, y: number, derivative: number, factor: number) =>
  rounded(wide, rounded(wide, y * derivative) * factor) + 0;

/** Writes the gradient of the values in a tile. */
export class GradientWriter {
  /** Derivatives of the rows of a tile, for {@link GradientWriter.write}. */
  readonly derivatives: Computed;
  readonly #call: Call;
  readonly #operand: GradientOperand;
  readonly #tile: TileReader;
  readonly #weights: RowWeights;
  /** Whether results are written in place. */
  readonly #isInPlace: boolean;
  readonly #to: Computed;

  constructor(call: Call, gradient: GradientOperand, tile: TileReader, weights: RowWeights) {
    const { values, strides, code } = gradient;
    this.#call = call;
    this.#operand = gradient;
    this.#tile = tile;
    this.#weights = weights;
    this.#isInPlace = strides === undefined && isComputed(code, call.code);
    this.derivatives = derivativeScratch.of(tile.wide);
    this.#to = this.#isInPlace ? (values as Computed) : gradientScratch.of(tile.wide);
  }

  /**
   * Writes the gradient of rows from value `start` of the batch on: the derivatives times the factor
   * of each row and, if they are with respect to products, the labels. Rows that do not count have
   * no derivatives but 0.
   */
  write(start: number, { rows, width }: Rows, factors: Float64Array): void {
    const { wide, family, labels, labelsAt } = this.#tile;
    const { derivatives } = this;
    const isProduct = family === "elementwise";
    const y = isProduct ? labels : (family === "classMax" ? ones : minusOnes).of(wide);
    const j = isProduct ? labelsAt : 0;
    const to = this.#to;
    const at = this.#placeOf(start);
    let sum = 0;
    let i = 0;
    for (let row = 0; row < rows; row++) {
      const factor = rounded(wide, factors[row]);
      const end = i + width;
      // Four at a time, like products.
      for (; i <= end - 4; i += 4) {
        const a = weighted(wide, y[j + i], derivatives[i], factor);
        const b = weighted(wide, y[j + i + 1], derivatives[i + 1], factor);
        const c = weighted(wide, y[j + i + 2], derivatives[i + 2], factor);
        const d = weighted(wide, y[j + i + 3], derivatives[i + 3], factor);
        to[at + i] = a;
        to[at + i + 1] = b;
        to[at + i + 2] = c;
        to[at + i + 3] = d;
        sum += a + b + (c + d);
      }
      for (; i < end; i++) {
        to[at + i] = weighted(wide, y[j + i], derivatives[i], factor);
        sum += to[at + i];
      }
    }
    if (family === "classSum" && width === this.#call.width) this.#writeOwn(rows, at);
    if (this.#weights.haveIgnored) this.#clearIgnored(rows, width, at);
    this.#store(start, rows * width, Number.isNaN(sum));
  }

  /** Returns the sum of the n derivatives that were written last, value i in lane i modulo 8. */
  sumOfLast(start: number, n: number): number {
    return sumByLanes(this.#to, n, this.#placeOf(start));
  }

  /** Writes one derivative. */
  writeOne(start: number, derivative: number): void {
    this.#to[this.#placeOf(start)] = derivative;
    this.#store(start, 1, Number.isNaN(derivative));
  }

  /** Writes zeros for n values. */
  clear(start: number, n: number): void {
    this.#clearAt(this.#placeOf(start), n);
    this.#store(start, n, false);
  }

  #placeOf(start: number): number {
    return this.#isInPlace ? start : 0;
  }

  /** Writes the derivatives with respect to the predictions for the classes of whole rows. */
  #writeOwn(rows: number, first: number): void {
    const { width } = this.#call;
    const { ids } = this.#tile;
    for (let row = 0, at = first; row < rows; row++, at += width) {
      const sum = sumByLanes(this.#to, width, at);
      this.#to[at + (ids[row] as number)] = derivativeOfClass(sum);
    }
  }

  #clearIgnored(rows: number, width: number, first: number): void {
    for (let row = 0, at = first; row < rows; row++, at += width) {
      if (this.#weights.isIgnored(row)) this.#clearAt(at, width);
    }
  }

  /** Clears values in a loop: an array of the user may have a `fill` of its own. */
  #clearAt(at: number, n: number): void {
    for (let i = at; i < at + n; i++) this.#to[i] = 0;
  }

  #store(start: number, n: number, haveNaN: boolean): void {
    const operand = this.#operand;
    const to = this.#to;
    if (this.#isInPlace) {
      if (haveNaN) unifyNaN(to, start, n);
    } else if (isStrided(operand)) {
      addDerivatives(operand, this.#call.shape, start, n, to);
    } else {
      writeResults(this.#call.code, to, n, operand.values, start);
    }
  }
}
