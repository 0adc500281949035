import type {
  AsyncOptions,
  GradientOptions,
  OutputOptions,
  WeightOptions,
} from "../evaluate/arguments.js";
import {
  gradientAlone,
  gradientEvaluation,
  rowEvaluation,
  type ValueAndGradient,
  valueEvaluation,
} from "../evaluate/evaluation.js";
import {
  type FormulaConfig,
  type FormulaOptions,
  formulaConfig,
  formulaOptionsOf,
  type LabelOptions,
  readFormula,
} from "../evaluate/formula.js";
import { type PartialLoss, partialEvaluation } from "../evaluate/partial.js";
import { checkReduction, type Reduction } from "../evaluate/reduction.js";
import { evaluateNow, type LossValue, type Settings, value } from "../evaluate/run.js";
import {
  type AsyncGradient,
  type AsyncResult,
  type AsyncValueAndGradient,
  asyncGradient,
  asyncResult,
  asyncValueAndGradient,
  evaluateAsync,
} from "../evaluate/run-async.js";
import { nameOf } from "../names.js";
import { checkOptions } from "../options.js";
import { type InspectArguments, inspectCustom, shown } from "../shown.js";
import { roundTo } from "../tensor/cast.js";
import { type ComputeDtype, computeDtype, type DtypePolicy } from "../tensor/config.js";
import { codes, type FloatDtype } from "../tensor/dtypes.js";
import type { TensorOf } from "../tensor/tensor.js";
import type { TensorLike } from "../tensor/tensor-like.js";
import type { Formula, LabelEncoding, LossSpec } from "./spec.js";

/** Options of the constructor of a loss. A loss can have more, such as a margin. */
export interface LossOptions<
  R extends Reduction = Reduction,
  P extends DtypePolicy = DtypePolicy,
  E extends LabelEncoding = LabelEncoding,
> extends LabelOptions<E> {
  /** The reduction of the losses of the rows to one number; by default `"sum_over_batch_size"`. */
  readonly reduction?: R;
  /** By default the name of the loss; `null` and `""` draw `hinge`, `hinge_1` and so on. */
  readonly name?: string | null;
  /**
   * The dtype that labels, predictions and weights are cast to, and that the result is rounded to:
   * `"float16"`, `"bfloat16"`, `"float32"`, `"float64"`, `"mixed_float16"` or `"mixed_bfloat16"`.
   * By default, and for `null`, `floatx()`.
   */
  readonly dtype?: P | null;
}

/** The configuration of a loss, with Keras's keys, and its own options that are not the default. */
export interface LossConfig<R extends Reduction = Reduction, D extends FloatDtype = FloatDtype>
  extends FormulaConfig {
  /** The name of the loss. */
  readonly name: string;
  /** The reduction of the losses of the rows. */
  readonly reduction: R;
  /** Only if one was given. */
  readonly dtype?: D;
}

export type DefaultReduction = "sum_over_batch_size";

const noOptions: readonly string[] = [];

const optionsOf = (spec: LossSpec) => ["reduction", "name", "dtype", ...formulaOptionsOf(spec)];

/** Checks the argument of `fromConfig`. */
export function checkConfig(spec: LossSpec, config: object): void {
  checkOptions(config, optionsOf(spec), "config");
}

