import "./start.js";

export type { Background, Returned, Settled, SettledGradient, SettledOne } from "./async.js";
export { type BackendInfo, backend, setBackend, setNumThreads } from "./backend.js";
export { type DtypePolicy, floatx, setFloatx } from "./config.js";
export type { Dtype, FloatDtype, TensorData } from "./dtypes.js";
export type { LossValue, Output, Weighting } from "./evaluate.js";
export {
  callAsync,
  categoricalHinge,
  gradient,
  gradientAsync,
  hinge,
  type RowLoss,
  squaredHinge,
  valueAndGradient,
  valueAndGradientAsync,
} from "./functional.js";
export type { GradientOptions, GradientOutput, ValueAndGradient } from "./gradients.js";
export {
  CategoricalHinge,
  Hinge,
  Loss,
  type LossConfig,
  type LossOptions,
  SquaredHinge,
} from "./losses.js";
export * as metrics from "./metrics.js";
export {
  type AnyLoss,
  type CustomObjects,
  deserialize,
  get,
  type Serialized,
  serialize,
} from "./registry.js";
export {
  type Nested,
  type ResultDtype,
  type Tensor,
  type TensorLike,
  type TensorOf,
  tensor,
} from "./tensor.js";
export type { Reduction } from "./validate.js";
