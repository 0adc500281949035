import { described, wrongKind } from "./errors.js";
import { type LossValue, reducedLoss, rowLosses, type Weighting } from "./evaluate.js";
import * as kernels from "./kernels.js";
import type { Tensor, TensorLike } from "./tensor.js";
import { checkName, checkReduction, type Reduction } from "./validate.js";

/** What a loss is made with. */
export interface LossOptions<R extends Reduction = Reduction> {
  /** How the losses of the rows become one number. */
  readonly reduction?: R;
  readonly name?: string;
}

/** What {@link Loss.getConfig} gives, in Keras's own words. */
export interface LossConfig<R extends Reduction = Reduction> {
  readonly name: string;
  readonly reduction: R;
}

type Default = "sum_over_batch_size";

/** What the three losses have in common. */
export abstract class Loss<R extends Reduction = Default> {
  readonly name: string;
  readonly reduction: R;
  readonly #loss: number;

  protected constructor(loss: number, defaultName: string, options: LossOptions<R>) {
    if (typeof options !== "object" || options === null) {
      throw wrongKind("options", "an object", described(options));
    }
    const { name = defaultName, reduction = "sum_over_batch_size" } = options;
    checkName(name);
    checkReduction(reduction);
    this.#loss = loss;
    this.name = name;
    this.reduction = reduction as R;
  }

  /**
   * Computes the loss of a batch, reduced. A rank-1 batch is one row.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`, as the function of the same name takes them.
   * @param yPred - float32 predictions of that shape, or of one that broadcasts with it. Of two ranks that
   *   differ by one, where the longer shape ends in 1, the ranks are made the same first.
   * @param options - `sampleWeight`, what the loss of each row is multiplied by, and `mask`, 0 or false
   *   where it does not count: a number, or shapes that broadcast with `[batch, d0, .. dN-1]`.
   * @returns a number: the weighted sum of the losses of the rows for `"sum"`; for `"sum_over_batch_size"` and
   *   `"mean"` that by their number, or the mean of those that a mask keeps; for
   *   `"mean_with_sample_weight"` that by the sum of the weights; 0 for an empty batch. For `null` and
   *   `"none"` the weighted losses of the rows, shape `[batch, d0, .. dN-1]`.
   * @throws TypeError or RangeError as the function of the same name, and if weights or mask do not broadcast.
   */
  apply(yTrue: TensorLike, yPred: TensorLike, options?: Weighting): LossValue<R> {
    return reducedLoss(this.#loss, this.reduction, yTrue, yPred, options);
  }

  /**
   * Computes the loss of each row of a batch: what the function of the same name gives.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`.
   * @param yPred - float32 predictions of that shape, or of one that fits it as for `apply`.
   * @returns float32 losses, shape `[batch, d0, .. dN-1]`.
   * @throws TypeError or RangeError as the function of the same name.
   */
  call(yTrue: TensorLike, yPred: TensorLike): Tensor<"float32"> {
    return rowLosses(this.#loss, yTrue, yPred, true);
  }

  /**
   * Tells what {@link Loss | the loss} was made with.
   *
   * @returns Keras's config, which `fromConfig` and Keras's own `from_config` take.
   */
  getConfig(): LossConfig<R> {
    return { name: this.name, reduction: this.reduction };
  }
}

/**
 * The hinge loss: `mean(max(0, 1 - yTrue * yPred))` over the last axis, reduced over the rows. Labels are
 * -1 and 1, or 0 and 1: see {@link hinge}.
 *
 * @throws TypeError or RangeError if an option is none that there is.
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
export class Hinge<R extends Reduction = Default> extends Loss<R> {
  constructor(options: LossOptions<R> = {}) {
    super(kernels.hinge, "hinge", options);
  }

  /** The inverse of `getConfig`. */
  static fromConfig<R extends Reduction = Default>(config: LossOptions<R>): Hinge<R> {
    return new Hinge(config);
  }
}

/**
 * The squared hinge loss: `mean(max(0, 1 - yTrue * yPred) ** 2)` over the last axis, reduced over the rows.
 * Labels are -1 and 1, or 0 and 1: see {@link hinge}.
 *
 * @throws TypeError or RangeError if an option is none that there is.
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
export class SquaredHinge<R extends Reduction = Default> extends Loss<R> {
  constructor(options: LossOptions<R> = {}) {
    super(kernels.squaredHinge, "squared_hinge", options);
  }

  /** The inverse of `getConfig`. */
  static fromConfig<R extends Reduction = Default>(config: LossOptions<R>): SquaredHinge<R> {
    return new SquaredHinge(config);
  }
}

/**
 * The categorical hinge loss: `max(0, neg - pos + 1)` with `neg = max((1 - yTrue) * yPred)` and
 * `pos = sum(yTrue * yPred)` over the last axis, reduced over the rows. Labels are one-hot.
 *
 * @throws TypeError or RangeError if an option is none that there is.
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
export class CategoricalHinge<R extends Reduction = Default> extends Loss<R> {
  constructor(options: LossOptions<R> = {}) {
    super(kernels.categoricalHinge, "categorical_hinge", options);
  }

  /** The inverse of `getConfig`. */
  static fromConfig<R extends Reduction = Default>(config: LossOptions<R>): CategoricalHinge<R> {
    return new CategoricalHinge(config);
  }
}
