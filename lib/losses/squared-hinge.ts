// biome-ignore-all lint/complexity/noThisInStatic: fromConfig is inherited by classes that users derive.
import type { FormulaOptions, MarginOptions, SignedEncoding } from "../evaluate/formula.js";
import type { Reduction } from "../evaluate/reduction.js";
import { checkMetricConfig, Metric, type MetricOptions } from "../metrics/metric.js";
import type { DtypePolicy } from "../tensor/config.js";
import type { TensorOf } from "../tensor/tensor.js";
import type { ResultDtype, TensorLike } from "../tensor/tensor-like.js";
import { positivePart } from "./arithmetic.js";
import { defineLoss, type FunctionOptions, functionSettings, lossesOfRows } from "./definition.js";
import { hingeBlocks } from "./hinge-blocks.js";
import { checkConfig, type DefaultReduction, Loss, type LossOptions } from "./loss.js";
import type { ElementwiseSpec } from "./spec.js";

/** max(0, margin - z) with z = y p */
const hingeOf = (margin: number, product: number) => positivePart(margin - product);

/** The square of the hinge */
export const spec: ElementwiseSpec = {
  name: "squared_hinge",
  family: "elementwise",
  labels: ["auto", "signed", "binary", "sparse"],
  parameters: ["margin"],

  writeTerms(margin, z, n, terms) {
    for (let i = 0; i < n; i += 8) {
      terms[i] = hingeOf(margin, z[i]);
      terms[i + 1] = hingeOf(margin, z[i + 1]);
      terms[i + 2] = hingeOf(margin, z[i + 2]);
      terms[i + 3] = hingeOf(margin, z[i + 3]);
      terms[i + 4] = hingeOf(margin, z[i + 4]);
      terms[i + 5] = hingeOf(margin, z[i + 5]);
      terms[i + 6] = hingeOf(margin, z[i + 6]);
      terms[i + 7] = hingeOf(margin, z[i + 7]);
      terms[i] *= terms[i];
      terms[i + 1] *= terms[i + 1];
      terms[i + 2] *= terms[i + 2];
      terms[i + 3] *= terms[i + 3];
      terms[i + 4] *= terms[i + 4];
      terms[i + 5] *= terms[i + 5];
      terms[i + 6] *= terms[i + 6];
      terms[i + 7] *= terms[i + 7];
    }
  },

  writeDerivatives(margin, z, n, derivatives) {
    for (let i = 0; i < n; i += 8) {
      derivatives[i] = -2 * hingeOf(margin, z[i]);
      derivatives[i + 1] = -2 * hingeOf(margin, z[i + 1]);
      derivatives[i + 2] = -2 * hingeOf(margin, z[i + 2]);
      derivatives[i + 3] = -2 * hingeOf(margin, z[i + 3]);
      derivatives[i + 4] = -2 * hingeOf(margin, z[i + 4]);
      derivatives[i + 5] = -2 * hingeOf(margin, z[i + 5]);
      derivatives[i + 6] = -2 * hingeOf(margin, z[i + 6]);
      derivatives[i + 7] = -2 * hingeOf(margin, z[i + 7]);
    }
  },

  addBlocks: hingeBlocks(true),
};

const settings = functionSettings(spec);

/**
 * Computes the squared hinge loss of each row: `mean(max(0, margin - yTrue * yPred) ** 2)` over the
 * last axis.
 *
 * @param yTrue - labels, as for {@link hinge}: -1 and 1, 0 and 1, or class ids.
 * @param yPred - predictions, as for {@link hinge}.
 * @param options - `margin`, by default 1; `labels`, by default `"auto"`, `classWeight` and
 *   `ignoreClass`, see {@link LabelOptions}; `out`, an array of the result's dtype with a value for
 *   each row, to write to.
 * @returns losses, shape `[batch, d0, .. dN-1]`, of the dtype of `yPred` if that is float16,
 *   bfloat16, float32 or float64, and otherwise of the dtype that `floatx()` returns. Labels and
 *   predictions are cast to it first.
 * @throws TypeError or RangeError as {@link hinge}.
 * @example
 * ```ts
 * import { squaredHinge, tensor } from "maxmargin";
 *
 * const yTrue = tensor(Int8Array.of(0, 1, 0, 0), [2, 2]);
 * const yPred = tensor(Float32Array.of(0.5, -0.5, 0.25, -1), [2, 2]);
 * squaredHinge(yTrue, yPred).data; //=> Float32Array [2.25, 0.78125]
 * squaredHinge([0, 1], yPred, { labels: "sparse" }).data; //=> Float32Array [0.25, 2.78125]
 * ```
 * @see Keras, `keras.losses.squared_hinge`; scikit-learn, `SGDClassifier(loss="squared_hinge")`
 */
