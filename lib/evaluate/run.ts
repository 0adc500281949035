import { backendFor } from "../backend/backend.js";
import { chunkSize } from "../backend/call.js";
import type { PlainBatch } from "../backend/interface.js";
import { newTotals } from "../backend/totals.js";
import type { Formula } from "../losses/spec.js";
import { roundTo } from "../tensor/cast.js";
import { codes, type FloatDtype } from "../tensor/dtypes.js";
import type { TensorOf } from "../tensor/tensor.js";
import { toPredictions, toTensor } from "../tensor/tensor-like.js";
import { isPlain } from "./alignment.js";
import {
  type Arguments,
  type CallOptions,
  ownDtype,
  readArguments,
  type WeightOptions,
  withoutOptions,
} from "./arguments.js";
import type { Steps } from "./calls.js";
import { type Evaluation, type Output, outputOf, valueEvaluation } from "./evaluation.js";
import { holdsMargin, plainDivisor, plainSum, termsOfSum } from "./plain.js";
import { type Inputs, type Plan, plan } from "./plan.js";
import { isUnreduced, type Reduction } from "./reduction.js";

/** The settings of a loss or of a function of rows, for all batches. */
export interface Settings<R extends Reduction = Reduction, D extends FloatDtype = FloatDtype> {
  readonly formula: Formula;
  readonly reduction: R;
  /**
   * The dtype that labels, predictions and weights are cast to; undefined for the dtype of the
   * predictions.
   */
  readonly dtype: D | undefined;
  /** The code of the dtype. */
  readonly code: number | undefined;
  /** Whether a trailing axis of size 1 may be added or dropped, as in Keras's classes. */
  readonly fixRanks: boolean;
  /** Options of each call besides those of the evaluation. */
  readonly options: readonly string[];
}

/** A number for every reduction but `null` and `"none"`, which return a tensor. */
export type LossValue<R extends Reduction, D extends FloatDtype = FloatDtype> = R extends
  | null
  | "none"
  ? TensorOf<D>
  : number;

/** A call that has been checked and planned. */
export interface Request {
  readonly plan: Plan;
  readonly output: Output | undefined;
}

/** Checks and plans arguments. No user code may run between this and the evaluation. */
export function planRequest(
  evaluation: Evaluation<unknown>,
  settings: Settings,
  { inputs, out }: Arguments,
): Request {
  const dtype = settings.dtype ?? ownDtype(inputs.predictions);
  const planned = plan(inputs, settings, dtype, evaluation.alignment);
  return { plan: planned, output: outputOf(planned, evaluation.resultSize?.(planned), out) };
}

/** Returns the options of a call. */
export const knownOptions = (evaluation: Evaluation<unknown>, { options }: Settings) =>
  evaluation.options.with(options);

/** Evaluates a call at once. */
export function evaluateNow<Result>(
  evaluation: Evaluation<Result>,
  settings: Settings,
  yTrue: unknown,
  yPred: unknown,
  options: CallOptions | undefined,
): Result {
  const known = knownOptions(evaluation, settings);
  return finishNow(evaluation, settings, readArguments(yTrue, yPred, options, known));
}

/** Evaluates arguments that have been read. */
export function finishNow<Result>(
  evaluation: Evaluation<Result>,
  settings: Settings,
  given: Arguments,
): Result {
  const batch = evaluation.ofPlain && plainBatch(settings, given);
  const result = batch && evaluation.ofPlain?.(batch, settings.reduction);
  if (result !== undefined) return result;
  const { plan, output } = planRequest(evaluation, settings, given);
  return runNow(evaluation.steps(plan, settings.reduction, output));
}

/** Returns arguments as a plain batch, if they are one. */
function plainBatch(settings: Settings, { inputs, out }: Arguments): PlainBatch | undefined {
  const { labels, predictions, sampleWeight, mask } = inputs;
  const { formula, dtype = ownDtype(predictions) } = settings;
  const isOne =
    sampleWeight === undefined &&
    mask === undefined &&
    isPlain(formula, labels, predictions) &&
    holdsMargin(dtype, formula);
  return isOne ? { formula, dtype, labels, predictions, out } : undefined;
}

function runNow<Result>(steps: Steps<Result>): Result {
  let step = steps.next();
  while (!step.done) {
    const call = step.value;
    const totals = newTotals();
    const backend = backendFor(call.rows * call.width);
    totals.wasBinary = backend.evaluate(call, { first: 0, end: call.rows }, totals);
    step = steps.next(totals);
  }
  return step.value;
}

/**
 * Computes the loss of a batch, reduced. An unweighted batch that needs no broadcasting takes a
 * fast path. The margin of the settings is a value of their dtype.
 */
export function value<R extends Reduction, D extends FloatDtype>(
  settings: Settings<R, D> & { readonly dtype: D; readonly code: number },
  yTrue: unknown,
  yPred: unknown,
  options: WeightOptions | undefined,
): LossValue<R, D> {
  const { formula, dtype, code, reduction } = settings;
  if (options !== undefined || isUnreduced(reduction)) {
    return evaluateNow(valueEvaluation, settings, yTrue, yPred, options) as LossValue<R, D>;
  }
  const labels = toTensor(yTrue, "yTrue");
  const predictions = toPredictions(yPred);
  const isFast = isPlain(formula, labels, predictions);
  const total = isFast ? plainSum(formula, code, labels, predictions) : undefined;
  if (total === undefined) {
    const given = withoutOptions(labels, predictions);
    return finishNow(valueEvaluation, settings, given) as LossValue<R, D>;
  }
  return roundTo(dtype, total / plainDivisor(formula, predictions, reduction)) as LossValue<R, D>;
}

/**
 * Sums the losses of a batch of at most a chunk of values whose losses have one axis; returns
 * undefined for all others. A chunk has a single total, so this double is the exact sum.
 */
export function smallSum(
  { formula }: Settings,
  { labels, predictions }: Inputs,
): { readonly mean: number; readonly rows: number } | undefined {
  const { rows, width, shape } = predictions;
  const isSmall = rows * width <= chunkSize && shape.length === 2;
  if (!isSmall || !isPlain(formula, labels, predictions)) return undefined;
  const dtype = ownDtype(predictions);
  if (!holdsMargin(dtype, formula)) return undefined;
  const sum = plainSum(formula, codes[dtype], labels, predictions);
  return sum === undefined ? undefined : { mean: sum / termsOfSum(formula, width), rows };
}
