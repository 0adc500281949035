// Rows of classMax losses whose labels are class ids: the twin of native/kernels/class_scores.inl.h.
import type { ClassMaxSpec, Tile } from "../../losses/spec.js";
import type { Computed } from "../../tensor/cast.js";
import type { RowClasses } from "./products.js";

/** Whole rows of a tile from its first value on, or a part of one row. */
export interface Rows {
  readonly rows: number;
  readonly width: number;
}

/** The sum and the maximum of each row. */
export interface RowScores {
  readonly sums: Float64Array;
  readonly maxes: Float64Array;
}

type ClassTile = Tile & RowClasses;

/** Whether one-hot labels would be factors: then the row's own class counts as 0 in the maximum. */
const hasFactors = ({ ofValues }: ClassMaxSpec) => ofValues !== undefined;

/**
 * Writes the prediction for each row's class as the sum, and the maximum of the other predictions.
 *
 * Where one-hot labels would be factors, an infinite prediction gives NaN, as 0 times infinity does.
 */
export function writeScores(
  spec: ClassMaxSpec,
  tile: ClassTile,
  { rows, width }: Rows,
  to: RowScores,
): void {
  const { predictions: p, predictionsAt, ids, column } = tile;
  const { sums, maxes } = to;
  const haveFactors = hasFactors(spec);
  for (let row = 0, k = predictionsAt; row < rows; row++, k += width) {
    const own = (ids[row] as number) - column;
    let max = -Infinity;
    let total = 0;
    for (let i = 0; i < width; i++) {
      const score = p[k + i];
      total += score;
      if (score > max && i !== own) max = score;
    }
    const hasClass = own >= 0 && own < width;
    let sum = hasClass ? p[k + own] : 0;
    // A total is not finite if a score is not, or if scores are as large as doubles get.
    if (total - total !== 0 && hasNaN(p, k, width, haveFactors)) sum = Number.NaN;
    sums[row] = sum;
    maxes[row] = haveFactors && hasClass && max < 0 ? 0 : max;
  }
}

/** Whether a score is NaN, or infinite where infinities give NaN. */
function hasNaN(p: Computed, at: number, n: number, ofInfinity: boolean): boolean {
  for (let i = at; i < at + n; i++) {
    if (ofInfinity ? p[i] - p[i] !== 0 : Number.isNaN(p[i])) return true;
  }
  return false;
}

/** Counts the values of each row that are its maximum. */
export function countTies(
  spec: ClassMaxSpec,
  tile: ClassTile,
  { rows, width }: Rows,
  maxes: Float64Array,
  ties: Float64Array,
): void {
  const { predictions: p, predictionsAt, ids, column } = tile;
  const haveFactors = hasFactors(spec);
  for (let row = 0, k = predictionsAt; row < rows; row++, k += width) {
    const own = (ids[row] as number) - column;
    const max = maxes[row];
    const hasClass = own >= 0 && own < width;
    let count = 0;
    for (let i = 0; i < width; i++) if (p[k + i] === max) count++;
    if (hasClass && p[k + own] === max) count--;
    ties[row] = haveFactors && hasClass && max === 0 ? count + 1 : count;
  }
}

/** Writes derivatives with respect to the predictions, where each tie has a share of the maximum. */
export function writeDerivatives(
  tile: ClassTile,
  { rows, width }: Rows,
  maxes: Float64Array,
  shares: Float64Array,
  derivatives: Computed,
): void {
  const { predictions: p, predictionsAt, ids, column } = tile;
  for (let row = 0, at = 0; row < rows; row++, at += width) {
    const k = predictionsAt + at;
    const max = maxes[row];
    const share = shares[row];
    for (let i = 0; i < width; i++) derivatives[at + i] = p[k + i] === max ? share : 0;
    const own = (ids[row] as number) - column;
    if (own >= 0 && own < width) derivatives[at + own] = -1;
  }
}
