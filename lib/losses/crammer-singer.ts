// biome-ignore-all lint/complexity/noThisInStatic: fromConfig is inherited by classes that users derive.
import type {
  ClassEncoding,
  FormulaOptions,
  MarginOptions,
  PowerOptions,
} from "../evaluate/formula.js";
import type { Reduction } from "../evaluate/reduction.js";
import { checkMetricConfig, Metric, type MetricOptions } from "../metrics/metric.js";
import type { DtypePolicy } from "../tensor/config.js";
import type { TensorOf } from "../tensor/tensor.js";
import type { ResultDtype, TensorLike } from "../tensor/tensor-like.js";
import { rowsOfMax } from "./class-max.js";
import { defineLoss, type FunctionOptions, functionSettings, lossesOfRows } from "./definition.js";
import { checkConfig, type DefaultReduction, Loss, type LossOptions } from "./loss.js";
import type { ClassMaxSpec } from "./spec.js";

/** max(0, max of the other predictions - prediction for the row's class + margin) ** power */
const spec: ClassMaxSpec = {
  name: "crammer_singer",
  family: "classMax",
  labels: ["sparse", "onehot"],
  parameters: ["margin", "power"],
  ...rowsOfMax,
};

const settings = functionSettings(spec);

/**
 * Computes the Crammer–Singer loss of each row: `max(0, margin - x[y] + max(x[j] for j != y)) ** power`
 * for the predictions `x` and the class `y` of the row. It differs from {@link categoricalHinge} in
 * that the row's own class has no part in the maximum.
 *
 * @param yTrue - class ids, shape `[batch, d0, .. dN-1]` or with a last axis of 1, of any dtype. With
 *   `labels: "onehot"` rows with one 1 among zeros, of the shape of `yPred`.
 * @param yPred - predictions, shape `[batch, d0, .. dN]`: a score for each class in the last axis. A
 *   score of -Infinity leaves a class out, unless it is the row's own.
 * @param options - `margin`, by default 1; `power`, 1 (the default) or 2; `labels`, by default
 *   `"sparse"`, `classWeight` and `ignoreClass`, see {@link LabelOptions}; `out`, an array of the
 *   result's dtype with a value for each row, to write to.
 * @returns losses, shape `[batch, d0, .. dN-1]`, of the dtype of `yPred` if that is float16,
 *   bfloat16, float32 or float64, and otherwise of the dtype that `floatx()` returns. Predictions are
 *   cast to it first.
 * @throws TypeError or RangeError as {@link hinge}, and RangeError if the last axis is empty.
 * @example
 * ```ts
 * import { crammerSinger, tensor } from "maxmargin";
 *
 * const yPred = tensor(Float32Array.of(0.5, 1, -0.5, 0.25, 0, 2), [2, 3]);
 * crammerSinger([1, 0], yPred).data; //=> Float32Array [0.5, 2.75]
 * crammerSinger([1, 0], yPred, { power: 2 }).data; //=> Float32Array [0.25, 7.5625]
 * crammerSinger([1, 3], yPred); //=> RangeError: yTrue[1]: expected a class id from 0 to 2, received 3
 * ```
 * @see Crammer and Singer, On the Algorithmic Implementation of Multiclass Kernel-based Vector
 *   Machines, 2001; scikit-learn, `hinge_loss` with more than two classes; optax,
 *   `multiclass_hinge_loss`; torchmetrics, `MulticlassHingeLoss`, which applies softmax to logits
 */
export function crammerSinger<P extends TensorLike>(
  yTrue: TensorLike,
  yPred: P,
  options?: FunctionOptions<ResultDtype<P>, ClassEncoding> & MarginOptions & PowerOptions,
): TensorOf<ResultDtype<P>> {
  return lossesOfRows(settings, yTrue, yPred, options);
}

/**
 * Computes the Crammer–Singer loss of batches: see {@link crammerSinger}, reduced over the rows.
 * Labels are class ids, or one-hot with `labels: "onehot"`.
 *
 * @throws TypeError or RangeError if an option is unknown or invalid.
 * @example
 * ```ts
 * import { CrammerSinger, tensor } from "maxmargin";
 *
 * const yPred = tensor(Float32Array.of(0.5, 1, -0.5, 0.25, 0, 2), [2, 3]);
 * new CrammerSinger().value([1, 0], yPred); //=> 1.625
 * new CrammerSinger({ ignoreClass: -1 }).value([1, -1], yPred); //=> 0.5
 * ```
 * @see scikit-learn, `LinearSVC(multi_class="crammer_singer")`
 */
export class CrammerSinger<
  R extends Reduction = DefaultReduction,
  P extends DtypePolicy = DtypePolicy,
> extends Loss<R, P> {
  /** @param options - see {@link LossOptions}, {@link MarginOptions} and {@link PowerOptions}. */
  constructor(options: LossOptions<R, P, ClassEncoding> & MarginOptions & PowerOptions = {}) {
    super(spec, options);
  }

  /**
   * Creates a loss of this class, or of one derived from it.
   *
   * @param config - the result of `getConfig`.
   */
  static fromConfig<R extends Reduction = DefaultReduction, P extends DtypePolicy = DtypePolicy>(
    config: LossOptions<R, P> & FormulaOptions,
  ): CrammerSinger<R, P> {
    if (this === CrammerSinger) checkConfig(spec, config);
    return new this(config as LossOptions<R, P, ClassEncoding>);
  }
}

/**
 * The mean Crammer–Singer loss of all samples: see {@link crammerSinger}.
 *
 * @throws TypeError or RangeError if an option is unknown or invalid.
 * @example
 * ```ts
 * import { CrammerSinger } from "maxmargin/metrics";
 *
 * const metric = new CrammerSinger({ ignoreClass: -100 });
 * metric.updateState([1, -100], [[0.5, 0.25], [0, 0]]);
 * metric.result(); //=> 1.25
 * metric.count; //=> 1
 * ```
 */
export class CrammerSingerMetric<P extends DtypePolicy = DtypePolicy> extends Metric<P> {
  static override readonly name = "CrammerSinger";

  /** @param options - see {@link MetricOptions}, {@link MarginOptions} and {@link PowerOptions}. */
  constructor(options: MetricOptions<P, ClassEncoding> & MarginOptions & PowerOptions = {}) {
    super(spec, options);
  }

  /**
   * Creates a metric of this class, or of one derived from it.
   *
   * @param config - the result of `getConfig`.
   */
  static fromConfig<P extends DtypePolicy = DtypePolicy>(
    config: MetricOptions<P> & FormulaOptions,
  ): CrammerSingerMetric<P> {
    if (this === CrammerSingerMetric) checkMetricConfig(spec, config);
    return new this(config as MetricOptions<P, ClassEncoding>);
  }
}

export const definition = defineLoss({
  spec,
  package: "maxmargin",
  function: crammerSinger,
  Loss: CrammerSinger,
  Metric: CrammerSingerMetric,
});
