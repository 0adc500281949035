import "./start.js";

export { type BackendInfo, backend, setBackend, setNumThreads } from "./backend/backend.js";
export type {
  AsyncOptions,
  GradientOptions,
  OutputOptions,
  WeightOptions,
} from "./evaluate/arguments.js";
export type { ValueAndGradient } from "./evaluate/evaluation.js";
export type {
  ClassEncoding,
  LabelOptions,
  MarginOptions,
  PowerOptions,
  SignedEncoding,
} from "./evaluate/formula.js";
export { PartialLoss, type SavedPartialLoss, type SavedSum } from "./evaluate/partial.js";
export type { Reduction } from "./evaluate/reduction.js";
export type { LossValue } from "./evaluate/run.js";
export type { AsyncGradient, AsyncResult, AsyncValueAndGradient } from "./evaluate/run-async.js";
export type { TransferredInputs } from "./evaluate/transfer.js";
export { CategoricalHinge, categoricalHinge } from "./losses/categorical-hinge.js";
export { CrammerSinger, crammerSinger } from "./losses/crammer-singer.js";
export type { FunctionOptions } from "./losses/definition.js";
export {
  callAsync,
  gradient,
  gradientAsync,
  type RowLoss,
  valueAndGradient,
  valueAndGradientAsync,
} from "./losses/functions.js";
export { Hinge, hinge } from "./losses/hinge.js";
export { Loss, type LossConfig, type LossOptions } from "./losses/loss.js";
export { ModifiedHuber, modifiedHuber } from "./losses/modified-huber.js";
export type { LabelEncoding } from "./losses/spec.js";
export { SquaredHinge, squaredHinge } from "./losses/squared-hinge.js";
export { WestonWatkins, westonWatkins } from "./losses/weston-watkins.js";
export * as metrics from "./metrics.js";
export { type AnyLoss, deserialize, get, serialize } from "./registry/losses.js";
export type { CustomObjects, Serialized } from "./registry/registry.js";
export { type DtypePolicy, floatx, setFloatx } from "./tensor/config.js";
export { column, tensor } from "./tensor/create.js";
export type { Dtype, FloatDtype, TensorData } from "./tensor/dtypes.js";
export { oneHot } from "./tensor/one-hot.js";
export type { NestedNumbers, Tensor, TensorOf } from "./tensor/tensor.js";
export type {
  Nested,
  ResultDtype,
  TensorArray,
  TensorLike,
  TensorObject,
} from "./tensor/tensor-like.js";
