// biome-ignore-all lint/complexity/noThisInStatic: fromConfig is inherited by classes that users derive.
import type { FormulaOptions, MarginOptions, SignedEncoding } from "../evaluate/formula.js";
import type { Reduction } from "../evaluate/reduction.js";
import { checkMetricConfig, Metric, type MetricOptions } from "../metrics/metric.js";
import type { DtypePolicy } from "../tensor/config.js";
import type { TensorOf } from "../tensor/tensor.js";
import type { ResultDtype, TensorLike } from "../tensor/tensor-like.js";
import { derivativeOfPositivePart, positivePart } from "./arithmetic.js";
import { defineLoss, type FunctionOptions, functionSettings, lossesOfRows } from "./definition.js";
import { hingeBlocks } from "./hinge-blocks.js";
import { checkConfig, type DefaultReduction, Loss, type LossOptions } from "./loss.js";
import type { ElementwiseSpec } from "./spec.js";

/** max(0, margin - z) with z = y p. Rounding a violation does not change its sign. */
const hingeOf = (margin: number, product: number) => positivePart(margin - product);

const derivativeOf = (margin: number, product: number) =>
  -derivativeOfPositivePart(margin - product);

export const spec: ElementwiseSpec = {
  name: "hinge",
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
    }
  },

  writeDerivatives(margin, z, n, derivatives) {
    for (let i = 0; i < n; i += 8) {
      derivatives[i] = derivativeOf(margin, z[i]);
      derivatives[i + 1] = derivativeOf(margin, z[i + 1]);
      derivatives[i + 2] = derivativeOf(margin, z[i + 2]);
      derivatives[i + 3] = derivativeOf(margin, z[i + 3]);
      derivatives[i + 4] = derivativeOf(margin, z[i + 4]);
      derivatives[i + 5] = derivativeOf(margin, z[i + 5]);
      derivatives[i + 6] = derivativeOf(margin, z[i + 6]);
      derivatives[i + 7] = derivativeOf(margin, z[i + 7]);
    }
  },

  addBlocks: hingeBlocks(false),
};

const settings = functionSettings(spec);

/**
 * Computes the hinge loss of each row: `mean(max(0, margin - yTrue * yPred))` over the last axis.
 *
 * @param yTrue - labels -1 and 1, shape `[batch, d0, .. dN]`. If every label of the whole tensor is
 *   0 or 1, 0 becomes -1; if any label is neither, no label is converted, and 0 stays 0. With
 *   `labels: "sparse"` class ids, shape `[batch, d0, .. dN-1]` or with a last axis of 1: the label of
 *   the row's class is 1, and all others are -1.
 * @param yPred - predictions of the same shape, or of one that broadcasts with it; beside class ids,
 *   shape `[batch, d0, .. dN]` with a score for each class in the last axis.
 * @param options - `margin`, by default 1; `labels`, by default `"auto"`, `classWeight` and
 *   `ignoreClass`, see {@link LabelOptions}; `out`, an array of the result's dtype with a value for
 *   each row, to write to.
 * @returns losses, shape `[batch, d0, .. dN-1]`, of the dtype of `yPred` if that is float16,
 *   bfloat16, float32 or float64, and otherwise of the dtype that `floatx()` returns. Labels and
 *   predictions are cast to it first.
 * @throws TypeError if an argument is not a tensor-like, an option is unknown or of another kind, or
 *   `out` is of another kind; RangeError if the shapes do not broadcast, if both are `[]`, if data and
 *   shape disagree, if an option is invalid, if `out` has another length or shares memory with an
 *   argument, or if a label is not valid in its encoding: the message names its index and value.
 * @example
 * ```ts
 * import { hinge, tensor } from "maxmargin";
 *
 * const yTrue = tensor(Int8Array.of(0, 1, 0, 0), [2, 2]);
 * const yPred = tensor(Float32Array.of(0.5, -0.5, 0.25, -1), [2, 2]);
 * hinge(yTrue, yPred).data; //=> Float32Array [1.5, 0.625]
 * hinge(yTrue, yPred, { margin: 0.5 }).data; //=> Float32Array [1, 0.375]
 * hinge([0, 1], yPred, { labels: "sparse" }).data; //=> Float32Array [0.5, 1.625]
 * ```
 * @see Keras, `keras.losses.hinge`; scikit-learn, `SGDClassifier(loss="hinge")`, and with a margin of
 *   0 `SGDClassifier(loss="perceptron")`
 */
export function hinge<P extends TensorLike>(
  yTrue: TensorLike,
  yPred: P,
  options?: FunctionOptions<ResultDtype<P>, SignedEncoding> & MarginOptions,
): TensorOf<ResultDtype<P>> {
  return lossesOfRows(settings, yTrue, yPred, options);
}

/**
 * Computes the hinge loss of batches: `mean(max(0, margin - yTrue * yPred))` over the last axis,
 * reduced over the rows. Labels are -1 and 1, 0 and 1, or class ids: see {@link hinge}.
 *
 * @throws TypeError or RangeError if an option is unknown or invalid.
 * @example
 * ```ts
 * import { Hinge, tensor } from "maxmargin";
 *
 * const yTrue = tensor(Int8Array.of(0, 1, 0, 0), [2, 2]);
 * const yPred = tensor(Float32Array.of(0.5, -0.5, 0.25, -1), [2, 2]);
 * new Hinge().value(yTrue, yPred); //=> 1.0625
 * new Hinge({ reduction: "sum" }).value(yTrue, yPred); //=> 2.125
 * new Hinge({ labels: "sparse", classWeight: [1, 3] }).value([0, 1], yPred); //=> 2.6875
 * ```
 * @see Keras, `keras.losses.Hinge`
 */
export class Hinge<
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
  ): Hinge<R, P> {
    if (this === Hinge) checkConfig(spec, config);
    return new this(config as LossOptions<R, P, SignedEncoding>);
  }
}

/**
 * The mean hinge loss of all samples: see {@link hinge}.
 *
 * @throws TypeError or RangeError if an option is unknown or invalid.
 * @example
 * ```ts
 * import { metrics } from "maxmargin";
 *
 * const metric = new metrics.Hinge();
 * metric.updateState([[0, 1], [0, 0]], [[0.5, 0.5], [0.5, -0.5]]);
 * metric.result(); //=> 1
 * metric.updateState([[1, -1]], [[0.5, 0.5]], { sampleWeight: 2 });
 * metric.result(); //=> 1
 * metric.count; //=> 4
 * const ids = new metrics.Hinge({ labels: "sparse", ignoreClass: -1 });
 * ids.updateState([1, -1], [[0.5, 0.5], [0.5, -0.5]]);
 * ids.result(); //=> 1
 * ids.count; //=> 1
 * ```
 * @see Keras, `keras.metrics.Hinge`
 */
export class HingeMetric<P extends DtypePolicy = DtypePolicy> extends Metric<P> {
  static override readonly name = "Hinge";

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
  ): HingeMetric<P> {
    if (this === HingeMetric) checkMetricConfig(spec, config);
    return new this(config as MetricOptions<P, SignedEncoding>);
  }
}

export const definition = defineLoss({
  spec,
  package: "keras",
  function: hinge,
  Loss: Hinge,
  Metric: HingeMetric,
});
