// biome-ignore-all lint/complexity/noThisInStatic: fromConfig is inherited by classes that users derive.
import {
  type Background,
  gradientIn,
  reducedLossAsync,
  rowLossesAsync,
  type Settled,
  type SettledGradient,
  type SettledOne,
  valueAndGradientAsync,
} from "./async.js";
import { type ComputeDtype, computeDtype, type DtypePolicy } from "./config.js";
import { codes, type FloatDtype } from "./dtypes.js";
import { type LossValue, type Output, reducedLoss, rowLosses, type Weighting } from "./evaluate.js";
import { type GradientOptions, type ValueAndGradient, valueAndGradient } from "./gradients.js";
import * as kernels from "./kernels.js";
import { nameOf } from "./names.js";
import { checkOptions } from "./options.js";
import { type InspectArguments, inspectCustom, shown } from "./shown.js";
import type { TensorLike, TensorOf } from "./tensor.js";
import { checkReduction, type Reduction } from "./validate.js";

/** What a loss is made with. */
export interface LossOptions<R extends Reduction = Reduction, P extends DtypePolicy = DtypePolicy> {
  /** How the losses of the rows become one number. */
  readonly reduction?: R;
  /** By default the loss's own; `null` and `""` draw `hinge`, `hinge_1` and so on. */
  readonly name?: string | null;
  /**
   * What labels, predictions and weights are cast to, and what the result is rounded to: `"float16"`,
   * `"bfloat16"`, `"float32"`, `"float64"`, `"mixed_float16"` or `"mixed_bfloat16"`. By default, and for
   * `null`, what `floatx()` gives.
   */
  readonly dtype?: P | null;
}

/** What {@link Loss.getConfig} gives, in Keras's own words. */
export interface LossConfig<R extends Reduction = Reduction, D extends FloatDtype = FloatDtype> {
  readonly name: string;
  readonly reduction: R;
  /** Only if it was given. */
  readonly dtype?: D;
}

type Default = "sum_over_batch_size";

const lossOptions: readonly (keyof LossOptions)[] = ["reduction", "name", "dtype"];
const known = ["sampleWeight", "mask", "out"] as const;

/** What the three losses have in common. */
export abstract class Loss<R extends Reduction = Reduction, P extends DtypePolicy = DtypePolicy> {
  readonly #name: string;
  readonly #reduction: R;
  readonly #dtype: ComputeDtype<P>;
  readonly #loss: number;
  /** The code of the dtype. To look it up takes longer than a small batch can wait. */
  readonly #as: number;
  readonly #dtypeWasGiven: boolean;

  protected constructor(loss: number, defaultName: string, options: LossOptions<R, P>) {
    checkOptions(options, lossOptions);
    const { name, reduction = "sum_over_batch_size", dtype } = options;
    checkReduction(reduction);
    this.#loss = loss;
    this.#reduction = reduction as R;
    this.#dtype = computeDtype(dtype) as ComputeDtype<P>;
    this.#as = codes[this.#dtype];
    this.#dtypeWasGiven = dtype !== undefined && dtype !== null;
    this.#name = nameOf(name, defaultName);
  }

  get name(): string {
    return this.#name;
  }

  /** How the losses of the rows become one number. */
  get reduction(): R {
    return this.#reduction;
  }

  /** What is computed in, and the dtype of the result. */
  get dtype(): ComputeDtype<P> {
    return this.#dtype;
  }

