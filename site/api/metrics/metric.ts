/**
 * All metrics are classes derived from `Metric`, and have its methods.
 *
 * @module Methods of metrics
 */
export {
  Metric,
  type MetricConfig,
  type MetricOptions,
  type MetricState,
} from "maxmargin/metrics";
