import {
  type Background,
  gradientIn,
  rowLossesAsync,
  type Settled,
  type SettledGradient,
  type SettledOne,
  valueAndGradientAsync as valueAndGradientAsyncOf,
} from "./async.js";
import { described, wrongKind } from "./errors.js";
import { type Output, rowLosses } from "./evaluate.js";
import {
  type GradientOutput,
  type ValueAndGradient,
  valueAndGradient as valueAndGradientOf,
} from "./gradients.js";
import * as kernels from "./kernels.js";
import type { ResultDtype, TensorLike, TensorOf } from "./tensor.js";

/**
 * The hinge loss of each row: `mean(max(0, 1 - yTrue * yPred))` over the last axis.
 *
 * @param yTrue - labels -1 and 1, shape `[batch, d0, .. dN]`. If every label of the whole tensor is 0 or
 *   1, 0 stands for -1; one label that is neither, anywhere, and all are taken as they are.
 * @param yPred - predictions of that shape, or of one that broadcasts with it.
 * @param options - `out`, an array of the result's dtype with a value for each row to write to.
 * @returns losses, shape `[batch, d0, .. dN-1]`, of the dtype of `yPred` if that is float16, bfloat16,
 *   float32 or float64, and otherwise of the dtype that `floatx()` gives. Labels and predictions are cast
 *   to it first.
 * @throws TypeError if an argument is no tensor-like, or `out` of another kind; RangeError if the shapes do not
 *   broadcast, if both are `[]`, if data and shape disagree, or if `out` has another length or shares memory with
 *   an argument.
 * @example
 * ```ts
 * import { hinge, tensor } from "maxmargin";
 *
 * const yTrue = tensor(Int8Array.of(0, 1, 0, 0), [2, 2]);
 * const yPred = tensor(Float32Array.of(0.5, -0.5, 0.25, -1), [2, 2]);
 * hinge(yTrue, yPred).data; //=> Float32Array [1.5, 0.625]
 * ```
 * @see Keras, `keras.losses.hinge`
 */
export function hinge<P extends TensorLike>(
  yTrue: TensorLike,
  yPred: P,
  options?: Output<ResultDtype<P>>,
): TensorOf<ResultDtype<P>> {
  return rowLosses<ResultDtype<P>>(kernels.hinge, undefined, yTrue, yPred, false, options);
}

/**
 * The squared hinge loss of each row: `mean(max(0, 1 - yTrue * yPred) ** 2)` over the last axis.
 *
 * @param yTrue - labels, as for {@link hinge}.
 * @param yPred - predictions of that shape, or of one that broadcasts with it.
 * @param options - `out`, an array of the result's dtype with a value for each row to write to.
 * @returns losses, shape `[batch, d0, .. dN-1]`, of the dtype of `yPred` if that is float16, bfloat16,
 *   float32 or float64, and otherwise of the dtype that `floatx()` gives. Labels and predictions are cast
 *   to it first.
 * @throws as {@link hinge}.
 * @example
 * ```ts
 * import { squaredHinge, tensor } from "maxmargin";
 *
 * const yTrue = tensor(Int8Array.of(0, 1, 0, 0), [2, 2]);
 * const yPred = tensor(Float32Array.of(0.5, -0.5, 0.25, -1), [2, 2]);
 * squaredHinge(yTrue, yPred).data; //=> Float32Array [2.25, 0.78125]
 * ```
 * @see Keras, `keras.losses.squared_hinge`
 */
export function squaredHinge<P extends TensorLike>(
  yTrue: TensorLike,
  yPred: P,
  options?: Output<ResultDtype<P>>,
): TensorOf<ResultDtype<P>> {
  return rowLosses<ResultDtype<P>>(kernels.squaredHinge, undefined, yTrue, yPred, false, options);
}

/**
 * The categorical hinge loss of each row: `max(0, neg - pos + 1)` with
 * `neg = max((1 - yTrue) * yPred)` and `pos = sum(yTrue * yPred)` over the last axis.
 *
 * @param yTrue - one-hot labels, shape `[batch, d0, .. dN]`; labels are never converted.
 * @param yPred - predictions of that shape, or of one that broadcasts with it.
 * @param options - `out`, an array of the result's dtype with a value for each row to write to.
 * @returns losses, shape `[batch, d0, .. dN-1]`, of the dtype of `yPred` if that is float16, bfloat16,
 *   float32 or float64, and otherwise of the dtype that `floatx()` gives. Labels and predictions are cast
 *   to it first.
 * @throws as {@link hinge}, and RangeError if the last axis is empty.
 * @example
 * ```ts
 * import { categoricalHinge, tensor } from "maxmargin";
 *
 * const yTrue = tensor(Int8Array.of(0, 1, 0, 0, 0, 1), [2, 3]);
 * const yPred = tensor(Float32Array.of(0.5, 1, -0.5, 0.25, 0, 2), [2, 3]);
 * categoricalHinge(yTrue, yPred).data; //=> Float32Array [0.5, 0]
 * ```
 * @see Keras, `keras.losses.categorical_hinge`; Crammer and Singer, On the Algorithmic Implementation of
 *   Multiclass Kernel-based Vector Machines, 2001
 */
export function categoricalHinge<P extends TensorLike>(
  yTrue: TensorLike,
  yPred: P,
  options?: Output<ResultDtype<P>>,
): TensorOf<ResultDtype<P>> {
  return rowLosses<ResultDtype<P>>(
    kernels.categoricalHinge,
    undefined,
    yTrue,
    yPred,
    false,
    options,
  );
}

