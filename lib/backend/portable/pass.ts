import type { ClassMaxSpec, ElementwiseSpec } from "../../losses/spec.js";
import { rounded, writeResults } from "../../tensor/cast.js";
import { type Call, chunkSize, type RowRange, rowsOfGroup } from "../call.js";
import { ExactSum } from "../exact-sum.js";
import type { Totals } from "../totals.js";
import { ClassMaxRows } from "./class-max-rows.js";
import type { Rows } from "./class-scores.js";
import { writeDerivatives, writeMeans, writeSums } from "./elementwise.js";
import { sumByLanes } from "./fold.js";
import { derivativeOfClass, GradientWriter } from "./gradient.js";
import { RowWeights } from "./row-weights.js";
import type { TileReader } from "./tile.js";

/** Scratch for the rows of a group. */
const losses = new Float64Array(chunkSize);
const sums = new Float64Array(chunkSize);
const maxes = new Float64Array(chunkSize);
const ties = new Float64Array(chunkSize);
const factors = new Float64Array(chunkSize);

/** One pass over rows of a call, with one reading of the labels. */
export class Pass {
  readonly #call: Call;
  readonly #totals: Totals;
  readonly #signed: boolean;
  readonly #tile: TileReader;
  readonly #weights: RowWeights;
  readonly #gradient: GradientWriter | undefined;
  /** Whether the terms whose derivatives come next are finite. */
  #areFinite = true;
  /** The loss of the terms. */
  readonly #spec: ElementwiseSpec | ClassMaxSpec;

  /** @param signed - whether labels 0 and 1 become -1 and 1. */
  constructor(call: Call, tile: TileReader, signed: boolean, totals: Totals) {
    const { spec, power } = call.formula;
    this.#call = call;
    this.#totals = totals;
    this.#tile = tile;
    this.#signed = signed;
    this.#weights = new RowWeights(call, tile.classes);
    this.#gradient = call.gradient && new GradientWriter(call, call.gradient, tile, this.#weights);
    this.#spec = spec.family === "classSum" ? spec.termsOf(power) : spec;
  }

  /**
   * Returns false if a label is none that the encoding has, or if labels were taken for 0 and 1 and
   * one is neither: all results are then void.
   */
  run({ first, end }: RowRange): boolean {
    const { width } = this.#call;
    const spec = this.#spec;
    if (spec.family === "elementwise" && this.#call.isFlat) {
      return this.#sumTerms(spec, first * width, end * width);
    }
    const step = rowsOfGroup(width);
    for (let row = first; row < end; row += step) {
      const count = Math.min(step, end - row);
      if (!(width > chunkSize ? this.#longRow(row) : this.#group(row, count))) return false;
    }
    return this.#weights.areLabelsValid;
  }

  #sumTerms(spec: ElementwiseSpec, start: number, end: number): boolean {
    factors[0] = 1 / this.#call.divisor;
    for (let at = start; at < end; at += chunkSize) {
      const n = Math.min(chunkSize, end - at);
      if (!this.#tile.read(at, n, this.#signed)) return false;
      this.#totals.losses.add(this.#sumOfTile(spec, n));
      if (this.#gradient !== undefined) this.#writeGradient(spec, this.#gradient, at, n);
    }
    return true;
  }

  /** Returns the sum of the terms of n values, all of them of one row or of a flat batch. */
  #sumOfTile(spec: ElementwiseSpec, n: number): number {
    this.#areFinite = writeSums(spec, this.#tile, 1, n, sums);
    return sums[0];
  }

  /** Writes the gradient of n values with the same factor. */
  #writeGradient(spec: ElementwiseSpec, gradient: GradientWriter, start: number, n: number): void {
    this.#writeDerivatives(spec, n, gradient);
    gradient.write(start, { rows: 1, width: n }, factors);
  }

  #writeDerivatives(spec: ElementwiseSpec, n: number, { derivatives }: GradientWriter): void {
    writeDerivatives(spec, this.#tile, n, this.#areFinite, derivatives);
  }

  #group(first: number, rows: number): boolean {
    const { width, divisor } = this.#call;
    const spec = this.#spec;
    const start = first * width;
    if (!this.#tile.read(start, rows * width, this.#signed)) return false;
    if (spec.family === "elementwise") {
      this.#areFinite = writeMeans(spec, this.#tile, rows, width, losses);
    } else {
      this.#lossesOfMax(spec, { rows, width });
    }
    this.#finishRows(first, rows);
    const gradient = this.#gradient;
    if (gradient === undefined) return true;
    for (let row = 0; row < rows; row++) {
      const factor = this.#weights.values[row] / divisor;
      factors[row] = spec.family === "elementwise" ? factor : factor * factors[row];
    }
    if (spec.family === "elementwise") {
      this.#writeDerivatives(spec, rows * width, gradient);
    } else {
      this.#derivativesOfMax(spec, { rows, width }, gradient);
    }
    gradient.write(start, { rows, width }, factors);
    return true;
  }

  /** Computes the losses of rows with a maximum, and their derivatives with respect to it. */
  #lossesOfMax(spec: ClassMaxSpec, rows: Rows): void {
    const { formula } = this.#call;
    new ClassMaxRows(spec, this.#tile).writeScores(rows, { sums, maxes });
    for (let row = 0; row < rows.rows; row++) {
      losses[row] = spec.lossOfRow(sums[row], maxes[row], formula);
      factors[row] = spec.derivativeOfRow(sums[row], maxes[row], formula);
    }
  }

  #derivativesOfMax(spec: ClassMaxSpec, rows: Rows, { derivatives }: GradientWriter): void {
    const inTile = new ClassMaxRows(spec, this.#tile);
    inTile.countTies(rows, maxes, ties);
    this.#turnIntoShares(rows.rows);
    inTile.writeDerivatives(rows, maxes, ties, derivatives);
  }

  /** Replaces numbers of ties by the share of the maximum's derivative that each has. */
  #turnIntoShares(rows: number): void {
    for (let row = 0; row < rows; row++) ties[row] = rounded(this.#tile.wide, 1 / ties[row]);
  }

  /** Weights the losses of `count` rows, adds them to the totals and writes them. */
  #finishRows(first: number, count: number): void {
    const { code, losses: out } = this.#call;
    // Gradients need weights of 1 too.
    if (this.#weights.areGiven || this.#gradient !== undefined) this.#weights.read(first, count);
    if (this.#weights.areGiven) {
      for (let i = 0; i < count; i++) {
        losses[i] = this.#weights.isIgnored(i) ? 0 : losses[i] * this.#weights.values[i];
      }
      this.#weights.addTo(this.#totals, count);
    }
    this.#totals.losses.add(sumByLanes(losses, count));
    if (out !== undefined) writeResults(code, losses, count, out.values, first);
  }

  /** Evaluates a row of more than a chunk. */
  #longRow(row: number): boolean {
    const spec = this.#spec;
    return spec.family === "elementwise"
      ? this.#longElementwiseRow(spec, row)
      : this.#longClassMaxRow(spec, row);
  }

