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
import { defineLoss, type FunctionOptions, functionSettings, lossesOfRows } from "./definition.js";
import { spec as hinge } from "./hinge.js";
import { checkConfig, type DefaultReduction, Loss, type LossOptions } from "./loss.js";
import type { ClassSumSpec } from "./spec.js";
import { spec as squaredHinge } from "./squared-hinge.js";

/** The sum of max(0, margin - (x_y - x_j)) ** power over j != y, divided by the number of classes. */
const spec: ClassSumSpec = {
  name: "weston_watkins",
  family: "classSum",
  labels: ["sparse", "onehot"],
  parameters: ["margin", "power"],
  termsOf: (power) => (power === 2 ? squaredHinge : hinge),
};

const settings = functionSettings(spec);

/**
 * Computes the Weston–Watkins loss of each row: the sum of
 * `max(0, margin - (x[y] - x[j])) ** power` over all classes `j != y`, divided by the number of
 * classes, for the predictions `x` and the class `y` of the row.
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
 * import { tensor, westonWatkins } from "maxmargin";
 *
 * const yPred = tensor(Float32Array.of(0.5, 1, -0.5, 0.25, 0, 2), [2, 3]);
 * westonWatkins([1, 0], yPred).data; //=> Float32Array [0.1666666716337204, 1.1666666269302368]
 * westonWatkins([1, 0], yPred, { classWeight: [3, 1, 1] }).data; //=> Float32Array [0.1666666716337204, 3.5]
 * ```
 * @see Weston and Watkins, Support Vector Machines for Multi-Class Pattern Recognition, 1999; PyTorch,
 *   `torch.nn.MultiMarginLoss`
 */
export function westonWatkins<P extends TensorLike>(
  yTrue: TensorLike,
  yPred: P,
  options?: FunctionOptions<ResultDtype<P>, ClassEncoding> & MarginOptions & PowerOptions,
): TensorOf<ResultDtype<P>> {
  return lossesOfRows(settings, yTrue, yPred, options);
}

/**
 * Computes the Weston–Watkins loss of batches: see {@link westonWatkins}, reduced over the rows.
 * Labels are class ids, or one-hot with `labels: "onehot"`.
 *
 * @throws TypeError or RangeError if an option is unknown or invalid.
 * @example
 * ```ts
 * import { WestonWatkins, tensor } from "maxmargin";
 *
 * const yPred = tensor(Float32Array.of(0.5, 1, -0.5, 0.25, 0, 2), [2, 3]);
 * new WestonWatkins().value([1, 0], yPred); //=> 0.6666666865348816
 * new WestonWatkins({ power: 2 }).value([1, 0], yPred); //=> 1.3958333730697632
 * ```
 * @see PyTorch, `torch.nn.MultiMarginLoss`
 */
export class WestonWatkins<
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
  ): WestonWatkins<R, P> {
    if (this === WestonWatkins) checkConfig(spec, config);
    return new this(config as LossOptions<R, P, ClassEncoding>);
  }
}

/**
 * The mean Weston–Watkins loss of all samples: see {@link westonWatkins}.
 *
 * @throws TypeError or RangeError if an option is unknown or invalid.
 * @example
 * ```ts
 * import { WestonWatkins } from "maxmargin/metrics";
 *
 * const metric = new WestonWatkins();
 * metric.updateState([1], [[0.5, 0.25]]);
 * metric.result(); //=> 0.625
 * ```
 */
export class WestonWatkinsMetric<P extends DtypePolicy = DtypePolicy> extends Metric<P> {
  static override readonly name = "WestonWatkins";

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
  ): WestonWatkinsMetric<P> {
    if (this === WestonWatkinsMetric) checkMetricConfig(spec, config);
    return new this(config as MetricOptions<P, ClassEncoding>);
  }
}

export const definition = defineLoss({
  spec,
  package: "maxmargin",
  function: westonWatkins,
  Loss: WestonWatkins,
  Metric: WestonWatkinsMetric,
});
