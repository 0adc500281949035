import type { ClassMaxSpec, ElementwiseSpec } from "../../losses/spec.js";
import { writeResults } from "../../tensor/cast.js";
import { eachRun } from "../../tensor/gather.js";
import { type Call, chunkSize, type GradientOperand } from "../call.js";
import { type RowPart, writeDerivatives } from "./class-scores.js";
import { finishGradient } from "./class-tiles.js";
import { sumByLanes } from "./fold.js";
import type { TileReader } from "./tile.js";

const derivatives = new Float64Array(chunkSize);

/** The maximum of a row, and the share of its derivative that each tie has. */
export interface SharedMax {
  readonly value: number;
  readonly share: number;
}

/** Writes the gradient of the values in a tile. */
export class GradientWriter {
  readonly #call: Call;
  readonly #gradient: GradientOperand;
  readonly #tile: TileReader;
  /** -1 for derivatives with respect to values with another sign than the predictions. */
  readonly #sign: 1 | -1;

  constructor(call: Call, gradient: GradientOperand, tile: TileReader) {
    this.#call = call;
    this.#gradient = gradient;
    this.#tile = tile;
    this.#sign = tile.substitute === "none" ? 1 : -1;
  }

  /**
   * Writes rows of an elementwise loss. The first value is at `start` of the batch; `weights` has
   * one value per row. Rows that do not count have no derivatives but 0.
   */
  writeRows(
    spec: ElementwiseSpec,
    { start, rows }: { readonly start: number; readonly rows: number },
    weights: Float64Array,
    isIgnored: (row: number) => boolean,
  ): void {
    const { width } = this.#call;
    spec.writeDerivatives(this.#tile, 0, rows * width, derivatives);
    for (let row = 0; row < rows; row++) this.#scale(row * width, width, weights[row]);
    this.#finish(start, rows * width);
    for (let row = 0; row < rows; row++) {
      if (isIgnored(row)) derivatives.fill(0, row * width, (row + 1) * width);
    }
    this.#store(start, rows * width);
  }

  /** Writes n values with the same weight, up to a chunk. */
  writeValues(spec: ElementwiseSpec, start: number, n: number, weight: number): void {
    spec.writeDerivatives(this.#tile, 0, n, derivatives);
    this.#scale(0, n, weight);
    this.#finish(start, n);
    this.#store(start, n);
  }

  /** Returns the sum of the derivatives that were written last, value i in lane i modulo 8. */
  sumOfLast(n: number): number {
    return sumByLanes(derivatives, n);
  }

  /** Writes one derivative. */
  writeOne(start: number, derivative: number): void {
    derivatives[0] = this.#rounded(derivative);
    this.#store(start, 1);
  }

  /** Writes a part of a row. */
  writeOfMax(spec: ClassMaxSpec, part: RowPart, max: SharedMax, weight: number): void {
    const { at, n, start } = part;
    const isOfValues = spec.ofValues !== undefined && !this.#tile.haveClasses;
    if (isOfValues) spec.ofValues?.writeDerivatives(this.#tile, at, n, max, derivatives);
    else writeDerivatives(this.#tile, part, max, derivatives);
    this.#scale(0, n, weight);
    this.#store(start, n);
  }

  /** Writes zeros for n values. */
  clear(start: number, n: number): void {
    derivatives.fill(0, 0, n);
    this.#store(start, n);
  }

  /** Returns the share of the derivative of a maximum that each tie has. */
  shareOf(ties: number): number {
    return this.#rounded(1 / ties);
  }

  #rounded(value: number): number {
    return this.#tile.wide ? value : Math.fround(value);
  }

  #scale(at: number, n: number, weight: number): void {
    const { wide } = this.#tile;
    const factor = this.#sign * this.#rounded(weight);
    for (let i = at; i < at + n; i++) {
      const product = derivatives[i] * factor;
      // Adding 0 turns -0 into 0.
      derivatives[i] = (wide ? product : Math.fround(product)) + 0;
    }
  }

  #finish(start: number, n: number): void {
    if (this.#sign === 1) return;
    finishGradient(this.#tile, { start, n, classes: this.#call.classes }, derivatives);
  }

  #store(start: number, n: number): void {
    const { values, strides, offset } = this.#gradient;
    if (strides === undefined) {
      writeResults(this.#call.code, derivatives, n, values, start);
      return;
    }
    const shape = this.#call.shape as readonly number[];
    eachRun({ strides, offset }, shape, start, n, (from, step, count, at) => {
      for (let i = 0; i < count; i++) values[from + i * step] += derivatives[at + i];
    });
  }
}
