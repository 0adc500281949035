import { ExactSum } from "../backend/exact-sum.js";
import { weightOptions } from "../evaluate/arguments.js";
import { callOf, checked, type Steps } from "../evaluate/calls.js";
import { distinctWeights, isEmpty } from "../evaluate/empty.js";
import type { Evaluation } from "../evaluate/evaluation.js";
import { fitColumns, isWeighted, type Plan } from "../evaluate/plan.js";
import { weighsRows } from "../losses/spec.js";
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
  const { lossShape, width, sampleWeight, mask } = plan;
  const columns = [sampleWeight, mask].filter((column) => column !== undefined);
  const areWeighted = isWeighted(plan);
  // As in Keras, a scalar weight averages the batch to a single sample.
  const areScalars =
    columns.length > 0 &&
    !weighsRows(plan.formula) &&
    columns.every(({ shape }) => shape.length === 0);
  const losses = sizeOf(lossShape.slice(areScalars ? 0 : 1));
  const terms = plan.formula.spec.family === "elementwise" && !areWeighted ? width : 1;
  const samples = lossShape[0] ?? 1;
  if (isEmpty(plan)) return yield* emptySteps(plan, areScalars ? 1 : samples);
  const totals = checked(plan, yield callOf(plan, "sum"));
  const total = divided(totals.losses, losses * terms);
  return { total, count: areWeighted ? divided(totals.weights, losses) : exactly(samples) };
}

/** Computes the same for a batch without values, whose losses have no mean. */
function* emptySteps(plan: Plan, samples: number): Steps<SampleTotals> {
  const total = exactly(samples === 0 ? 0 : Number.NaN);
  const [column] = fitColumns(plan);
  if (column === undefined || samples === 0) return { total, count: exactly(samples) };
  const each = sizeOf(column.shape.slice(1));
  if (each === 0) return { total, count: total };
  const { weights } = yield* distinctWeights(plan);
  const repeats = column.shape[0] === samples ? 1 : samples;
  return { total, count: exactly((weights.value * repeats) / each) };
}

/** The evaluation that updates metrics. */
export const sampleEvaluation: Evaluation<SampleTotals> = {
  options: weightOptions,
  alignment: "samples",
  steps: sampleSteps,
};
