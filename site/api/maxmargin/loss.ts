/**
 * All losses are classes derived from `Loss`, and have its methods: a number, the losses of the rows,
 * a gradient, and async versions of each.
 *
 * @module Methods of losses
 */
export {
  Loss,
  type LossConfig,
  type LossOptions,
  type LossValue,
  type Reduction,
  type ValueAndGradient,
} from "maxmargin";
