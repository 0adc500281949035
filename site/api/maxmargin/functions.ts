/**
 * The plain functions, such as `hinge`, return the losses of the rows. These functions compute
 * gradients of them, and compute them without blocking the event loop.
 *
 * @module Gradients and async calls of functions
 */
export {
  callAsync,
  type FunctionOptions,
  gradient,
  gradientAsync,
  type RowLoss,
  valueAndGradient,
  valueAndGradientAsync,
} from "maxmargin";
