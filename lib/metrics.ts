// biome-ignore-all lint/complexity/noThisInStatic: fromConfig is inherited by classes that users derive.
import "./start.js";
import { roundTo } from "./cast.js";
import { type ComputeDtype, computeDtype, type DtypePolicy } from "./config.js";
import type { FloatDtype } from "./dtypes.js";
import { described, wrongKind } from "./errors.js";
import { readWeighting, rowLosses, type Weighting, weightingOptions } from "./evaluate.js";
import { categoricalHinge, hinge, squaredHinge } from "./functional.js";
import * as kernels from "./kernels.js";
import { toMask } from "./masks.js";
import { nameOf } from "./names.js";
import { checkOptions } from "./options.js";
import { type CustomObjects, type Found, Registry, type Serialized } from "./registry.js";
import { samplewise } from "./samplewise.js";
import { type InspectArguments, inspectCustom, shown } from "./shown.js";
import { checkLength, type RowTensor, type TensorLike } from "./tensor.js";
import { product, toDoubles } from "./weights.js";

export { categoricalHinge, hinge, squaredHinge };

/** What a metric is made with. */
export interface MetricOptions<P extends DtypePolicy = DtypePolicy> {
  /** By default the metric's own; `null` and `""` draw `hinge`, `hinge_1` and so on. */
  readonly name?: string | null;
  /** What weights are cast to, and results are rounded to; by default what `floatx()` gives. */
  readonly dtype?: P | null;
}

const metricOptions: readonly (keyof MetricOptions)[] = ["name", "dtype"];

/** What {@link Metric.getConfig} gives, in Keras's own words. */
export interface MetricConfig<D extends FloatDtype = FloatDtype> {
  readonly name: string;
  readonly dtype: D;
}

type SavedNumber = number | "NaN" | "Infinity" | "-Infinity";

/** A metric's state, which JSON keeps exactly. */
export interface MetricState {
  readonly total: SavedNumber;
  readonly count: SavedNumber;
}

/** JSON knows no numbers but finite ones. */
const saved = (value: number) =>
  Number.isFinite(value) ? value : (String(value) as Exclude<SavedNumber, number>);

function restored(value: unknown, argument: string): number {
  if (typeof value === "number") return value;
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  throw wrongKind(argument, 'a number, "NaN", "Infinity" or "-Infinity"', described(value));
}

/** What the three metrics have in common: the mean loss over all batches since the last reset. */
export abstract class Metric<P extends DtypePolicy = DtypePolicy> {
  readonly #name: string;
  readonly #dtype: ComputeDtype<P>;
  readonly #loss: number;
  #total = 0;
  #count = 0;

  protected constructor(loss: number, defaultName: string, options: MetricOptions<P>) {
    checkOptions(options, metricOptions);
    this.#loss = loss;
    this.#dtype = computeDtype(options.dtype) as ComputeDtype<P>;
    this.#name = nameOf(options.name, defaultName);
  }

  get name(): string {
    return this.#name;
  }

  /** The dtype of the results. */
  get dtype(): ComputeDtype<P> {
    return this.#dtype;
  }

