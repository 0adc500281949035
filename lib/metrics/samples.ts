import { ExactSum } from "../backend/exact-sum.js";
import { newTotals } from "../backend/totals.js";
import { callOf, checked, type Evaluation, isEmpty, type Steps } from "../evaluate/evaluation.js";
import type { Plan } from "../evaluate/plan.js";
import { sizeOf } from "../tensor/shapes.js";

/**
 * Sums over the samples of a batch: of their weighted losses, and of their weights or of 1 each.
 */
export interface SampleTotals {
  readonly total: ExactSum;
  readonly count: ExactSum;
}

/** Divides a sum by an integer. The result is exact if the divisor is 1. */
function divided(sum: ExactSum, divisor: number): ExactSum {
  if (divisor === 1) return sum;
  const quotient = new ExactSum();
  quotient.add(sum.value / divisor);
  return quotient;
}

const exactly = (value: number): ExactSum => {
  const sum = new ExactSum();
  sum.add(value);
  return sum;
};

/**
 * Computes the sums over samples: losses and weights are averaged over all axes of the losses
 * except the first.
 */
function* sampleSteps(plan: Plan): Steps<SampleTotals> {
  const { lossShape, rows, width, sampleWeight, mask } = plan;
  const columns = [sampleWeight, mask].filter((column) => column !== undefined);
  const isWeighted = columns.length > 0;
  // As in Keras, a scalar weight averages the batch to a single sample.
  const areScalars = isWeighted && columns.every(({ shape }) => shape.length === 0);
  const losses = sizeOf(lossShape.slice(areScalars ? 0 : 1));
  const terms = plan.spec.family === "elementwise" && !isWeighted ? width : 1;
  const samples = lossShape[0] ?? 1;
  let totals = newTotals();
  if (!isEmpty(plan)) totals = checked(plan, yield callOf(plan, "sum"));
  else if (isWeighted) totals = checked(plan, yield callOf(plan, "weights"));
  const total =
    width === 0 && rows > 0 ? exactly(Number.NaN) : divided(totals.losses, losses * terms);
  return { total, count: isWeighted ? divided(totals.weights, losses) : exactly(samples) };
}

/** The evaluation that updates metrics. */
export const sampleEvaluation: Evaluation<SampleTotals> = {
  options: ["sampleWeight", "mask"],
  alignment: "samples",
  steps: sampleSteps,
};
