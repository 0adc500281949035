// biome-ignore-all lint/complexity/noThisInStatic: fromConfig is inherited by classes that users derive.
import type { FormulaOptions, SignedEncoding } from "../evaluate/formula.js";
import type { Reduction } from "../evaluate/reduction.js";
import { checkMetricConfig, Metric, type MetricOptions } from "../metrics/metric.js";
import type { DtypePolicy } from "../tensor/config.js";
import type { TensorOf } from "../tensor/tensor.js";
import type { ResultDtype, TensorLike } from "../tensor/tensor-like.js";
import { positivePart } from "./arithmetic.js";
import { defineLoss, type FunctionOptions, functionSettings, lossesOfRows } from "./definition.js";
import { checkConfig, type DefaultReduction, Loss, type LossOptions } from "./loss.js";
import type { ElementwiseSpec } from "./spec.js";

/** The hinge of a product, which stays 2 below -1, where the loss is linear. */
const hingeOf = (product: number) => positivePart(1 - (-1 > product ? -1 : product));

/** max(0, 1 - z)² with z = y p where z >= -1, and -4 z below. */
const spec: ElementwiseSpec = {
  name: "modified_huber",
  family: "elementwise",
  labels: ["auto", "signed", "binary", "sparse"],
  parameters: [],

  writeTerms(_, products, n, terms) {
    for (let i = 0; i < n; i++) {
      terms[i] = hingeOf(products[i]);
      const square = terms[i] * terms[i];
      const line = -4 * products[i];
      // The line is nowhere above the square but below -1.
      terms[i] = line > square ? line : square;
    }
  },

  writeDerivatives(_, products, n, derivatives) {
    for (let i = 0; i < n; i++) derivatives[i] = -2 * hingeOf(products[i]);
  },
};

const settings = functionSettings(spec);

/**
 * Computes the modified Huber loss of each row: the mean over the last axis of
 * `max(0, 1 - z) ** 2` with `z = yTrue * yPred` where `z >= -1`, and of `-4 * z` below. It is smooth
 * like squared hinge, and grows linearly with the error of outliers.
 *
 * @param yTrue - labels, as for {@link hinge}: -1 and 1, 0 and 1, or class ids.
 * @param yPred - predictions, as for {@link hinge}.
 * @param options - `labels`, by default `"auto"`, `classWeight` and `ignoreClass`, see
 *   {@link LabelOptions}; `out`, an array of the result's dtype with a value for each row, to write
 *   to. There is no `margin`.
 * @returns losses, shape `[batch, d0, .. dN-1]`, of the dtype of `yPred` if that is float16,
 *   bfloat16, float32 or float64, and otherwise of the dtype that `floatx()` returns. Labels and
 *   predictions are cast to it first.
 * @throws TypeError or RangeError as {@link hinge}.
 * @example
 * ```ts
 * import { modifiedHuber, tensor } from "maxmargin";
 *
 * const yTrue = tensor(Int8Array.of(0, 1, 0, 0), [2, 2]);
 * const yPred = tensor(Float32Array.of(0.5, -2, 0.25, -1), [2, 2]);
 * modifiedHuber(yTrue, yPred).data; //=> Float32Array [5.125, 0.78125]
 * modifiedHuber([0, 1], yPred, { labels: "sparse" }).data; //=> Float32Array [0.125, 2.78125]
 * ```
 * @see scikit-learn, `SGDClassifier(loss="modified_huber")`; Zhang, Solving Large Scale Linear
 *   Prediction Problems Using Stochastic Gradient Descent Algorithms, 2004
 */
export function modifiedHuber<P extends TensorLike>(
  yTrue: TensorLike,
  yPred: P,
  options?: FunctionOptions<ResultDtype<P>, SignedEncoding>,
): TensorOf<ResultDtype<P>> {
  return lossesOfRows(settings, yTrue, yPred, options);
}

/**
 * Computes the modified Huber loss of batches: see {@link modifiedHuber}, reduced over the rows.
 * Labels are -1 and 1, 0 and 1, or class ids: see {@link hinge}.
 *
 * @throws TypeError or RangeError if an option is unknown or invalid.
 * @example
 * ```ts
 * import { ModifiedHuber, tensor } from "maxmargin";
 *
 * const yTrue = tensor(Int8Array.of(0, 1, 0, 0), [2, 2]);
 * const yPred = tensor(Float32Array.of(0.5, -2, 0.25, -1), [2, 2]);
 * new ModifiedHuber().value(yTrue, yPred); //=> 2.953125
 * ```
 * @see scikit-learn, `SGDClassifier(loss="modified_huber")`
 */
export class ModifiedHuber<
  R extends Reduction = DefaultReduction,
  P extends DtypePolicy = DtypePolicy,
> extends Loss<R, P> {
  /** @param options - see {@link LossOptions}. */
  constructor(options: LossOptions<R, P, SignedEncoding> = {}) {
    super(spec, options);
  }

  /**
   * Creates a loss of this class, or of one derived from it.
   *
   * @param config - the result of `getConfig`.
   */
  static fromConfig<R extends Reduction = DefaultReduction, P extends DtypePolicy = DtypePolicy>(
    config: LossOptions<R, P> & FormulaOptions,
  ): ModifiedHuber<R, P> {
    if (this === ModifiedHuber) checkConfig(spec, config);
    return new this(config as LossOptions<R, P, SignedEncoding>);
  }
}

/**
 * The mean modified Huber loss of all samples: see {@link modifiedHuber}.
 *
 * @throws TypeError or RangeError if an option is unknown or invalid.
 * @example
 * ```ts
 * import { ModifiedHuber } from "maxmargin/metrics";
 *
 * const metric = new ModifiedHuber();
 * metric.updateState([[0, 1]], [[0.5, 0.5]]);
 * metric.result(); //=> 1.25
 * ```
 */
export class ModifiedHuberMetric<P extends DtypePolicy = DtypePolicy> extends Metric<P> {
  static override readonly name = "ModifiedHuber";

  /** @param options - see {@link MetricOptions}. */
  constructor(options: MetricOptions<P, SignedEncoding> = {}) {
    super(spec, options);
  }

  /**
   * Creates a metric of this class, or of one derived from it.
   *
   * @param config - the result of `getConfig`.
   */
  static fromConfig<P extends DtypePolicy = DtypePolicy>(
    config: MetricOptions<P> & FormulaOptions,
  ): ModifiedHuberMetric<P> {
    if (this === ModifiedHuberMetric) checkMetricConfig(spec, config);
    return new this(config as MetricOptions<P, SignedEncoding>);
  }
}

export const definition = defineLoss({
  spec,
  package: "maxmargin",
  function: modifiedHuber,
  Loss: ModifiedHuber,
  Metric: ModifiedHuberMetric,
});
