// Evaluates plans in steps. Each step is a call of a backend, which runs at once, in slices or in
// the background.
import { type Call, type GradientOperand, rowMajorOperand } from "../backend/call.js";
import type { PlainBatch } from "../backend/interface.js";
import { newTotals, type Totals } from "../backend/totals.js";
import { newResults, type Results, roundTo, writeResults } from "../tensor/cast.js";
import { codes, type FloatDtype } from "../tensor/dtypes.js";
import type { TensorOf } from "../tensor/tensor.js";
import { type KnownOptions, outputOptions, weightOptions } from "./arguments.js";
import { callOf, checked, type Steps, stridesAt } from "./calls.js";
import { emptyDivisor, emptyLoss, isEmpty } from "./empty.js";
import { resultsFor, resultTensor } from "./out.js";
import { plainGradient, plainRows } from "./plain.js";
import type { Alignment, Plan } from "./plan.js";
import {
  divisorOfPlan,
  isUnreduced,
  needsWeights,
  quotient,
  type Reduction,
  termsOfRow,
} from "./reduction.js";

type Shape = readonly number[];
type Value = number | TensorOf<FloatDtype>;

/** A loss and its gradient. */
export interface ValueAndGradient<V, D extends FloatDtype = FloatDtype> {
  /** The loss, reduced, or the losses of the rows. */
  readonly value: V;
  /** Has the shape of the predictions. */
  readonly gradient: TensorOf<D>;
}

/** The array for results: passed by the user, or new. */
export interface Output {
  readonly given: unknown;
  readonly results: Results;
}

/** Creates memory for n results. */
const newOutput = ({ dtype }: Plan, n: number): Output => ({
  given: undefined,
  results: newResults(dtype, n),
});

/**
 * Returns the checked array that was passed for n results, or new memory; undefined if a call has
 * no such results.
 */
export function outputOf(plan: Plan, n: number | undefined, given: unknown): Output | undefined {
  if (n === undefined) return undefined;
  const { dtype, labels, predictions, sampleWeight, mask } = plan;
  const inputs = [labels, predictions, sampleWeight, mask];
  return { given, results: resultsFor(given, dtype, n, inputs) };
}

const tensorOf = ({ dtype, predictions }: Plan, { given, results }: Output, shape: Shape) =>
  resultTensor(dtype, results, shape, predictions, given);

/** NaN as results store it: bits for float16 and bfloat16. */
const quietNaN: Readonly<Record<FloatDtype, number>> = {
  float16: 0x7e00,
  bfloat16: 0x7fc0,
  float32: Number.NaN,
  float64: Number.NaN,
};

/** Computes the mean, or the sum, from the totals of a call. */
function meanOf(plan: Plan, reduction: Reduction, call: Call, totals: Totals): number {
  const terms = call.isFlat ? plan.width : 1;
  const divisor = divisorOfPlan(plan, reduction, totals) * terms;
  return roundTo(plan.dtype, quotient(totals.losses.value, divisor));
}

const resultOperand = ({ dtype }: Plan, { results }: Output) =>
  rowMajorOperand(results, codes[dtype]);

/**
 * Returns the operand that a gradient is written to: the results, or, if predictions are repeated,
 * doubles in which derivatives add up.
 */
function gradientOperand(plan: Plan, output: Output): GradientOperand {
  const strides = stridesAt(plan, -1);
  if (strides === undefined) return resultOperand(plan, output);
  const values = new Float64Array(output.results.length);
  return { values, code: codes.float64, strides, offset: 0 };
}

/** Clears an array that was passed: new memory contains zeros already. */
function clearCall(plan: Plan, output: Output): Call {
  const gradient = resultOperand(plan, output);
  return { ...callOf(plan, "clear"), gradient, rows: output.results.length, width: 1 };
}

/** Computes the loss, reduced. */
export function* valueSteps(plan: Plan, reduction: Reduction): Steps<Value> {
  if (isUnreduced(reduction)) return yield* rowSteps(plan, newOutput(plan, plan.rows));
  if (isEmpty(plan)) return emptyLoss(plan, yield* emptyDivisor(plan, reduction));
  const call = callOf(plan, "sum");
  return meanOf(plan, reduction, call, checked(plan, yield call));
}

