/**
 * Arguments are anything array-like: typed arrays with a shape, nested lists, and objects of other
 * libraries. Results are tensors.
 *
 * @module Tensors
 */
export {
  column,
  type Nested,
  type NestedNumbers,
  oneHot,
  type Tensor,
  type TensorArray,
  type TensorData,
  type TensorLike,
  type TensorObject,
  type TensorOf,
  tensor,
} from "maxmargin";
