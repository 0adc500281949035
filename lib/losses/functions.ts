import { described, wrongKind } from "../errors.js";
import { type AsyncOptions, type OutputOptions, outputOptions } from "../evaluate/arguments.js";
import {
  type Evaluation,
  gradientAlone,
  gradientEvaluation,
  rowEvaluation,
  type ValueAndGradient,
} from "../evaluate/evaluation.js";
import type { FormulaOptions } from "../evaluate/formula.js";
import { evaluateNow, type Settings } from "../evaluate/run.js";
import {
  type AsyncGradient,
  type AsyncResult,
  type AsyncValueAndGradient,
  asyncGradient,
  asyncResult,
  asyncValueAndGradient,
  evaluateAsync,
} from "../evaluate/run-async.js";
import type { TensorOf } from "../tensor/tensor.js";
import type { ResultDtype, TensorLike } from "../tensor/tensor-like.js";
import { type FunctionOptions, functionSettings, settingsFor } from "./definition.js";
import { definitions } from "./list.js";

/** A function that returns the loss of each row, such as `hinge`. */
export type RowLoss = <P extends TensorLike>(
  yTrue: TensorLike,
  yPred: P,
  options?: OutputOptions<ResultDtype<P>>,
) => TensorOf<ResultDtype<P>>;

/** Options of the formulas of all functions, and the output. */
type Options<P> = FunctionOptions<ResultDtype<P>> & FormulaOptions;

const settingsByFunction = new Map<unknown, Settings<null>>(
  definitions.map(({ function: of, spec }) => [of, functionSettings(spec)]),
);

function settingsOf(
  loss: unknown,
  options: (FunctionOptions & FormulaOptions) | undefined,
): Settings<null> {
  const settings = settingsByFunction.get(loss);
  if (settings !== undefined) return settingsFor(settings, options);
  const names = definitions.map((definition) => definition.function.name);
  throw wrongKind("loss", `a function of rows (${names.join(", ")})`, described(loss));
}

/** Functions accept no weights, because their losses are not reduced. */
const ofRows = (
  evaluation: Evaluation<ValueAndGradient<unknown>>,
): Evaluation<ValueAndGradient<unknown>> => ({ ...evaluation, options: outputOptions });
const gradientOfRows = ofRows(gradientEvaluation);
const gradientOfSum = ofRows(gradientAlone);

/**
 * Computes the losses of the rows, and the gradient of their sum with respect to the predictions,
 * in one pass. Ties are resolved as by the method with the same name.
 *
 * @param loss - a function that returns the loss of each row, such as `hinge`.
 * @param yTrue - labels, shape `[batch, d0, .. dN]`, as that function accepts them.
 * @param yPred - predictions of the same shape, or of one that broadcasts with it.
 * @param options - those of that function; `out`, an array of the result's dtype with a value for
 *   each prediction, to write the gradient to.
 * @returns `value`, the result of that function, and `gradient`, with the shape of `yPred` and the
 *   dtype of the value.
 * @throws TypeError if `loss` is none of these; TypeError or RangeError as that function.
 * @example
 * ```ts
 * import { hinge, valueAndGradient } from "maxmargin";
 *
 * const { value, gradient } = valueAndGradient(hinge, [[-1, 1]], [[-2, 0.5]]);
 * value.data; //=> Float32Array [0.25]
 * gradient.data; //=> Float32Array [0, -0.5]
 * ```
 */
export function valueAndGradient<P extends TensorLike>(
  loss: RowLoss,
  yTrue: TensorLike,
  yPred: P,
  options?: Options<P>,
): ValueAndGradient<TensorOf<ResultDtype<P>>, ResultDtype<P>> {
  const evaluated = evaluateNow(gradientOfRows, settingsOf(loss, options), yTrue, yPred, options);
  return evaluated as ValueAndGradient<TensorOf<ResultDtype<P>>, ResultDtype<P>>;
}

/**
 * Computes the gradient of the sum of the losses of the rows with respect to the predictions:
 * `gradient` of {@link valueAndGradient}.
 *
 * @param loss - a function that returns the loss of each row, such as `hinge`.
 * @param yTrue - labels, shape `[batch, d0, .. dN]`, as that function accepts them.
 * @param yPred - predictions of the same shape, or of one that broadcasts with it.
 * @param options - those of that function; `out`, an array of the result's dtype with a value for
 *   each prediction, to write to.
 * @returns the gradient, with the shape of `yPred`.
 * @throws as {@link valueAndGradient}.
 * @example
 * ```ts
 * import { gradient, squaredHinge } from "maxmargin";
 *
 * gradient(squaredHinge, [[-1, 1]], [[-2, 0.5]]).data; //=> Float32Array [0, -0.5]
 * ```
 */
