// biome-ignore-all lint/complexity/noThisInStatic: fromConfig is inherited by classes that users derive.
import type { ClassEncoding, FormulaOptions, MarginOptions } from "../evaluate/formula.js";
import type { Reduction } from "../evaluate/reduction.js";
import { checkMetricConfig, Metric, type MetricOptions } from "../metrics/metric.js";
import { rounded } from "../tensor/cast.js";
import type { DtypePolicy } from "../tensor/config.js";
import type { TensorOf } from "../tensor/tensor.js";
import type { ResultDtype, TensorLike } from "../tensor/tensor-like.js";
import { rowsOfMax } from "./class-max.js";
import { defineLoss, type FunctionOptions, functionSettings, lossesOfRows } from "./definition.js";
import { checkConfig, type DefaultReduction, Loss, type LossOptions } from "./loss.js";
import type { ClassMaxSpec, ClassValues } from "./spec.js";

/** (1 - y) p */
const otherOf = (wide: boolean, y: number, p: number) => rounded(wide, rounded(wide, 1 - y) * p);

/** neg - pos, with neg = max((1 - y) p) and pos = sum(y p) */
const ofValues: ClassValues = {
  writeTerms(tile, at, n, terms, largest) {
    const { wide, labels: y, predictions: p } = tile;
    const j = tile.labelsAt + at;
    const k = tile.predictionsAt + at;
    let max = largest.value;
    for (let i = 0; i < n; i++) {
      const other = otherOf(wide, y[j + i], p[k + i]);
      if (other > max) max = other;
      // A comparison can lose a NaN, a sum never does.
      terms[i] = Number.isNaN(other) ? other : y[j + i] * p[k + i];
    }
    largest.value = max;
  },

  countTies(tile, at, n, max) {
    const { wide, labels: y, predictions: p } = tile;
    const j = tile.labelsAt + at;
    const k = tile.predictionsAt + at;
    let ties = 0;
    for (let i = 0; i < n; i++) if (otherOf(wide, y[j + i], p[k + i]) === max) ties++;
    return ties;
  },

  writeDerivatives(tile, at, n, { value, share }, derivatives) {
    const { wide, labels: y, predictions: p } = tile;
    const j = tile.labelsAt + at;
    const k = tile.predictionsAt + at;
    for (let i = 0; i < n; i++) {
      const ofMax = otherOf(wide, y[j + i], p[k + i]) === value ? share : 0;
      derivatives[at + i] = rounded(wide, rounded(wide, 1 - y[j + i]) * ofMax) - y[j + i];
    }
  },
};

/** max(0, neg - pos + margin) */
const spec: ClassMaxSpec = {
  name: "categorical_hinge",
  family: "classMax",
  labels: ["onehot", "sparse"],
  parameters: ["margin"],
  ...rowsOfMax,
  ofValues,
};

const settings = functionSettings(spec);

/**
 * Computes the categorical hinge loss of each row: `max(0, neg - pos + margin)` with
 * `neg = max((1 - yTrue) * yPred)` and `pos = sum(yTrue * yPred)` over the last axis. The row's own
 * class counts as 0 in `neg`; {@link crammerSinger} leaves it out.
 *
 * @param yTrue - one-hot labels, shape `[batch, d0, .. dN]`, which are never converted. With
 *   `labels: "sparse"` class ids, shape `[batch, d0, .. dN-1]` or with a last axis of 1.
 * @param yPred - predictions of the same shape, or of one that broadcasts with it; beside class ids,
 *   shape `[batch, d0, .. dN]` with a score for each class in the last axis. An infinite prediction
 *   gives NaN, as in Keras.
 * @param options - `margin`, by default 1; `labels`, by default `"onehot"`, `classWeight` and
 *   `ignoreClass`, see {@link LabelOptions}; `out`, an array of the result's dtype with a value for
 *   each row, to write to.
 * @returns losses, shape `[batch, d0, .. dN-1]`, of the dtype of `yPred` if that is float16,
 *   bfloat16, float32 or float64, and otherwise of the dtype that `floatx()` returns. Labels and
 *   predictions are cast to it first.
 * @throws TypeError or RangeError as {@link hinge}, and RangeError if the last axis is empty or
 *   one-hot labels would be repeated along it.
 * @example
 * ```ts
 * import { categoricalHinge, oneHot, tensor } from "maxmargin";
 *
 * const yPred = tensor(Float32Array.of(0.5, 1, -0.5, 0.25, 0, 2), [2, 3]);
 * categoricalHinge(oneHot([1, 2], 3), yPred).data; //=> Float32Array [0.5, 0]
 * const ids = Int32Array.of(1, 2);
 * categoricalHinge(ids, yPred, { labels: "sparse" }).data; //=> Float32Array [0.5, 0]
 * categoricalHinge(ids, yPred, { labels: "sparse", margin: 2 }).data; //=> Float32Array [1.5, 0.25]
 * ```
 * @see Keras, `keras.losses.categorical_hinge`; Crammer and Singer, On the Algorithmic
 *   Implementation of Multiclass Kernel-based Vector Machines, 2001
 */
