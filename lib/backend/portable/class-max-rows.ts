import type { ClassMaxSpec, ClassValues, Largest } from "../../losses/spec.js";
import type { Computed } from "../../tensor/cast.js";
import {
  countTies,
  type RowScores,
  type Rows,
  writeDerivatives,
  writeScores,
} from "./class-scores.js";
import { sumOfTerms } from "./fold.js";
import { Scratch } from "./scratch.js";
import type { TileReader } from "./tile.js";

const termScratch = new Scratch();

/** The rows of a classMax loss in a tile: of class ids, or of labels that are one value per class. */
export class ClassMaxRows {
  readonly #spec: ClassMaxSpec;
  readonly #tile: TileReader;

  constructor(spec: ClassMaxSpec, tile: TileReader) {
    this.#spec = spec;
    this.#tile = tile;
  }

  /** The formula for labels that are one value per class; undefined for class ids. */
  get #ofValues(): ClassValues | undefined {
    return this.#tile.haveClasses ? undefined : this.#spec.ofValues;
  }

  /** Writes the sum and the maximum of each row. */
  writeScores(rows: Rows, to: RowScores): void {
    const ofValues = this.#ofValues;
    if (ofValues === undefined) writeScores(this.#spec, this.#tile, rows, to);
    else this.#writeSums(ofValues, rows, to);
  }

  #writeSums(ofValues: ClassValues, { rows, width }: Rows, to: RowScores): void {
    const { wide } = this.#tile;
    const terms = termScratch.of(wide);
    const largest: Largest = { value: 0 };
    for (let row = 0; row < rows; row++) {
      largest.value = -Infinity;
      ofValues.writeTerms(this.#tile, row * width, width, terms, largest);
      to.sums[row] = sumOfTerms(wide, terms, 0, width);
      to.maxes[row] = largest.value;
    }
  }

  /** Counts the values of each row that are its maximum. */
  countTies(rows: Rows, maxes: Float64Array, ties: Float64Array): void {
    const ofValues = this.#ofValues;
    if (ofValues === undefined) {
      countTies(this.#spec, this.#tile, rows, maxes, ties);
      return;
    }
    const { width } = rows;
    for (let row = 0; row < rows.rows; row++) {
      ties[row] = ofValues.countTies(this.#tile, row * width, width, maxes[row]);
    }
  }

  /** Writes derivatives with respect to the predictions, where each tie has a share of the maximum. */
  writeDerivatives(
    rows: Rows,
    maxes: Float64Array,
    shares: Float64Array,
    derivatives: Computed,
  ): void {
    const ofValues = this.#ofValues;
    if (ofValues === undefined) {
      writeDerivatives(this.#tile, rows, maxes, shares, derivatives);
      return;
    }
    const { width } = rows;
    for (let row = 0, at = 0; row < rows.rows; row++, at += width) {
      const max = { value: maxes[row], share: shares[row] };
      ofValues.writeDerivatives(this.#tile, at, width, max, derivatives);
    }
  }
}
