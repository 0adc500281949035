import { described, oneOf, wrongKind, wrongValue } from "./errors.js";
import { checkLength, type RowTensor } from "./tensor.js";

/** How the losses of the rows become one number; `null` and `"none"` leave them as they are. */
export type Reduction = (typeof reductions)[number];

const reductions = [
  "sum",
  "sum_over_batch_size",
  "mean",
  "mean_with_sample_weight",
  "none",
  null,
] as const;

export function checkReduction(reduction: unknown): asserts reduction is Reduction {
  if (reductions.includes(reduction as Reduction)) return;
  const wrong = typeof reduction === "string" ? wrongValue : wrongKind;
  throw wrong("reduction", oneOf(reductions), described(reduction));
}

/**
 * Checks labels and predictions when no foreign code can run any longer: are they as long as their shapes
 * say.
 *
 * @returns whether they have one shape, of at least one axis; other shapes may still broadcast.
 */
export function checkArguments(labels: RowTensor, predictions: RowTensor): boolean {
  checkLength(labels, "yTrue");
  checkLength(predictions, "yPred");
  const rank = predictions.shape.length;
  let same =
    rank > 0 &&
    labels.shape.length === rank &&
    labels.rows === predictions.rows &&
    labels.width === predictions.width;
  // Up to rank 2 that was all there is to compare, and small batches are in a hurry.
  for (let axis = 0; same && rank > 2 && axis < rank; axis++) {
    same = labels.shape[axis] === predictions.shape[axis];
  }
  return same;
}
