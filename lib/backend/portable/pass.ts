import type { ClassMaxSpec, ElementwiseSpec } from "../../losses/spec.js";
import { writeResults } from "../../tensor/cast.js";
import { type Call, chunkSize, type RowRange, rowsOfGroup } from "../call.js";
import { ExactSum } from "../exact-sum.js";
import type { Totals } from "../totals.js";
import { addScores, countTies, type RowPart } from "./class-scores.js";
import { derivativeOfClass } from "./class-tiles.js";
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
    this.#gradient = call.gradient && new GradientWriter(call, call.gradient, tile);
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
    for (let at = start; at < end; at += chunkSize) {
      const n = Math.min(chunkSize, end - at);
      if (!this.#tile.read(at, n, this.#signed)) return false;
      this.#totals.losses.add(sumOfTerms(spec, this.#tile, 0, n));
      this.#gradient?.writeValues(spec, at, n, 1 / this.#call.divisor);
    }
    return true;
  }

  #group(first: number, count: number): boolean {
    const { width, divisor } = this.#call;
    const spec = this.#spec;
    if (!this.#tile.read(first * width, count * width, this.#signed)) return false;
    if (spec.family === "elementwise") {
      for (let row = 0; row < count; row++) {
        losses[row] = sumOfTerms(spec, this.#tile, row * width, width) / width;
      }
    } else {
      for (let row = 0; row < count; row++) this.#classMaxRow(spec, first, row);
    }
    this.#finishRows(first, count);
    if (this.#gradient === undefined) return true;
    for (let row = 0; row < count; row++) {
      const factor = this.#weights.values[row] / divisor;
      factors[row] = spec.family === "elementwise" ? factor : factor * factors[row];
    }
    if (spec.family === "elementwise") {
      const isIgnored = (row: number) => this.#weights.isIgnored(row);
      this.#gradient.writeRows(spec, { start: first * width, rows: count }, factors, isIgnored);
    } else {
      for (let row = 0; row < count; row++) this.#classMaxGradient(spec, first, row);
    }
    return true;
  }

  /** A row of the tile, all of it. `first` is the number of the tile's first row. */
  #rowAt(first: number, row: number): RowPart {
    const { width } = this.#call;
    const at = row * width;
    return { at, n: width, id: this.#tile.ids[row] as number, start: first * width + at };
  }

  #classMaxRow(spec: ClassMaxSpec, first: number, row: number): void {
    const { formula } = this.#call;
    const scores = { sum: 0, max: -Infinity };
    this.#addRowPart(spec, this.#rowAt(first, row), scores);
    losses[row] = spec.lossOfRow(scores.sum, scores.max, formula);
    maxes[row] = scores.max;
    factors[row] = spec.derivativeOfRow(scores.sum, scores.max, formula);
  }

  /** Adds the terms of a part of a row, and raises its maximum. */
  #addRowPart(spec: ClassMaxSpec, part: RowPart, to: { sum: number; max: number }): void {
    if (spec.ofValues === undefined || this.#tile.haveClasses) {
      addScores(spec, this.#tile, part, to);
      return;
    }
    const largest = { value: to.max };
    to.sum = sumOfRowTerms(spec.ofValues, this.#tile, part.at, part.n, largest);
    to.max = largest.value;
  }

  #tiesOf(spec: ClassMaxSpec, part: RowPart, max: number): number {
    return spec.ofValues === undefined || this.#tile.haveClasses
      ? countTies(spec, this.#tile, part, max)
      : spec.ofValues.countTies(this.#tile, part.at, part.n, max);
  }

  #classMaxGradient(spec: ClassMaxSpec, first: number, row: number): void {
    const { width } = this.#call;
    const gradient = this.#gradient as GradientWriter;
    const part = this.#rowAt(first, row);
    if (this.#weights.isIgnored(row)) {
      gradient.clear(part.start, width);
      return;
    }
    const value = maxes[row];
    const share = gradient.shareOf(this.#tiesOf(spec, part, value));
    gradient.writeOfMax(spec, part, { value, share }, factors[row]);
  }

  /** Weights the losses of `count` rows, adds them to the totals and writes them. */
  #finishRows(first: number, count: number): void {
    const { code, losses: out } = this.#call;
    this.#weights.read(first, count);
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
    const { width, divisor, classes } = this.#call;
    const sum = new ExactSum();
    const areValid = this.#eachChunk(row, (_, n) => sum.add(sumOfTerms(spec, this.#tile, 0, n)));
    if (!areValid) return false;
    losses[0] = sum.value / width;
    this.#finishRows(row, 1);
    const gradient = this.#gradient;
    if (gradient === undefined) return true;
    if (this.#weights.isIgnored(0)) return this.#clearRow(row);
    const weight = this.#weights.values[0] / divisor;
    const sumOfDerivatives = new ExactSum();
    const areRead = this.#eachChunk(row, (at, n) => {
      gradient.writeValues(spec, at, n, weight);
      sumOfDerivatives.add(gradient.sumOfLast(n));
    });
    if (this.#tile.substitute === "differences") {
      const place = row * classes + (this.#tile.ids[0] as number);
      gradient.writeOne(place, derivativeOfClass(sumOfDerivatives.value));
    }
    return areRead;
  }

  #longClassMaxRow(spec: ClassMaxSpec, row: number): boolean {
    const { width, divisor, formula } = this.#call;
    const partAt = (start: number, n: number): RowPart => ({
      at: 0,
      n,
      id: (this.#tile.ids[0] as number) - (start - row * width),
      start,
    });
    const sum = new ExactSum();
    let max = -Infinity;
    const areValid = this.#eachChunk(row, (start, n) => {
      const scores = { sum: 0, max };
      this.#addRowPart(spec, partAt(start, n), scores);
      sum.add(scores.sum);
      max = scores.max;
    });
    if (!areValid) return false;
    losses[0] = spec.lossOfRow(sum.value, max, formula);
    this.#finishRows(row, 1);
    const gradient = this.#gradient;
    if (gradient === undefined) return true;
    if (this.#weights.isIgnored(0)) return this.#clearRow(row);
    let ties = 0;
    this.#eachChunk(row, (start, n) => {
      ties += this.#tiesOf(spec, partAt(start, n), max);
    });
    const shared = { value: max, share: gradient.shareOf(ties) };
    const derivative = spec.derivativeOfRow(sum.value, max, formula);
    const factor = (this.#weights.values[0] / divisor) * derivative;
    return this.#eachChunk(row, (start, n) => {
      gradient.writeOfMax(spec, partAt(start, n), shared, factor);
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
