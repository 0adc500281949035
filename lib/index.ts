import "./start.js";

export type { Background, Returned, Settled, SettledGradient, SettledOne } from "./async.js";
export { type BackendInfo, backend, setBackend, setNumThreads } from "./backend.js";
export { type DtypePolicy, floatx, setFloatx } from "./config.js";
export { column, tensor } from "./create.js";
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
export { oneHot } from "./one-hot.js";
export {
  type AnyLoss,
  type CustomObjects,
  deserialize,
  get,
  type Serialized,
  serialize,
} from "./registry.js";
export type { NestedNumbers, Tensor, TensorOf } from "./tensor.js";
export type {
  Nested,
  ResultDtype,
  TensorArray,
  TensorLike,
  TensorObject,
} from "./tensor-like.js";
export type { Reduction } from "./validate.js";
