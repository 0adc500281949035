// Losses of one class per row straight from their formulas, in double, one row at a time.
import type { ClassLossName } from "./losses.js";

export interface ClassRow {
  readonly loss: ClassLossName;
  readonly scores: ArrayLike<number>;
  readonly id: number;
  readonly margin: number;
  readonly power: 1 | 2;
}

const isNaNAmong = (values: ArrayLike<number>) => Array.from(values).some(Number.isNaN);

/** What a term is of the margin that is missing. */
const termOf = (missing: number, power: 1 | 2) => Math.max(0, missing) ** power;
/** The derivative of the term; at the kink that of the side with a loss. */
const slopeOf = (missing: number, power: 1 | 2) => {
  if (Number.isNaN(missing)) return missing;
  return power === 2 ? 2 * Math.max(0, missing) : Number(missing >= 0);
};

const othersOf = ({ scores, id }: ClassRow) => Array.from(scores).filter((_, j) => j !== id);

/** max(0, margin - x_y + max of the others) ** power, or the mean of a term for each other class. */
export function lossOfClassRow(row: ClassRow): number {
  const { loss, scores, id, margin, power } = row;
  if (isNaNAmong(scores)) return Number.NaN;
  const own = scores[id] as number;
  const others = othersOf(row);
  if (loss === "crammer_singer") {
    return termOf(Math.max(...others) - own + margin, power);
  }
  const terms = others.map((other) => termOf(margin - (own - other), power));
  return terms.reduce((sum, term) => sum + term, 0) / scores.length;
}

/** The derivatives of the loss of a row with respect to its scores. */
export function slopesOfClassRow(row: ClassRow): number[] {
  const { loss, scores, id, margin, power } = row;
  const own = scores[id] as number;
  const all = Array.from(scores);
  if (loss === "crammer_singer") {
    const max = Math.max(...othersOf(row));
    const slope = isNaNAmong(scores) ? Number.NaN : slopeOf(max - own + margin, power);
    const ties = othersOf(row).filter((other) => other === max).length;
    return all.map((score, j) => {
      if (Number.isNaN(slope)) return slope;
      return j === id ? 0 - slope : score === max ? slope / ties : 0;
    });
  }
  if (Number.isNaN(own)) return all.map(() => own);
  const slopes = all.map((score, j) =>
    j === id ? 0 : slopeOf(margin - (own - score), power) / scores.length,
  );
  slopes[id] = 0 - slopes.reduce((sum, slope) => sum + slope, 0);
  return slopes;
}
