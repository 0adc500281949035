import type { CategoricalHingeMetric } from "../losses/categorical-hinge.js";
import type { HingeMetric } from "../losses/hinge.js";
import { definitions } from "../losses/list.js";
import type { SquaredHingeMetric } from "../losses/squared-hinge.js";
import { type CustomObjects, type Found, Registry, type Serialized } from "../registry.js";
import { Metric } from "./metric.js";

/** Any of the metrics. */
export type AnyMetric = Metric;

const metrics = new Registry<AnyMetric>(
  "keras.metrics",
  (value): value is AnyMetric => value instanceof Metric,
  Object.fromEntries(
    definitions.flatMap(({ Metric, spec }) => [
      [Metric.name, Metric],
      [spec.name, Metric],
    ]),
  ) as CustomObjects<AnyMetric>,
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
export function get(identifier: "hinge" | "Hinge"): HingeMetric;
export function get(identifier: "squared_hinge" | "SquaredHinge"): SquaredHingeMetric;
export function get(identifier: "categorical_hinge" | "CategoricalHinge"): CategoricalHingeMetric;
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
