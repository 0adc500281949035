import type { ClassMaxSpec, ElementwiseSpec } from "../../losses/spec.js";
import { writeResults } from "../../tensor/cast.js";
import { type Call, chunkSize, type RowRange, rowsOfGroup } from "../call.js";
import { ExactSum } from "../exact-sum.js";
import type { Totals } from "../totals.js";
import { sumByLanes, sumOfRowTerms, sumOfTerms } from "./fold.js";
import { GradientWriter } from "./gradient.js";
import { RowWeights } from "./row-weights.js";
import type { TileReader } from "./tile.js";

/** Scratch for the rows of a group. */
const losses = new Float64Array(chunkSize);
const maxes = new Float64Array(chunkSize);
const factors = new Float64Array(chunkSize);

/** One pass over rows of a call, with one reading of the labels. */
export class Pass {
  readonly #call: Call;
  readonly #totals: Totals;
  readonly #signed: boolean;
  readonly #tile: TileReader;
  readonly #weights: RowWeights;
  readonly #gradient: GradientWriter | undefined;

  /** @param signed - whether labels 0 and 1 become -1 and 1. */
  constructor(call: Call, tile: TileReader, signed: boolean, totals: Totals) {
    this.#call = call;
    this.#totals = totals;
    this.#tile = tile;
    this.#signed = signed;
    this.#weights = new RowWeights(call);
    this.#gradient = call.gradient && new GradientWriter(call, call.gradient, tile);
  }

  /**
   * Returns false if labels were taken for 0 and 1 but one is neither: all results are then void.
   */
  run({ first, end }: RowRange): boolean {
    const { spec, width } = this.#call;
    if (spec.family === "elementwise" && this.#call.isFlat) {
      return this.#sumTerms(spec, first * width, end * width);
    }
    const step = rowsOfGroup(width);
    for (let row = first; row < end; row += step) {
      const count = Math.min(step, end - row);
      if (!(width > chunkSize ? this.#longRow(row) : this.#group(row, count))) return false;
    }
    return true;
  }

  #sumTerms(spec: ElementwiseSpec, start: number, end: number): boolean {
    for (let at = start; at < end; at += chunkSize) {
      const n = Math.min(chunkSize, end - at);
      if (!this.#tile.read(at, n, this.#signed)) return false;
      this.#totals.losses.add(sumOfTerms(spec, this.#tile, 0, n));
      this.#gradient?.writeValues(spec, at, n, 1 / this.#call.divisor);
    }
    return true;
  }

  #group(first: number, count: number): boolean {
    const { spec, width } = this.#call;
    if (!this.#tile.read(first * width, count * width, this.#signed)) return false;
    if (spec.family === "elementwise") {
      for (let row = 0; row < count; row++) {
        losses[row] = sumOfTerms(spec, this.#tile, row * width, width) / width;
      }
    } else {
      for (let row = 0; row < count; row++) this.#classMaxRow(spec, row);
    }
    this.#finishRows(first, count);
    if (this.#gradient === undefined) return true;
    for (let row = 0; row < count; row++) {
      const factor = this.#weights.values[row] / this.#call.divisor;
      factors[row] = spec.family === "elementwise" ? factor : factor * factors[row];
    }
    if (spec.family === "elementwise") {
      this.#gradient.writeRows(spec, first * width, count, factors);
    } else {
      for (let row = 0; row < count; row++) this.#classMaxGradient(spec, first, row);
    }
    return true;
  }

  #classMaxRow(spec: ClassMaxSpec, row: number): void {
    const { width } = this.#call;
    const largest = { value: -Infinity };
    const sum = sumOfRowTerms(spec, this.#tile, row * width, width, largest);
    losses[row] = spec.lossOfRow(sum, largest.value);
    maxes[row] = largest.value;
    factors[row] = spec.derivativeOfRow(sum, largest.value);
  }

  #classMaxGradient(spec: ClassMaxSpec, first: number, row: number): void {
    const { width } = this.#call;
    const gradient = this.#gradient as GradientWriter;
    const at = row * width;
    const value = maxes[row];
    const share = gradient.shareOf(spec.countTies(this.#tile, at, width, value));
    const place = { at, n: width, start: first * width + at };
    gradient.writeOfMax(spec, place, { value, share }, factors[row]);
  }

  /** Weights the losses of `count` rows, adds them to the totals and writes them. */
  #finishRows(first: number, count: number): void {
    const { code, losses: out } = this.#call;
    this.#weights.read(first, count);
    if (this.#weights.areGiven) {
      for (let i = 0; i < count; i++) losses[i] *= this.#weights.values[i];
      this.#weights.addTo(this.#totals, count);
    }
    this.#totals.losses.add(sumByLanes(losses, count));
    if (out !== undefined) writeResults(code, losses, count, out.values, first);
  }

  /** Evaluates a row of more than a chunk. */
  #longRow(row: number): boolean {
    const { spec, width, divisor } = this.#call;
    const largest = { value: -Infinity };
    const sum = new ExactSum();
    const isPure = this.#eachChunk(row, (_, n) => {
      sum.add(
        spec.family === "elementwise"
          ? sumOfTerms(spec, this.#tile, 0, n)
          : sumOfRowTerms(spec, this.#tile, 0, n, largest),
      );
    });
    if (!isPure) return false;
    losses[0] =
      spec.family === "elementwise" ? sum.value / width : spec.lossOfRow(sum.value, largest.value);
    this.#finishRows(row, 1);
    const gradient = this.#gradient;
    if (gradient === undefined) return true;
    const weight = this.#weights.values[0] / divisor;
    if (spec.family === "elementwise") {
      return this.#eachChunk(row, (at, n) => gradient.writeValues(spec, at, n, weight));
    }
    let ties = 0;
    this.#eachChunk(row, (_, n) => {
      ties += spec.countTies(this.#tile, 0, n, largest.value);
    });
    const max = { value: largest.value, share: gradient.shareOf(ties) };
    const factor = weight * spec.derivativeOfRow(sum.value, largest.value);
    return this.#eachChunk(row, (start, n) => {
      gradient.writeOfMax(spec, { at: 0, n, start }, max, factor);
    });
  }

  /** Calls use(start, n) for each chunk of a row, after reading it into the tile. */
  #eachChunk(row: number, use: (start: number, n: number) => void): boolean {
    const { width } = this.#call;
    const end = (row + 1) * width;
    for (let start = row * width; start < end; start += chunkSize) {
      const n = Math.min(chunkSize, end - start);
      if (!this.#tile.read(start, n, this.#signed)) return false;
      use(start, n);
    }
    return true;
  }
}