/** A loss of rows: {@link hinge}, {@link squaredHinge} or {@link categoricalHinge}. */
export type RowLoss = typeof hinge | typeof squaredHinge | typeof categoricalHinge;

const lossOf = new Map<unknown, number>([
  [hinge, kernels.hinge],
  [squaredHinge, kernels.squaredHinge],
  [categoricalHinge, kernels.categoricalHinge],
]);

function codeOf(loss: unknown): number {
  const code = lossOf.get(loss);
  if (code !== undefined) return code;
  throw wrongKind("loss", "hinge, squaredHinge or categoricalHinge", described(loss));
}

/**
 * The losses of the rows, and the derivative of their sum by each prediction, in one pass. Ties are decided as by the
 * method of {@link Loss} of the same name.
 *
 * @param loss - `hinge`, `squaredHinge` or `categoricalHinge`.
 * @param yTrue - labels, shape `[batch, d0, .. dN]`, as that function takes them.
 * @param yPred - predictions of that shape, or of one that broadcasts with it.
 * @param options - `out`, an array of the result's dtype with a value for each prediction to write the gradient to.
 * @returns `value`, what that function returns, and `gradient`, of the shape of `yPred` and the dtype of the value.
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
  options?: GradientOutput<ResultDtype<P>>,
): ValueAndGradient<TensorOf<ResultDtype<P>>, ResultDtype<P>> {
  return valueAndGradientOf<null, ResultDtype<P>>(
    codeOf(loss),
    undefined,
    null,
    yTrue,
    yPred,
    options,
    false,
    ["out"],
  );
}

/**
 * The derivative of the sum of the losses of the rows by each prediction: the `gradient` of {@link valueAndGradient}.
 *
 * @param loss - `hinge`, `squaredHinge` or `categoricalHinge`.
 * @param yTrue - labels, shape `[batch, d0, .. dN]`, as that function takes them.
 * @param yPred - predictions of that shape, or of one that broadcasts with it.
 * @param options - `out`, an array of the result's dtype with a value for each prediction to write to.
 * @returns the gradient, of the shape of `yPred`.
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
  options?: GradientOutput<ResultDtype<P>>,
): TensorOf<ResultDtype<P>> {
  return valueAndGradient(loss, yTrue, yPred, options).gradient;
}

/**
 * What a function of rows gives, without keeping the event loop from other work: see `applyAsync` of {@link Loss}.
 *
 * @param loss - `hinge`, `squaredHinge` or `categoricalHinge`.
 * @param yTrue - labels, shape `[batch, d0, .. dN]`, as that function takes them.
 * @param yPred - predictions of that shape, or of one that broadcasts with it.
 * @param options - `out` as for that function; `signal`, an `AbortSignal`; `transfer`, whether the buffers move into the
 *   call.
 * @returns a promise of losses, shape `[batch, d0, .. dN-1]`; with `transfer` of `{ value, yTrue, yPred }`.
 * @throws nothing itself. The promise is rejected with TypeError if `loss` is none of these, with what that function throws,
 *   and as that of `applyAsync`.
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
  options?: Output<ResultDtype<P>> & Background<T>,
): Promise<Settled<TensorOf<ResultDtype<P>>, T>> {
  return rowLossesAsync<ResultDtype<P>, T>(codeOf(loss), undefined, yTrue, yPred, false, options);
}

/**
 * What {@link valueAndGradient} gives, without keeping the event loop from other work.
 *
 * @param loss - `hinge`, `squaredHinge` or `categoricalHinge`.
 * @param yTrue - labels, shape `[batch, d0, .. dN]`, as that function takes them.
 * @param yPred - predictions of that shape, or of one that broadcasts with it.
 * @param options - `out` as for {@link valueAndGradient}; `signal` and `transfer` as for {@link callAsync}.
 * @returns a promise of `{ value, gradient }`; with `transfer` `yTrue` and `yPred` are in it too.
 * @throws nothing itself. The promise is rejected with what {@link valueAndGradient} throws, and as that of `applyAsync`.
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
  options?: GradientOutput<ResultDtype<P>> & Background<T>,
): Promise<SettledGradient<ValueAndGradient<TensorOf<ResultDtype<P>>, ResultDtype<P>>, T>> {
  return valueAndGradientAsyncOf<null, ResultDtype<P>, T>(
    codeOf(loss),
    undefined,
    null,
    yTrue,
    yPred,
    options,
    false,
    ["out"],
  );
}

/**
 * What {@link gradient} gives, without keeping the event loop from other work.
 *
 * @param loss - `hinge`, `squaredHinge` or `categoricalHinge`.
 * @param yTrue - labels, shape `[batch, d0, .. dN]`, as that function takes them.
 * @param yPred - predictions of that shape, or of one that broadcasts with it.
 * @param options - as for {@link valueAndGradientAsync}.
 * @returns a promise of the gradient; with `transfer` of `{ gradient, yTrue, yPred }`.
 * @throws nothing itself. The promise is rejected as that of {@link valueAndGradientAsync}.
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
  options?: GradientOutput<ResultDtype<P>> & Background<T>,
): Promise<SettledOne<TensorOf<ResultDtype<P>>, T>> {
  return gradientIn(await valueAndGradientAsync(loss, yTrue, yPred, options));
}