  /** The weighted sum of the losses of all samples. */
  get total(): number {
    return roundTo(this.#dtype, this.#total);
  }

  /** The number of samples, or the sum of their weights. */
  get count(): number {
    return roundTo(this.#dtype, this.#count);
  }

  /**
   * Adds a batch. If that fails, the state stays as it was.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`, as the function of the same name takes them.
   * @param yPred - predictions of that shape, or of one that broadcasts with it. The losses are computed in their
   *   dtype, and averaged over all axes but the first. A rank-1 batch is one sample.
   * @param options - `sampleWeight`, what the losses are multiplied by and what is counted instead of the samples,
   *   and `mask`, weights of 0 and 1: a number, or shapes that broadcast with `[batch, d0, .. dN-1]`.
   * @throws TypeError or RangeError as the function of the same name, and if weights or mask do not broadcast; RangeError
   *   if a mask has a value that is neither 0 nor 1; TypeError if the options have an unknown key, or are no object.
   */
  updateState(yTrue: TensorLike, yPred: TensorLike, options: Weighting = {}): void {
    checkOptions(options, weightingOptions);
    const { sampleWeight, mask } = readWeighting(options);
    const losses = rowLosses(this.#loss, undefined, yTrue, yPred, false) as RowTensor;
    if (sampleWeight !== undefined) checkLength(sampleWeight, "sampleWeight");
    if (mask !== undefined) checkLength(mask, "mask");
    let weights = sampleWeight && toDoubles(sampleWeight, this.#dtype);
    if (mask !== undefined) {
      const kept = toMask(mask);
      weights = weights === undefined ? kept : product(weights, kept, "mask", "sampleWeight");
    }
    const argument = sampleWeight === undefined ? "mask" : "sampleWeight";
    const { total, count } = samplewise(toDoubles(losses, "float64"), weights, argument);
    this.#total += total;
    this.#count += count;
  }

  /**
   * Tells the mean loss.
   *
   * @returns `total / count`, or 0 if the count is 0.
   */
  result(): number {
    return this.#count === 0 ? 0 : roundTo(this.#dtype, this.#total / this.#count);
  }

  /** Forgets all batches. */
  resetState(): void {
    this.#total = 0;
    this.#count = 0;
  }

  /**
   * Adds what another metric has seen, as if it had been seen here.
   *
   * @throws TypeError if `other` is of another class.
   */
  merge(other: Metric): void {
    if (!(other instanceof Metric) || other.#loss !== this.#loss) {
      throw wrongKind("other", `a metric of the class ${this.constructor.name}`, described(other));
    }
    this.#total += other.#total;
    this.#count += other.#count;
  }

  /**
   * Tells what {@link Metric | the metric} was made with.
   *
   * @returns Keras's config, which `fromConfig` and Keras's own `from_config` take.
   */
  getConfig(): MetricConfig<ComputeDtype<P>> {
    return { name: this.name, dtype: this.#dtype };
  }

  /** Returns what `JSON.stringify` makes of the metric: no state, which is what `getState` is for. */
  toJSON(): Pick<this, "name" | "dtype"> {
    return { name: this.name, dtype: this.dtype };
  }

  /** @internal */
  [inspectCustom](...how: InspectArguments): string {
    const { total, count } = this;
    return shown(this, { ...this.toJSON(), total, count }, how);
  }

  /**
   * Tells all that the metric has seen, unrounded.
   *
   * @returns an object that survives JSON, for `setState` of a metric of the same class anywhere.
   */
  getState(): MetricState {
    return { total: saved(this.#total), count: saved(this.#count) };
  }

  /**
   * Goes on from what another metric has seen.
   *
   * @param state - what `getState` gave.
   * @throws TypeError if it is no such object.
   */
  setState(state: MetricState): void {
    if (typeof state !== "object" || state === null) {
      throw wrongKind("state", "an object { total, count }", described(state));
    }
    const total = restored(state.total, "state.total");
    const count = restored(state.count, "state.count");
    this.#total = total;
    this.#count = count;
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
 * ```
 * @see Keras, `keras.metrics.Hinge`
 */
export class Hinge<P extends DtypePolicy = DtypePolicy> extends Metric<P> {
  constructor(options: MetricOptions<P> = {}) {
    super(kernels.hinge, "hinge", options);
  }

  /** Makes a metric of this class, or of one derived from it, from what `getConfig` returned. */
  static fromConfig<P extends DtypePolicy = DtypePolicy>(config: MetricOptions<P>): Hinge<P> {
    if (this === Hinge) checkOptions(config, metricOptions, "config");
    return new this(config);
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
export class SquaredHinge<P extends DtypePolicy = DtypePolicy> extends Metric<P> {
  constructor(options: MetricOptions<P> = {}) {
    super(kernels.squaredHinge, "squared_hinge", options);
  }

  /** Makes a metric of this class, or of one derived from it, from what `getConfig` returned. */
  static fromConfig<P extends DtypePolicy = DtypePolicy>(
    config: MetricOptions<P>,
  ): SquaredHinge<P> {
    if (this === SquaredHinge) checkOptions(config, metricOptions, "config");
    return new this(config);
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
 * ```
 * @see Keras, `keras.metrics.CategoricalHinge`
 */
export class CategoricalHinge<P extends DtypePolicy = DtypePolicy> extends Metric<P> {
  constructor(options: MetricOptions<P> = {}) {
    super(kernels.categoricalHinge, "categorical_hinge", options);
  }

  /** Makes a metric of this class, or of one derived from it, from what `getConfig` returned. */
  static fromConfig<P extends DtypePolicy = DtypePolicy>(
    config: MetricOptions<P>,
  ): CategoricalHinge<P> {
    if (this === CategoricalHinge) checkOptions(config, metricOptions, "config");
    return new this(config);
  }
}

/** Any of the metrics. */
export type AnyMetric = Metric;

const metrics = new Registry<AnyMetric>(
  "keras.metrics",
  (value): value is AnyMetric => value instanceof Metric,
  {
    Hinge,
    SquaredHinge,
    CategoricalHinge,
    hinge: Hinge,
    squared_hinge: SquaredHinge,
    categorical_hinge: CategoricalHinge,
  },
  "MeanMetricWrapper",
);

/**
 * Finds a metric by Keras's identifiers.
 *
 * @param identifier - `"hinge"` or `"Hinge"` and so on, or such a class, for a new instance; `{ class_name, config }`
 *   as for {@link deserialize}; a metric or a function, which is returned as it is; null.
 * @returns an instance, a function, or null for null.
 * @throws TypeError or RangeError if it is none of these, or its config is not one.
 * @example
 * ```ts
 * import { metrics } from "maxmargin";
 *
 * metrics.get("squared_hinge").getConfig(); //=> { name: "squared_hinge", dtype: "float32" }
 * ```
 * @see Keras, `keras.metrics.get`
 */
export function get(identifier: "hinge" | "Hinge"): Hinge;
export function get(identifier: "squared_hinge" | "SquaredHinge"): SquaredHinge;
export function get(identifier: "categorical_hinge" | "CategoricalHinge"): CategoricalHinge;
export function get<M extends AnyMetric | null>(identifier: M): M;
export function get(identifier: unknown): Found<AnyMetric> | null;
export function get(identifier: unknown): Found<AnyMetric> | null {
  return metrics.get(identifier);
}

/**
 * Saves what a metric was made with as Keras does; what it has seen is another matter: {@link Metric.getState}.
 *
 * @returns JSON that {@link deserialize} and `keras.metrics.deserialize` take.
 * @throws TypeError if it is no metric.
 * @example
 * ```ts
 * import { metrics } from "maxmargin";
 *
 * metrics.serialize(new metrics.Hinge()).class_name; //=> "Hinge"
 * ```
 * @see Keras, `keras.metrics.serialize`
 */
export function serialize(metric: AnyMetric): Serialized {
  return metrics.serialize(metric);
}

/**
 * Loads a metric that this library or Keras saved.
 *
 * @param config - what {@link serialize} or Keras's own gives, `{ class_name, config }`, a name, or null. Its `dtype` may be
 *   a policy as Keras saves it, and its class Keras's `MeanMetricWrapper` of one of the three functions.
 * @param customObjects - other classes, with a static `fromConfig`, and functions, by their names: `"Name"`, or
 *   `"package>Name"` for what Keras's `register_keras_serializable` has named.
 * @returns a metric or a function; a name that nothing has comes back as it is, and null for null.
 * @throws TypeError or RangeError if the config is not one, or a class that was registered is not among the custom ones.
 * @example
 * ```ts
 * import { metrics } from "maxmargin";
 *
 * const metric = metrics.deserialize({ class_name: "Hinge", config: { name: "h" } });
 * metric instanceof metrics.Hinge && metric.name; //=> "h"
 * ```
 * @see Keras, `keras.metrics.deserialize`
 */
export function deserialize(
  config: Serialized | string | null,
  customObjects: CustomObjects<AnyMetric> | null = null,
): Found<AnyMetric> | string | null {
  return metrics.deserialize(config, customObjects);
}
