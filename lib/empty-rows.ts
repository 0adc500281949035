// Rows without values, of which there may be any number in no memory at all. The loss of each is NaN, as 0 / 0 is.
import { sizeOf } from "./broadcast.js";
import type { Reduction } from "./validate.js";
import { type Doubles, divisorOf, quotient, shapesOfProduct } from "./weights.js";

/**
 * The losses of rows without values, weighted and reduced to a number.
 *
 * @param rows - the shape of the losses.
 * @param argument - what messages call the weights.
 */
export function lossOfEmptyRows(
  rows: readonly number[],
  weights: Doubles | undefined,
  reduction: Reduction,
  argument: string,
): number {
  const shape = weights === undefined ? rows : shapesOfProduct(rows, weights.shape, argument).shape;
  const sum = sizeOf(shape) === 0 ? 0 : Number.NaN;
  return quotient(sum, divisorOf(shape, weights, reduction));
}
