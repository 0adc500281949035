import type { Totals } from "../backend/totals.js";
import { described, oneOf, wrongKind, wrongValue } from "../errors.js";
import { weighsRows } from "../losses/spec.js";
import type { Plan } from "./plan.js";

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
export const needsWeights = ({ sampleWeight, mask, formula }: Plan, reduction: Reduction) =>
  (sampleWeight !== undefined || mask !== undefined || weighsRows(formula)) &&
  reduction !== "sum" &&
  !isUnreduced(reduction);

/** Returns the divisor of the sum of the weighted losses. */
export function divisorOf(plan: Plan, reduction: Reduction, totals: Totals): number {
  const { sampleWeight, mask, formula, lossShape, rows } = plan;
  // A scalar loss is not averaged.
  if (reduction === "sum" || isUnreduced(reduction) || lossShape.length === 0) return 1;
  const isMasked = mask !== undefined || formula.ignoreClass !== undefined;
  if (sampleWeight === undefined && !isMasked && formula.classWeight === undefined) return rows;
  if (reduction === "mean_with_sample_weight") return totals.weights.value / plan.weightRepeats;
  const kept = totals.kept.value;
  // If nothing is kept, the sum is 0, or NaN, which no mask hides.
  return isMasked && kept > 0 ? kept : rows;
}

/** Divides; returns 0 for a divisor of 0. */
export const quotient = (sum: number, divisor: number) => (divisor === 0 ? 0 : sum / divisor);

/** Returns the number of terms whose mean is the loss of a row. */
export const termsOfRow = ({ formula, width }: Plan) =>
  formula.spec.family === "classMax" ? 1 : width;