export function categoricalHinge<P extends TensorLike>(
  yTrue: TensorLike,
  yPred: P,
  options?: FunctionOptions<ResultDtype<P>, ClassEncoding> & MarginOptions,
): TensorOf<ResultDtype<P>> {
  return lossesOfRows(settings, yTrue, yPred, options);
}

/**
 * Computes the categorical hinge loss of batches: `max(0, neg - pos + margin)` with
 * `neg = max((1 - yTrue) * yPred)` and `pos = sum(yTrue * yPred)` over the last axis, reduced over
 * the rows. Labels are one-hot, or class ids: see {@link categoricalHinge}.
 *
 * @throws TypeError or RangeError if an option is unknown or invalid.
 * @example
 * ```ts
 * import { CategoricalHinge, oneHot, tensor } from "maxmargin";
 *
 * const yPred = tensor(Float32Array.of(0.5, 1, -0.5, 0.25, 0, 2), [2, 3]);
 * new CategoricalHinge().value(oneHot([1, 2], 3), yPred); //=> 0.25
 * const loss = new CategoricalHinge({ labels: "sparse", ignoreClass: -1 });
 * loss.value(Int32Array.of(1, -1), yPred); //=> 0.5
 * loss.gradient(Int32Array.of(1, -1), yPred).toArray(); //=> [[1, -1, 0], [0, 0, 0]]
 * ```
 * @see Keras, `keras.losses.CategoricalHinge`
 */
export class CategoricalHinge<
  R extends Reduction = DefaultReduction,
  P extends DtypePolicy = DtypePolicy,
> extends Loss<R, P> {
  /** @param options - see {@link LossOptions} and {@link MarginOptions}. */
  constructor(options: LossOptions<R, P, ClassEncoding> & MarginOptions = {}) {
    super(spec, options);
  }

  /**
   * Creates a loss of this class, or of one derived from it.
   *
   * @param config - the result of `getConfig`.
   */
  static fromConfig<R extends Reduction = DefaultReduction, P extends DtypePolicy = DtypePolicy>(
    config: LossOptions<R, P> & FormulaOptions,
  ): CategoricalHinge<R, P> {
    if (this === CategoricalHinge) checkConfig(spec, config);
    return new this(config as LossOptions<R, P, ClassEncoding>);
  }
}

/**
 * The mean categorical hinge loss of all samples: see {@link categoricalHinge}.
 *
 * @throws TypeError or RangeError if an option is unknown or invalid.
 * @example
 * ```ts
 * import { CategoricalHinge } from "maxmargin/metrics";
 *
 * const metric = new CategoricalHinge();
 * metric.updateState([[0, 1]], [[0.5, 0.25]]);
 * metric.result(); //=> 1.25
 * const ids = new CategoricalHinge({ labels: "sparse" });
 * ids.updateState([1], [[0.5, 0.25]]);
 * ids.result(); //=> 1.25
 * ```
 * @see Keras, `keras.metrics.CategoricalHinge`
 */
export class CategoricalHingeMetric<P extends DtypePolicy = DtypePolicy> extends Metric<P> {
  static override readonly name = "CategoricalHinge";

  /** @param options - see {@link MetricOptions} and {@link MarginOptions}. */
  constructor(options: MetricOptions<P, ClassEncoding> & MarginOptions = {}) {
    super(spec, options);
  }

  /**
   * Creates a metric of this class, or of one derived from it.
   *
   * @param config - the result of `getConfig`.
   */
  static fromConfig<P extends DtypePolicy = DtypePolicy>(
    config: MetricOptions<P> & FormulaOptions,
  ): CategoricalHingeMetric<P> {
    if (this === CategoricalHingeMetric) checkMetricConfig(spec, config);
    return new this(config as MetricOptions<P, ClassEncoding>);
  }
}

export const definition = defineLoss({
  spec,
  package: "keras",
  function: categoricalHinge,
  Loss: CategoricalHinge,
  Metric: CategoricalHingeMetric,
});