  /**
   * Computes the loss of a batch, reduced. A rank-1 batch is one row.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`, as the function of the same name takes them. Like
   *   predictions and weights they are cast to the loss's `dtype` first.
   * @param yPred - predictions of that shape, or of one that broadcasts with it. Of two ranks that
   *   differ by one, where the longer shape ends in 1, the ranks are made the same first.
   * @param options - `sampleWeight`, what the loss of each row is multiplied by, and `mask`, 0 or false
   *   where it does not count and otherwise 1 or true: a number, or shapes that broadcast with `[batch, d0, .. dN-1]`.
   * @returns a number that the loss's `dtype` holds: the weighted sum of the losses of the rows for `"sum"`; for
   *   `"sum_over_batch_size"` and `"mean"` that by their number, or the mean of those that a mask keeps; for
   *   `"mean_with_sample_weight"` that by the sum of the weights; 0 for an empty batch. For `null` and
   *   `"none"` the weighted losses of the rows, shape `[batch, d0, .. dN-1]`.
   * @throws TypeError or RangeError as the function of the same name, and if weights or mask do not broadcast; RangeError
   *   if a mask has a value that is neither 0 nor 1; TypeError if the options have an unknown key, or are no object.
   */
  apply(yTrue: TensorLike, yPred: TensorLike, options?: Weighting): LossValue<R, ComputeDtype<P>> {
    return reducedLoss(this.#loss, this.#dtype, this.#as, this.reduction, yTrue, yPred, options);
  }

  /**
   * Computes what `apply` does, to the same bits, without keeping the event loop from other work.
   *
   * Arrays in shared memory, and with `transfer` all others, are read by other threads meanwhile. Otherwise the work is
   * done in slices of at most about 2 ms on the event loop, with all threads. A slice is at least a row, or about 8192
   * values where only the sum of unweighted terms is asked for. What is done in a slice, and a batch in which something is
   * broadcast, is computed before the call returns. Nothing is copied. Whoever writes into the arrays before the promise
   * is settled may change the result.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`, as for `apply`.
   * @param yPred - predictions, as for `apply`.
   * @param options - `sampleWeight` and `mask` as for `apply`; `signal`, an `AbortSignal` that stops the call; `transfer`,
   *   whether the buffers move into the call, see {@link Background}.
   * @returns a promise of what `apply` returns; with `transfer` of `{ value, yTrue, yPred }`, the arguments as tensors that
   *   have the buffers now, and `sampleWeight` and `mask` if there were such.
   * @throws nothing itself. The promise is rejected with TypeError or RangeError as `apply` throws, with RangeError if a
   *   buffer was detached or has shrunk before the end, and with the signal's reason.
   * @example
   * ```ts
   * import { Hinge, tensor } from "maxmargin";
   *
   * const yTrue = tensor(Int8Array.of(0, 1, 0, 0), [2, 2]);
   * const yPred = tensor(Float32Array.of(0.5, -0.5, 0.25, -1), [2, 2]);
   * const loss = new Hinge();
   * await loss.applyAsync(yTrue, yPred, { signal: AbortSignal.timeout(1000) }); //=> 1.0625
   * const moved = await loss.applyAsync(yTrue, yPred, { transfer: true });
   * moved.value; //=> 1.0625
   * moved.yPred.data; //=> Float32Array [0.5, -0.5, 0.25, -1]
   * yPred.data.length; //=> 0
   * ```
   */
  async applyAsync<T extends boolean = false>(
    yTrue: TensorLike,
    yPred: TensorLike,
    options?: Weighting & Background<T>,
  ): Promise<Settled<LossValue<R, ComputeDtype<P>>, T>> {
    const { reduction } = this;
    return reducedLossAsync(this.#loss, this.#dtype, this.#as, reduction, yTrue, yPred, options);
  }

  /**
   * Computes the loss of each row of a batch: what the function of the same name gives, in the loss's `dtype`.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`.
   * @param yPred - predictions of that shape, or of one that fits it as for `apply`.
   * @param options - `out`, an array of the loss's dtype to write to.
   * @returns losses, shape `[batch, d0, .. dN-1]`.
   * @throws TypeError or RangeError as the function of the same name.
   */
  call(
    yTrue: TensorLike,
    yPred: TensorLike,
    options?: Output<ComputeDtype<P>>,
  ): TensorOf<ComputeDtype<P>> {
    return rowLosses(this.#loss, this.#dtype, yTrue, yPred, true, options);
  }

  /**
   * Computes what `call` does without keeping the event loop from other work, as `applyAsync`.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`.
   * @param yPred - predictions of that shape, or of one that fits it as for `apply`.
   * @param options - `out` as for `call`; `signal` and `transfer` as for `applyAsync`. With `transfer` the buffer of `out`
   *   moves too, and comes back with the losses.
   * @returns a promise of what `call` returns; with `transfer` of `{ value, yTrue, yPred }`.
   * @throws nothing itself. The promise is rejected with what `call` throws, and as that of `applyAsync`.
   */
  async callAsync<T extends boolean = false>(
    yTrue: TensorLike,
    yPred: TensorLike,
    options?: Output<ComputeDtype<P>> & Background<T>,
  ): Promise<Settled<TensorOf<ComputeDtype<P>>, T>> {
    return rowLossesAsync(this.#loss, this.#dtype, yTrue, yPred, true, options);
  }

  /**
   * Computes the loss of a batch, reduced, and its derivative by each prediction, in one pass.
   *
   * Where a loss has two slopes, it is that of the side on which there is a loss: `-yTrue` where
   * `1 - yTrue * yPred` is 0. Classes that are the maximum of categorical hinge together share its slope evenly. A NaN
   * gives NaN.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`.
   * @param yPred - predictions of that shape, or of one that fits it as for `apply`.
   * @param options - `sampleWeight` and `mask` as for `apply`; `out`, an array of the loss's dtype with a value for
   *   each prediction to write the gradient to.
   * @returns `value`, what `apply` returns, and `gradient`, of the shape of `yPred` and the loss's `dtype`. For `null`
   *   and `"none"` it is that of the sum of the value.
   * @throws TypeError or RangeError as `apply`, and if `out` is of another kind or length, or shares memory with an
   *   argument.
   * @example
   * ```ts
   * import { Hinge, tensor } from "maxmargin";
   *
   * const yTrue = tensor(Int8Array.of(-1, 1, 1, -1), [2, 2]);
   * const yPred = tensor(Float32Array.of(-2, 0.5, 0.25, 0), [2, 2]);
   * const { value, gradient } = new Hinge().valueAndGradient(yTrue, yPred);
   * value; //=> 0.5625
   * gradient.data; //=> Float32Array [0, -0.25, -0.25, 0.25]
   * ```
   */
  valueAndGradient(
    yTrue: TensorLike,
    yPred: TensorLike,
    options?: GradientOptions<ComputeDtype<P>>,
  ): ValueAndGradient<LossValue<R, ComputeDtype<P>>, ComputeDtype<P>> {
    const { reduction } = this;
    return valueAndGradient(this.#loss, this.#dtype, reduction, yTrue, yPred, options, true, known);
  }

  /**
   * Computes what `valueAndGradient` does without keeping the event loop from other work, as `applyAsync`.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`.
   * @param yPred - predictions of that shape, or of one that fits it as for `apply`.
   * @param options - `sampleWeight`, `mask` and `out` as for `valueAndGradient`; `signal` and `transfer` as for `applyAsync`.
   *   With `transfer` the buffer of `out` moves too, and comes back with the gradient.
   * @returns a promise of what `valueAndGradient` returns; with `transfer` `yTrue` and `yPred` are in it too.
   * @throws nothing itself. The promise is rejected with what `valueAndGradient` throws, and as that of `applyAsync`.
   */
  async valueAndGradientAsync<T extends boolean = false>(
    yTrue: TensorLike,
    yPred: TensorLike,
    options?: GradientOptions<ComputeDtype<P>> & Background<T>,
  ): Promise<SettledGradient<ValueAndGradient<LossValue<R, ComputeDtype<P>>, ComputeDtype<P>>, T>> {
    const { reduction } = this;
    return valueAndGradientAsync(
      this.#loss,
      this.#dtype,
      reduction,
      yTrue,
      yPred,
      options,
      true,
      known,
    );
  }

  /**
   * Computes the derivative of the loss of a batch by each prediction: the `gradient` of `valueAndGradient`.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`.
   * @param yPred - predictions of that shape, or of one that fits it as for `apply`.
   * @param options - as for `valueAndGradient`.
   * @returns the gradient, of the shape of `yPred` and the loss's `dtype`.
   * @throws as `valueAndGradient`.
   */
  gradient(
    yTrue: TensorLike,
    yPred: TensorLike,
    options?: GradientOptions<ComputeDtype<P>>,
  ): TensorOf<ComputeDtype<P>> {
    return this.valueAndGradient(yTrue, yPred, options).gradient;
  }

  /**
   * Computes what `gradient` does without keeping the event loop from other work, as `applyAsync`.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`.
   * @param yPred - predictions of that shape, or of one that fits it as for `apply`.
   * @param options - as for `valueAndGradientAsync`.
   * @returns a promise of what `gradient` returns; with `transfer` of `{ gradient, yTrue, yPred }`.
   * @throws nothing itself. The promise is rejected as that of `valueAndGradientAsync`.
   */
  async gradientAsync<T extends boolean = false>(
    yTrue: TensorLike,
    yPred: TensorLike,
    options?: GradientOptions<ComputeDtype<P>> & Background<T>,
  ): Promise<SettledOne<TensorOf<ComputeDtype<P>>, T>> {
    return gradientIn(await this.valueAndGradientAsync(yTrue, yPred, options));
  }

  /**
   * Tells what {@link Loss | the loss} was made with.
   *
   * @returns Keras's config, which `fromConfig` and Keras's own `from_config` take; with the `dtype` if one was
   *   given.
   */
  getConfig(): LossConfig<R, ComputeDtype<P>> {
    const { name, reduction } = this;
    return { name, reduction, ...(this.#dtypeWasGiven && { dtype: this.#dtype }) };
  }

  /** Returns what `JSON.stringify` makes of the loss. */
  toJSON(): Pick<this, "name" | "reduction" | "dtype"> {
    const { name, reduction, dtype } = this;
    return { name, reduction, dtype };
  }

  /** @internal */
  [inspectCustom](...how: InspectArguments): string {
    return shown(this, this.toJSON(), how);
  }
}

/**
 * The hinge loss: `mean(max(0, 1 - yTrue * yPred))` over the last axis, reduced over the rows. Labels are
 * -1 and 1, or 0 and 1: see {@link hinge}.
 *
 * @throws TypeError or RangeError if an option is unknown or invalid.
 * @example
 * ```ts
 * import { Hinge, tensor } from "maxmargin";
 *
 * const yTrue = tensor(Int8Array.of(0, 1, 0, 0), [2, 2]);
 * const yPred = tensor(Float32Array.of(0.5, -0.5, 0.25, -1), [2, 2]);
 * new Hinge().apply(yTrue, yPred); //=> 1.0625
 * new Hinge({ reduction: "sum" }).apply(yTrue, yPred); //=> 2.125
 * ```
 * @see Keras, `keras.losses.Hinge`
 */
export class Hinge<R extends Reduction = Default, P extends DtypePolicy = DtypePolicy> extends Loss<
  R,
  P
> {
  constructor(options: LossOptions<R, P> = {}) {
    super(kernels.hinge, "hinge", options);
  }

  /** Makes a loss of this class, or of one derived from it, from what `getConfig` returned. */
  static fromConfig<R extends Reduction = Default, P extends DtypePolicy = DtypePolicy>(
    config: LossOptions<R, P>,
  ): Hinge<R, P> {
    if (this === Hinge) checkOptions(config, lossOptions, "config");
    return new this(config);
  }
}

/**
 * The squared hinge loss: `mean(max(0, 1 - yTrue * yPred) ** 2)` over the last axis, reduced over the rows.
 * Labels are -1 and 1, or 0 and 1: see {@link hinge}.
 *
 * @throws TypeError or RangeError if an option is unknown or invalid.
 * @example
 * ```ts
 * import { SquaredHinge, tensor } from "maxmargin";
 *
 * const yTrue = tensor(Int8Array.of(0, 1, 0, 0), [2, 2]);
 * const yPred = tensor(Float32Array.of(0.5, -0.5, 0.25, -1), [2, 2]);
 * new SquaredHinge().apply(yTrue, yPred); //=> 1.515625
 * ```
 * @see Keras, `keras.losses.SquaredHinge`
 */
export class SquaredHinge<
  R extends Reduction = Default,
  P extends DtypePolicy = DtypePolicy,
> extends Loss<R, P> {
  constructor(options: LossOptions<R, P> = {}) {
    super(kernels.squaredHinge, "squared_hinge", options);
  }

  /** Makes a loss of this class, or of one derived from it, from what `getConfig` returned. */
  static fromConfig<R extends Reduction = Default, P extends DtypePolicy = DtypePolicy>(
    config: LossOptions<R, P>,
  ): SquaredHinge<R, P> {
    if (this === SquaredHinge) checkOptions(config, lossOptions, "config");
    return new this(config);
  }
}

/**
 * The categorical hinge loss: `max(0, neg - pos + 1)` with `neg = max((1 - yTrue) * yPred)` and
 * `pos = sum(yTrue * yPred)` over the last axis, reduced over the rows. Labels are one-hot.
 *
 * @throws TypeError or RangeError if an option is unknown or invalid.
 * @example
 * ```ts
 * import { CategoricalHinge, tensor } from "maxmargin";
 *
 * const yTrue = tensor(Int8Array.of(0, 1, 0, 0, 0, 1), [2, 3]);
 * const yPred = tensor(Float32Array.of(0.5, 1, -0.5, 0.25, 0, 2), [2, 3]);
 * new CategoricalHinge().apply(yTrue, yPred); //=> 0.25
 * ```
 * @see Keras, `keras.losses.CategoricalHinge`
 */
export class CategoricalHinge<
  R extends Reduction = Default,
  P extends DtypePolicy = DtypePolicy,
> extends Loss<R, P> {
  constructor(options: LossOptions<R, P> = {}) {
    super(kernels.categoricalHinge, "categorical_hinge", options);
  }

  /** Makes a loss of this class, or of one derived from it, from what `getConfig` returned. */
  static fromConfig<R extends Reduction = Default, P extends DtypePolicy = DtypePolicy>(
    config: LossOptions<R, P>,
  ): CategoricalHinge<R, P> {
    if (this === CategoricalHinge) checkOptions(config, lossOptions, "config");
    return new this(config);
  }
}
