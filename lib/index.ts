export { type BackendInfo, backend, setBackend, setNumThreads } from "./backend.js";
export type { LossValue, Weighting } from "./evaluate.js";
export { categoricalHinge, hinge, squaredHinge } from "./functional.js";
export {
  CategoricalHinge,
  Hinge,
  Loss,
  type LossConfig,
  type LossOptions,
  SquaredHinge,
} from "./losses.js";
export {
  type Dtype,
  type Nested,
  type Tensor,
  type TensorData,
  type TensorLike,
  tensor,
} from "./tensor.js";
export type { Reduction } from "./validate.js";