/** Computes the weighted losses of the rows. */
export function* rowSteps(plan: Plan, output: Output): Steps<TensorOf<FloatDtype>> {
  if (plan.width === 0) output.results.fill(quietNaN[plan.dtype]);
  else if (plan.rows > 0)
    checked(plan, yield callOf(plan, "rows", { losses: resultOperand(plan, output) }));
  return tensorOf(plan, output, plan.lossShape);
}

/** The totals of weights where there are none to be summed. */
const noWeights = newTotals();

/** Computes the divisor of a loss before the losses, where weights have to be summed for it. */
function* divisorSteps(plan: Plan, reduction: Reduction): Steps<number> {
  if (isEmpty(plan)) return yield* emptyDivisor(plan, reduction);
  return divisorOfPlan(plan, reduction, checked(plan, yield callOf(plan, "weights")));
}

/**
 * Computes the loss, reduced, and its gradient: for `null` and `"none"`, the gradient of the sum.
 */
export function* gradientSteps(
  plan: Plan,
  reduction: Reduction,
  output: Output,
): Steps<ValueAndGradient<Value>> {
  const { shape } = plan.predictions;
  const divisor = needsWeights(plan, reduction)
    ? yield* divisorSteps(plan, reduction)
    : divisorOfPlan(plan, reduction, noWeights);
  if (isEmpty(plan) || divisor === 0) {
    if (output.given !== undefined) yield clearCall(plan, output);
    const value = yield* valueSteps(plan, reduction);
    return { value: divisor === 0 ? 0 : value, gradient: tensorOf(plan, output, shape) };
  }
  const losses = isUnreduced(reduction) ? newOutput(plan, plan.rows) : undefined;
  const gradient = gradientOperand(plan, output);
  const call = callOf(plan, "gradient", {
    divisor: divisor * termsOfRow(plan),
    losses: losses && resultOperand(plan, losses),
    gradient,
  });
  const totals = checked(plan, yield call);
  if (gradient.values !== output.results) {
    writeResults(codes[plan.dtype], gradient.values, gradient.values.length, output.results, 0);
  }
  const value =
    losses === undefined
      ? meanOf(plan, reduction, call, totals)
      : tensorOf(plan, losses, plan.lossShape);
  return { value, gradient: tensorOf(plan, output, shape) };
}

/** A computation on a plan: a value, the losses of rows, or a gradient. */
export interface Evaluation<Result> {
  /** The options that it accepts. */
  readonly options: KnownOptions;
  /** How weights align with losses; by default they broadcast. */
  readonly alignment?: Alignment;
  /** The number of results in `out`; absent if it has no `out`. */
  readonly resultSize?: (plan: Plan) => number;
  steps(plan: Plan, reduction: Reduction, output: Output | undefined): Steps<Result>;
  /** The fast path, which returns undefined for what it does not compute. */
  ofPlain?(batch: PlainBatch, reduction: Reduction): Result | undefined;
}

export const valueEvaluation: Evaluation<Value> = {
  options: weightOptions,
  steps: valueSteps,
  ofPlain: (batch, reduction) => (isUnreduced(reduction) ? plainRows(batch) : undefined),
};

export const rowEvaluation: Evaluation<TensorOf<FloatDtype>> = {
  options: outputOptions,
  resultSize: ({ rows }) => rows,
  steps: (plan, _, output) => rowSteps(plan, output as Output),
  ofPlain: plainRows,
};

export const gradientEvaluation: Evaluation<ValueAndGradient<Value>> = {
  options: weightOptions.with(["out"]),
  resultSize: ({ predictions }) => predictions.rows * predictions.width,
  steps: (plan, reduction, output) => gradientSteps(plan, reduction, output as Output),
  ofPlain: plainGradient,
};

/** Returns a reduction that has the same gradient, for which no losses are written. */
const summed = (reduction: Reduction) => (isUnreduced(reduction) ? "sum" : reduction);

/** Computes the gradient. Its value is the sum where losses are unreduced, and is to be ignored. */
export const gradientAlone: Evaluation<ValueAndGradient<Value>> = {
  ...gradientEvaluation,
  steps: (plan, reduction, output) => gradientSteps(plan, summed(reduction), output as Output),
  ofPlain: (batch, reduction) => plainGradient(batch, summed(reduction)),
};
