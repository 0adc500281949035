/**
 * Keras's identifiers and configs: losses from names and JSON, and back.
 *
 * @module Losses by name
 */
export {
  type AnyLoss,
  type CustomObjects,
  deserialize,
  get,
  type Serialized,
  serialize,
} from "maxmargin";
