import type { Totals } from "../backend/totals.js";
import { described, oneOf, wrongKind, wrongValue } from "../errors.js";
import { isMasked, isWeighted, type Plan } from "./plan.js";

const reductions = [
  "sum",
  "sum_over_batch_size",
  "mean",
  "mean_with_sample_weight",
  "none",
  null,
] as const;

/** How the losses of the rows become one number; `null` and `"none"` return them unreduced. */
export type Reduction = (typeof reductions)[number];

/** Throws unless the value is a reduction. */
export function checkReduction(reduction: unknown): asserts reduction is Reduction {
  if (reductions.includes(reduction as Reduction)) return;
  const wrong = typeof reduction === "string" ? wrongValue : wrongKind;
  throw wrong("reduction", oneOf(reductions), described(reduction));
}

/** Whether a reduction returns the losses of the rows. */
export const isUnreduced = (reduction: Reduction) => reduction === null || reduction === "none";

/** Whether the divisor depends on weights or a mask, which have to be summed first. */
export const needsWeights = (plan: Plan, reduction: Reduction) =>
  isWeighted(plan) && reduction !== "sum" && !isUnreduced(reduction);

/** The rows whose losses are summed, as far as the divisor depends on them. */
export interface SummedRows {
  readonly rows: number;
  /** Whether rows have weights or can be left out. */
  readonly isWeighted: boolean;
  /** Whether rows can be left out. */
  readonly isMasked: boolean;
  /** The number of times that each weight is repeated. */
  readonly weightRepeats: number;
}

/** Returns the divisor of the sum of the weighted losses. */
export function divisorOf(
  { rows, isWeighted, isMasked, weightRepeats }: SummedRows,
  reduction: Reduction,
  { weights, kept }: Pick<Totals, "weights" | "kept">,
): number {
  if (reduction === "sum" || isUnreduced(reduction)) return 1;
  if (!isWeighted) return rows;
  if (reduction === "mean_with_sample_weight") return weights.value / weightRepeats;
  // If nothing is kept, the sum is 0, or NaN, which no mask hides.
  return isMasked && kept.value > 0 ? kept.value : rows;
}

/** Returns the divisor of the sum of the weighted losses of a plan. */
export function divisorOfPlan(plan: Plan, reduction: Reduction, totals: Totals): number {
  const { rows, weightRepeats, lossShape } = plan;
  // A scalar loss is not averaged.
  if (lossShape.length === 0) return 1;
  const summed = { rows, isWeighted: isWeighted(plan), isMasked: isMasked(plan), weightRepeats };
  return divisorOf(summed, reduction, totals);
}

/** Divides; returns 0 for a divisor of 0. */
export const quotient = (sum: number, divisor: number) => (divisor === 0 ? 0 : sum / divisor);

/** Returns the number of terms whose mean is the loss of a row. */
export const termsOfRow = ({ formula, width }: Pick<Plan, "formula" | "width">) =>
  formula.spec.family === "classMax" ? 1 : width;
