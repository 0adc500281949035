import type { CategoricalHingeMetric } from "../losses/categorical-hinge.js";
import type { CrammerSingerMetric } from "../losses/crammer-singer.js";
import type { HingeMetric } from "../losses/hinge.js";
import { definitions, ownNames } from "../losses/list.js";
import type { ModifiedHuberMetric } from "../losses/modified-huber.js";
import type { SquaredHingeMetric } from "../losses/squared-hinge.js";
import type { WestonWatkinsMetric } from "../losses/weston-watkins.js";
import { Metric } from "../metrics/metric.js";
import { type CustomObjects, type Found, Registry, type Serialized } from "./registry.js";

/** Any of the metrics. */
export type AnyMetric = Metric;

const metrics = new Registry<AnyMetric>(
  { name: "keras.metrics", wrapper: "MeanMetricWrapper" },
  (value): value is AnyMetric => value instanceof Metric,
  Object.fromEntries(
    definitions.flatMap(({ Metric, spec }) => [
      [Metric.name, Metric],
      [spec.name, Metric],
    ]),
  ) as CustomObjects<AnyMetric>,
  ownNames,
);

/**
 * Finds a metric by Keras's identifiers.
 *
 * @param identifier - `"hinge"` or `"Hinge"` and so on, or such a class, for a new instance;
 *   `{ class_name, config }` as for {@link deserialize}; a metric or a function, which is returned
 *   unchanged; null.
 * @returns an instance, a function, or null for null.
 * @throws TypeError or RangeError if it is none of these, or its config is invalid.
 * @example
 * ```ts
 * import { metrics } from "maxmargin";
 *
 * metrics.get("squared_hinge").getConfig(); //=> { name: "squared_hinge", dtype: "float32" }
 * ```
 * @see Keras, `keras.metrics.get`
 */
export function get(identifier: "hinge" | "Hinge"): HingeMetric;
export function get(identifier: "squared_hinge" | "SquaredHinge"): SquaredHingeMetric;
export function get(identifier: "categorical_hinge" | "CategoricalHinge"): CategoricalHingeMetric;
export function get(identifier: "modified_huber" | "ModifiedHuber"): ModifiedHuberMetric;
export function get(identifier: "crammer_singer" | "CrammerSinger"): CrammerSingerMetric;
export function get(identifier: "weston_watkins" | "WestonWatkins"): WestonWatkinsMetric;
export function get<M extends AnyMetric | null>(identifier: M): M;
export function get(identifier: unknown): Found<AnyMetric> | null;
export function get(identifier: unknown): Found<AnyMetric> | null {
  return metrics.get(identifier);
}

/**
 * Saves the configuration of a metric as Keras does, without its state: see
 * {@link Metric.getState}.
 *
 * @param metric - a metric of this library.
 * @returns an object that {@link deserialize} and `keras.metrics.deserialize` accept, also as JSON.
 * @throws TypeError if it is not a metric.
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
 * @param config - the result of {@link serialize} or of Keras's own, `{ class_name, config }`, a
 *   name, or null. Its `dtype` can be a policy that Keras has saved, and its class Keras's
 *   `MeanMetricWrapper` of one of the functions.
 * @param customObjects - other classes, with a static `fromConfig`, and functions, by their names:
 *   `"Name"`, or `"package>Name"` for classes registered by Keras's `register_keras_serializable`.
 * @returns a metric or a function; an unknown name is returned unchanged, and null for null.
 * @throws TypeError or RangeError if the config is invalid, or a registered class is not among the
 *   custom objects.
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