export function squaredHinge<P extends TensorLike>(
  yTrue: TensorLike,
  yPred: P,
  options?: FunctionOptions<ResultDtype<P>, SignedEncoding> & MarginOptions,
): TensorOf<ResultDtype<P>> {
  return lossesOfRows(settings, yTrue, yPred, options);
}

/**
 * Computes the squared hinge loss of batches: `mean(max(0, margin - yTrue * yPred) ** 2)` over the
 * last axis, reduced over the rows. Labels are -1 and 1, 0 and 1, or class ids: see {@link hinge}.
 *
 * @throws TypeError or RangeError if an option is unknown or invalid.
 * @example
 * ```ts
 * import { SquaredHinge, tensor } from "maxmargin";
 *
 * const yTrue = tensor(Int8Array.of(0, 1, 0, 0), [2, 2]);
 * const yPred = tensor(Float32Array.of(0.5, -0.5, 0.25, -1), [2, 2]);
 * new SquaredHinge().value(yTrue, yPred); //=> 1.515625
 * new SquaredHinge({ margin: 0.5 }).value(yTrue, yPred); //=> 0.640625
 * ```
 * @see Keras, `keras.losses.SquaredHinge`
 */
export class SquaredHinge<
  R extends Reduction = DefaultReduction,
  P extends DtypePolicy = DtypePolicy,
> extends Loss<R, P> {
  /** @param options - see {@link LossOptions} and {@link MarginOptions}. */
  constructor(options: LossOptions<R, P, SignedEncoding> & MarginOptions = {}) {
    super(spec, options);
  }

  /**
   * Creates a loss of this class, or of one derived from it.
   *
   * @param config - the result of `getConfig`.
   */
  static fromConfig<R extends Reduction = DefaultReduction, P extends DtypePolicy = DtypePolicy>(
    config: LossOptions<R, P> & FormulaOptions,
  ): SquaredHinge<R, P> {
    if (this === SquaredHinge) checkConfig(spec, config);
    return new this(config as LossOptions<R, P, SignedEncoding>);
  }
}

/**
 * The mean squared hinge loss of all samples: see {@link squaredHinge}.
 *
 * @throws TypeError or RangeError if an option is unknown or invalid.
 * @example
 * ```ts
 * import { SquaredHinge } from "maxmargin/metrics";
 *
 * const metric = new SquaredHinge();
 * metric.updateState([[0, 1]], [[0.5, 0.5]]);
 * metric.result(); //=> 1.25
 * ```
 * @see Keras, `keras.metrics.SquaredHinge`
 */
export class SquaredHingeMetric<P extends DtypePolicy = DtypePolicy> extends Metric<P> {
  static override readonly name = "SquaredHinge";

  /** @param options - see {@link MetricOptions} and {@link MarginOptions}. */
  constructor(options: MetricOptions<P, SignedEncoding> & MarginOptions = {}) {
    super(spec, options);
  }

  /**
   * Creates a metric of this class, or of one derived from it.
   *
   * @param config - the result of `getConfig`.
   */
  static fromConfig<P extends DtypePolicy = DtypePolicy>(
    config: MetricOptions<P> & FormulaOptions,
  ): SquaredHingeMetric<P> {
    if (this === SquaredHingeMetric) checkMetricConfig(spec, config);
    return new this(config as MetricOptions<P, SignedEncoding>);
  }
}

export const definition = defineLoss({
  spec,
  package: "keras",
  function: squaredHinge,
  Loss: SquaredHinge,
  Metric: SquaredHingeMetric,
});
