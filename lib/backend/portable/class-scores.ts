// Rows of classMax losses whose labels are class ids: the twin of native/kernels/class_scores.inl.h.
import type { ClassMaxSpec } from "../../losses/spec.js";
import type { ClassTile } from "./class-tiles.js";

/** The sum and the maximum of a row. */
export interface Scores {
  sum: number;
  max: number;
}

/** One row of a tile, or a part of one. */
export interface RowPart {
  /** The index of its first value in the tile. */
  readonly at: number;
  readonly n: number;
  /** The row's class, relative to the first value. */
  readonly id: number;
  /** The index of its first value in the batch. */
  readonly start: number;
}

/**
 * Adds the prediction for a row's class to the sum, and raises the maximum to the other predictions.
 *
 * Where one-hot labels would be factors, the row's own class counts as 0 in the maximum, and an
 * infinite prediction gives NaN, as 0 times infinity does.
 */
export function addScores(spec: ClassMaxSpec, tile: ClassTile, part: RowPart, to: Scores): void {
  const { predictions: p } = tile;
  const k = tile.predictionsAt + part.at;
  const { n, id } = part;
  const haveFactors = spec.ofValues !== undefined;
  let hasNaN = false;
  let { max } = to;
  for (let i = 0; i < n; i++) {
    const score = p[k + i];
    hasNaN ||= haveFactors ? score - score !== 0 : Number.isNaN(score);
    if (i !== id && score > max) max = score;
  }
  const hasClass = id >= 0 && id < n;
  to.max = haveFactors && hasClass && max < 0 ? 0 : max;
  if (hasNaN) to.sum = Number.NaN;
  else if (hasClass) to.sum += p[k + id];
}

/** Counts the values of a row that are its maximum. */
export function countTies(spec: ClassMaxSpec, tile: ClassTile, part: RowPart, max: number): number {
  const { predictions: p } = tile;
  const k = tile.predictionsAt + part.at;
  const { n, id } = part;
  let ties = spec.ofValues !== undefined && max === 0 && id >= 0 && id < n ? 1 : 0;
  for (let i = 0; i < n; i++) if (i !== id && p[k + i] === max) ties++;
  return ties;
}

/** Writes derivatives with respect to the predictions, where each tie has `share` of the maximum. */
export function writeDerivatives(
  tile: ClassTile,
  part: RowPart,
  { value, share }: { readonly value: number; readonly share: number },
  derivatives: Float64Array,
): void {
  const { predictions: p } = tile;
  const k = tile.predictionsAt + part.at;
  const { n, id } = part;
  for (let i = 0; i < n; i++) derivatives[i] = p[k + i] === value ? share : 0;
  if (id >= 0 && id < n) derivatives[id] = -1;
}
