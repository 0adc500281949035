/**
 * Keras's identifiers and configs: metrics from names and JSON, and back.
 *
 * @module Metrics by name
 */
export { type AnyMetric, deserialize, get, serialize } from "maxmargin/metrics";