  #longElementwiseRow(spec: ElementwiseSpec, row: number): boolean {
    const { width, divisor } = this.#call;
    const sum = new ExactSum();
    let areFinite = true;
    const areValid = this.#eachChunk(row, (_, n) => {
      sum.add(this.#sumOfTile(spec, n));
      areFinite &&= this.#areFinite;
    });
    if (!areValid) return false;
    losses[0] = sum.value / width;
    this.#finishRows(row, 1);
    const gradient = this.#gradient;
    if (gradient === undefined) return true;
    if (this.#weights.isIgnored(0)) return this.#clearRow(row);
    factors[0] = this.#weights.values[0] / divisor;
    this.#areFinite = areFinite;
    const sumOfDerivatives = new ExactSum();
    let place = 0;
    const areRead = this.#eachChunk(row, (start, n) => {
      this.#writeGradient(spec, gradient, start, n);
      sumOfDerivatives.add(gradient.sumOfLast(start, n));
      place = start - this.#tile.column + (this.#tile.ids[0] as number);
    });
    if (this.#tile.family === "classSum") {
      gradient.writeOne(place, derivativeOfClass(sumOfDerivatives.value));
    }
    return areRead;
  }

  #longClassMaxRow(spec: ClassMaxSpec, row: number): boolean {
    const { divisor, formula } = this.#call;
    const parts = new ClassMaxRows(spec, this.#tile);
    const sum = new ExactSum();
    let max = -Infinity;
    const areValid = this.#eachChunk(row, (_, width) => {
      parts.writeScores({ rows: 1, width }, { sums, maxes });
      sum.add(sums[0]);
      max = Math.max(max, maxes[0]);
    });
    if (!areValid) return false;
    losses[0] = spec.lossOfRow(sum.value, max, formula);
    this.#finishRows(row, 1);
    const gradient = this.#gradient;
    if (gradient === undefined) return true;
    if (this.#weights.isIgnored(0)) return this.#clearRow(row);
    maxes[0] = max;
    let count = 0;
    this.#eachChunk(row, (_, width) => {
      parts.countTies({ rows: 1, width }, maxes, ties);
      count += ties[0];
    });
    ties[0] = count;
    this.#turnIntoShares(1);
    const derivative = spec.derivativeOfRow(sum.value, max, formula);
    factors[0] = (this.#weights.values[0] / divisor) * derivative;
    return this.#eachChunk(row, (start, width) => {
      parts.writeDerivatives({ rows: 1, width }, maxes, ties, gradient.derivatives);
      gradient.write(start, { rows: 1, width }, factors);
    });
  }

  #clearRow(row: number): boolean {
    return this.#eachChunk(row, (start, n) => this.#gradient?.clear(start, n));
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