export function gradient<P extends TensorLike>(
  loss: RowLoss,
  yTrue: TensorLike,
  yPred: P,
  options?: Options<P>,
): TensorOf<ResultDtype<P>> {
  const evaluated = evaluateNow(gradientOfSum, settingsOf(loss, options), yTrue, yPred, options);
  return evaluated.gradient as TensorOf<ResultDtype<P>>;
}

/**
 * Computes a function of rows without blocking the event loop: see `valueAsync` of {@link Loss}.
 *
 * @param loss - a function that returns the loss of each row, such as `hinge`.
 * @param yTrue - labels, shape `[batch, d0, .. dN]`, as that function accepts them.
 * @param yPred - predictions of the same shape, or of one that broadcasts with it.
 * @param options - those of that function; `signal`, an `AbortSignal`; `transfer`, whether the
 *   buffers move into the call.
 * @returns a promise of losses, shape `[batch, d0, .. dN-1]`; with `transfer`, of
 *   `{ value, yTrue, yPred }`.
 * @throws Never; the promise rejects with TypeError if `loss` is none of these, and with the errors
 *   of that function and of `valueAsync`.
 * @example
 * ```ts
 * import { callAsync, hinge } from "maxmargin";
 *
 * (await callAsync(hinge, [[-1, 1]], [[-2, 0.5]])).data; //=> Float32Array [0.25]
 * ```
 */
export async function callAsync<P extends TensorLike, T extends boolean = false>(
  loss: RowLoss,
  yTrue: TensorLike,
  yPred: P,
  options?: Options<P> & AsyncOptions<T>,
): Promise<AsyncResult<TensorOf<ResultDtype<P>>, T>> {
  const evaluated = await evaluateAsync(
    rowEvaluation,
    settingsOf(loss, options),
    yTrue,
    yPred,
    options,
  );
  return asyncResult(evaluated) as unknown as AsyncResult<TensorOf<ResultDtype<P>>, T>;
}

/**
 * Computes {@link valueAndGradient} without blocking the event loop.
 *
 * @param loss - a function that returns the loss of each row, such as `hinge`.
 * @param yTrue - labels, shape `[batch, d0, .. dN]`, as that function accepts them.
 * @param yPred - predictions of the same shape, or of one that broadcasts with it.
 * @param options - as for {@link valueAndGradient}; `signal` and `transfer` as for
 *   {@link callAsync}.
 * @returns a promise of `{ value, gradient }`; with `transfer`, also with `yTrue` and `yPred`.
 * @throws Never; the promise rejects with the errors of {@link valueAndGradient} and of
 *   `valueAsync`.
 * @example
 * ```ts
 * import { hinge, valueAndGradientAsync } from "maxmargin";
 *
 * const { gradient } = await valueAndGradientAsync(hinge, [[-1, 1]], [[-2, 0.5]]);
 * gradient.data; //=> Float32Array [0, -0.5]
 * ```
 */
export async function valueAndGradientAsync<P extends TensorLike, T extends boolean = false>(
  loss: RowLoss,
  yTrue: TensorLike,
  yPred: P,
  options?: Options<P> & AsyncOptions<T>,
): Promise<AsyncValueAndGradient<ValueAndGradient<TensorOf<ResultDtype<P>>, ResultDtype<P>>, T>> {
  const evaluated = await evaluateAsync(
    gradientOfRows,
    settingsOf(loss, options),
    yTrue,
    yPred,
    options,
  );
  return asyncValueAndGradient(evaluated) as unknown as AsyncValueAndGradient<
    ValueAndGradient<TensorOf<ResultDtype<P>>, ResultDtype<P>>,
    T
  >;
}

/**
 * Computes {@link gradient} without blocking the event loop.
 *
 * @param loss - a function that returns the loss of each row, such as `hinge`.
 * @param yTrue - labels, shape `[batch, d0, .. dN]`, as that function accepts them.
 * @param yPred - predictions of the same shape, or of one that broadcasts with it.
 * @param options - as for {@link valueAndGradientAsync}.
 * @returns a promise of the gradient; with `transfer`, of `{ gradient, yTrue, yPred }`.
 * @throws Never; the promise rejects with the errors of {@link valueAndGradientAsync}.
 * @example
 * ```ts
 * import { gradientAsync, squaredHinge } from "maxmargin";
 *
 * (await gradientAsync(squaredHinge, [[-1, 1]], [[-2, 0.5]])).data; //=> Float32Array [0, -0.5]
 * ```
 */
export async function gradientAsync<P extends TensorLike, T extends boolean = false>(
  loss: RowLoss,
  yTrue: TensorLike,
  yPred: P,
  options?: Options<P> & AsyncOptions<T>,
): Promise<AsyncGradient<TensorOf<ResultDtype<P>>, T>> {
  const evaluated = await evaluateAsync(
    gradientOfSum,
    settingsOf(loss, options),
    yTrue,
    yPred,
    options,
  );
  return asyncGradient(evaluated) as unknown as AsyncGradient<TensorOf<ResultDtype<P>>, T>;
}