/** The base class of all losses. */
export abstract class Loss<R extends Reduction = Reduction, P extends DtypePolicy = DtypePolicy> {
  readonly #name: string;
  readonly #settings: Settings<R, ComputeDtype<P>> & {
    readonly dtype: ComputeDtype<P>;
    readonly code: number;
  };
  readonly #dtypeWasGiven: boolean;
  /** The formula as it was given: the settings have its margin in their dtype. */
  readonly #formula: Formula;

  protected constructor(spec: LossSpec, options: LossOptions<R, P> & FormulaOptions) {
    checkOptions(options, optionsOf(spec));
    const { name, reduction = "sum_over_batch_size", dtype } = options;
    checkReduction(reduction);
    const own = computeDtype(dtype) as ComputeDtype<P>;
    const formula = readFormula(spec, options);
    this.#formula = formula;
    this.#settings = {
      formula: { ...formula, margin: roundTo(own, formula.margin) },
      reduction: reduction as R,
      dtype: own,
      code: codes[own],
      fixRanks: true,
      options: noOptions,
    };
    this.#dtypeWasGiven = dtype !== undefined && dtype !== null;
    this.#name = nameOf(name, spec.name);
  }

  /** The name that the constructor was given, or the loss's own. */
  get name(): string {
    return this.#name;
  }

  /** The reduction of the losses of the rows to one number. */
  get reduction(): R {
    return this.#settings.reduction;
  }

  /** The dtype of computations and results. */
  get dtype(): ComputeDtype<P> {
    return this.#settings.dtype;
  }

  /**
   * Computes the loss of a batch, reduced. A rank-1 batch is one row: for one score per sample,
   * pass `column(scores)`.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`, as the function of the same name accepts
   *   them. Like predictions and weights they are cast to the loss's `dtype` first.
   * @param yPred - predictions of the same shape, or of one that broadcasts with it. If the ranks
   *   differ by one and the longer shape ends in 1, that axis is added to, or dropped from, the
   *   other.
   * @param options - `sampleWeight`, factors of the losses of the rows, and `mask`, 0 or false
   *   where a row does not count and otherwise 1 or true: a number, or shapes that broadcast with
   *   `[batch, d0, .. dN-1]`.
   * @returns a number that the loss's `dtype` holds: the sum of the weighted losses of the rows for
   *   `"sum"`; this sum divided by the number of rows, or by the number that a mask and `ignoreClass`
   *   keep, for `"sum_over_batch_size"` and `"mean"`; divided by the sum of the weights, those of the
   *   classes among them, for `"mean_with_sample_weight"`; 0 for an empty batch. For `null` and
   *   `"none"`, the weighted losses of the rows, shape `[batch, d0, .. dN-1]`.
   * @throws TypeError or RangeError as the function of the same name, and if weights or mask do not
   *   broadcast; RangeError if a mask has a value that is neither 0 nor 1; TypeError if an option
   *   is unknown.
   * @example
   * ```ts
   * import { column, Hinge } from "maxmargin";
   *
   * const loss = new Hinge();
   * loss.value([[0, 1], [0, 0]], [[0.5, -0.5], [0.25, -1]]); //=> 1.0625
   * loss.value(column([1, 0]), column([0.5, -2]), { sampleWeight: [1, 3] }); //=> 0.25
   * ```
   */
  value(
    yTrue: TensorLike,
    yPred: TensorLike,
    options?: WeightOptions,
  ): LossValue<R, ComputeDtype<P>> {
    return value(this.#settings, yTrue, yPred, options);
  }

  /**
   * Computes `value` without blocking the event loop, to the same bits.
   *
   * Arrays in shared memory, and with `transfer` all others, are read by other threads. Otherwise
   * the work is done in slices of at most about 2 ms on the event loop, with all threads. A slice
   * is at least a row, or about 8192 values where only the sum of unweighted terms is needed. A
   * batch that fits into one slice is computed before the call returns. Nothing is copied: do not
   * modify the arrays until the promise settles.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`, as for `value`.
   * @param yPred - predictions, as for `value`.
   * @param options - `sampleWeight` and `mask` as for `value`; `signal`, an `AbortSignal` that
   *   stops the call; `transfer`, whether the buffers move into the call, see {@link AsyncOptions}.
   * @returns a promise of the result of `value`; with `transfer`, of `{ value, yTrue, yPred }`: the
   *   arguments as tensors that hold the moved buffers, and `sampleWeight` and `mask` if they were
   *   given.
   * @throws Never; the promise rejects with the errors of `value`, with RangeError if a buffer was
   *   detached or has shrunk before the end, and with the signal's reason.
   * @example
   * ```ts
   * import { Hinge, tensor } from "maxmargin";
   *
   * const yTrue = tensor(Int8Array.of(0, 1, 0, 0), [2, 2]);
   * const yPred = tensor(Float32Array.of(0.5, -0.5, 0.25, -1), [2, 2]);
   * const loss = new Hinge();
   * await loss.valueAsync(yTrue, yPred, { signal: AbortSignal.timeout(1000) }); //=> 1.0625
   * const moved = await loss.valueAsync(yTrue, yPred, { transfer: true });
   * moved.value; //=> 1.0625
   * moved.yPred.data; //=> Float32Array [0.5, -0.5, 0.25, -1]
   * yPred.data.length; //=> 0
   * ```
   */
  async valueAsync<T extends boolean = false>(
    yTrue: TensorLike,
    yPred: TensorLike,
    options?: WeightOptions & AsyncOptions<T>,
  ): Promise<AsyncResult<LossValue<R, ComputeDtype<P>>, T>> {
    const evaluated = await evaluateAsync(valueEvaluation, this.#settings, yTrue, yPred, options);
    return asyncResult(evaluated) as AsyncResult<LossValue<R, ComputeDtype<P>>, T>;
  }

  /**
   * Computes the loss of a part of a data set. Parts merge to the loss of all: see {@link PartialLoss}.
   *
   * @param yTrue - labels, as for `value`.
   * @param yPred - predictions, as for `value`, of at least two axes.
   * @param options - `sampleWeight` and `mask` as for `value`. All parts have them, or none.
   * @returns exact sums, which can be saved as JSON.
   * @throws TypeError or RangeError as `value`.
   */
  partial(yTrue: TensorLike, yPred: TensorLike, options?: WeightOptions): PartialLoss {
    return evaluateNow(partialEvaluation, this.#settings, yTrue, yPred, options);
  }

  /**
   * Computes `partial` without blocking the event loop, as `valueAsync` does.
   *
   * @param yTrue - labels, as for `partial`.
   * @param yPred - predictions, as for `partial`.
   * @param options - `sampleWeight` and `mask` as for `partial`; `signal` and `transfer` as for
   *   `valueAsync`.
   * @returns a promise of the part; with `transfer`, of `{ value, yTrue, yPred }`.
   * @throws Never; the promise rejects with the errors of `partial` and of `valueAsync`.
   */
  async partialAsync<T extends boolean = false>(
    yTrue: TensorLike,
    yPred: TensorLike,
    options?: WeightOptions & AsyncOptions<T>,
  ): Promise<AsyncResult<PartialLoss, T>> {
    const evaluated = await evaluateAsync(partialEvaluation, this.#settings, yTrue, yPred, options);
    return asyncResult(evaluated) as AsyncResult<PartialLoss, T>;
  }

  /**
   * Computes the loss of each row of a batch: the function of the same name, in the loss's `dtype`.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`.
   * @param yPred - predictions of the same shape, or of one that fits it as for `value`.
   * @param options - `out`, an array of the loss's dtype with a value for each row, to write to.
   * @returns losses, shape `[batch, d0, .. dN-1]`.
   * @throws TypeError or RangeError as the function of the same name.
   * @example
   * ```ts
   * import { SquaredHinge } from "maxmargin";
   *
   * new SquaredHinge().call([[0, 1], [0, 0]], [[0.5, -0.5], [0.25, -1]]).data; //=> Float32Array [2.25, 0.78125]
   * ```
   */
  call(
    yTrue: TensorLike,
    yPred: TensorLike,
    options?: OutputOptions<ComputeDtype<P>>,
  ): TensorOf<ComputeDtype<P>> {
    const losses = evaluateNow(rowEvaluation, this.#settings, yTrue, yPred, options);
    return losses as TensorOf<FloatDtype> as TensorOf<ComputeDtype<P>>;
  }

  /**
   * Computes `call` without blocking the event loop, as `valueAsync` does.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`.
   * @param yPred - predictions of the same shape, or of one that fits it as for `value`.
   * @param options - `out` as for `call`; `signal` and `transfer` as for `valueAsync`. With
   *   `transfer` the buffer of `out` moves too, and comes back with the losses.
   * @returns a promise of the result of `call`; with `transfer`, of `{ value, yTrue, yPred }`.
   * @throws Never; the promise rejects with the errors of `call` and of `valueAsync`.
   */
  async callAsync<T extends boolean = false>(
    yTrue: TensorLike,
    yPred: TensorLike,
    options?: OutputOptions<ComputeDtype<P>> & AsyncOptions<T>,
  ): Promise<AsyncResult<TensorOf<ComputeDtype<P>>, T>> {
    const evaluated = await evaluateAsync(rowEvaluation, this.#settings, yTrue, yPred, options);
    return asyncResult(evaluated) as AsyncResult<TensorOf<ComputeDtype<P>>, T>;
  }

  /**
   * Computes the reduced loss of a batch and its gradient with respect to the predictions, in one pass.
   *
   * At a kink the derivative is the one of the side with a loss: `-yTrue` where
   * `margin - yTrue * yPred` is 0. Classes that tie for the maximum of categorical hinge or
   * Crammer–Singer share its derivative evenly. NaN propagates.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`.
   * @param yPred - predictions of the same shape, or of one that fits it as for `value`.
   * @param options - `sampleWeight` and `mask` as for `value`; `out`, an array of the loss's dtype
   *   with a value for each prediction, to write the gradient to.
   * @returns `value`, the result of `value`, and `gradient`, with the shape of `yPred` and the
   *   loss's `dtype`. For `null` and `"none"` it is the gradient of the sum of the losses.
   * @throws TypeError or RangeError as `value`, and if `out` is of another kind or length, or
   *   shares memory with an argument.
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
    const evaluated = evaluateNow(gradientEvaluation, this.#settings, yTrue, yPred, options);
    return evaluated as ValueAndGradient<unknown> as ValueAndGradient<
      LossValue<R, ComputeDtype<P>>,
      ComputeDtype<P>
    >;
  }

  /**
   * Computes `valueAndGradient` without blocking the event loop, as `valueAsync` does.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`.
   * @param yPred - predictions of the same shape, or of one that fits it as for `value`.
   * @param options - `sampleWeight`, `mask` and `out` as for `valueAndGradient`; `signal` and
   *   `transfer` as for `valueAsync`. With `transfer` the buffer of `out` moves too, and comes back
   *   with the gradient.
   * @returns a promise of the result of `valueAndGradient`; with `transfer`, also of the arguments.
   * @throws Never; the promise rejects with the errors of `valueAndGradient` and of `valueAsync`.
   */
  async valueAndGradientAsync<T extends boolean = false>(
    yTrue: TensorLike,
    yPred: TensorLike,
    options?: GradientOptions<ComputeDtype<P>> & AsyncOptions<T>,
  ): Promise<
    AsyncValueAndGradient<ValueAndGradient<LossValue<R, ComputeDtype<P>>, ComputeDtype<P>>, T>
  > {
    const evaluated = await evaluateAsync(
      gradientEvaluation,
      this.#settings,
      yTrue,
      yPred,
      options,
    );
    return asyncValueAndGradient(evaluated) as unknown as AsyncValueAndGradient<
      ValueAndGradient<LossValue<R, ComputeDtype<P>>, ComputeDtype<P>>,
      T
    >;
  }

  /**
   * Computes the gradient of the loss of a batch alone, as `valueAndGradient` does.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`.
   * @param yPred - predictions of the same shape, or of one that fits it as for `value`.
   * @param options - as for `valueAndGradient`.
   * @returns the gradient, with the shape of `yPred` and the loss's `dtype`.
   * @throws as `valueAndGradient`.
   */
  gradient(
    yTrue: TensorLike,
    yPred: TensorLike,
    options?: GradientOptions<ComputeDtype<P>>,
  ): TensorOf<ComputeDtype<P>> {
    const evaluated = evaluateNow(gradientAlone, this.#settings, yTrue, yPred, options);
    return evaluated.gradient as TensorOf<FloatDtype> as TensorOf<ComputeDtype<P>>;
  }

  /**
   * Computes `gradient` without blocking the event loop, as `valueAsync` does.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`.
   * @param yPred - predictions of the same shape, or of one that fits it as for `value`.
   * @param options - as for `valueAndGradientAsync`.
   * @returns a promise of the gradient; with `transfer`, of `{ gradient, yTrue, yPred }`.
   * @throws Never; the promise rejects with the errors of `valueAndGradientAsync`.
   */
  async gradientAsync<T extends boolean = false>(
    yTrue: TensorLike,
    yPred: TensorLike,
    options?: GradientOptions<ComputeDtype<P>> & AsyncOptions<T>,
  ): Promise<AsyncGradient<TensorOf<ComputeDtype<P>>, T>> {
    const evaluated = await evaluateAsync(gradientAlone, this.#settings, yTrue, yPred, options);
    return asyncGradient(evaluated) as AsyncGradient<TensorOf<ComputeDtype<P>>, T>;
  }

  /**
   * Returns the configuration of {@link Loss | the loss}.
   *
   * @returns an object that `fromConfig` accepts, with the `dtype` if one was given, and `margin`,
   *   `power`, `labels`, `classWeight` and `ignoreClass` if they are not the default. Keras's own
   *   `from_config` accepts it without these.
   */
  getConfig(): LossConfig<R, ComputeDtype<P>> {
    const { name, reduction } = this;
    return {
      name,
      reduction,
      ...(this.#dtypeWasGiven && { dtype: this.#settings.dtype }),
      ...formulaConfig(this.#formula),
    };
  }

  /** Returns the properties that `JSON.stringify` writes. */
  toJSON(): Pick<this, "name" | "reduction" | "dtype"> & FormulaConfig {
    const { name, reduction, dtype } = this;
    return { name, reduction, dtype, ...formulaConfig(this.#formula) };
  }

  /** @internal */
  [inspectCustom](...how: InspectArguments): string {
    return shown(this, this.toJSON(), how);
  }
}
