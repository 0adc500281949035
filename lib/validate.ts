import { described, oneOf, wrongKind, wrongValue } from "./errors.js";
import type { LabelData } from "./kernels.js";
import { checkLength, RowTensor } from "./tensor.js";

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

export function checkName(name: unknown): asserts name is string {
  if (typeof name !== "string") throw wrongKind("name", "a string", described(name));
}

/** Labels that the kernels read where they are. */
export interface Labels {
  readonly labelType: number;
  readonly data: LabelData;
}

/**
 * Checks labels and predictions when no foreign code can run any longer: are they as long as their shapes
 * say, and of dtypes that can be computed with.
 *
 * @returns whether they have one shape, of at least one axis; other shapes may still broadcast.
 */
export function checkArguments(labels: RowTensor, predictions: RowTensor): boolean {
  checkLength(labels, "yTrue");
  checkLength(predictions, "yPred");
  if (predictions.dtype !== "float32") {
    throw wrongKind("yPred", "float32 predictions", `${predictions.dtype} predictions`);
  }
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

/** Labels where the kernels read their dtype in place, and otherwise as float32. */
export function inPlace(labels: RowTensor): Labels {
  return (labels.labelType === undefined ? toFloats(labels) : labels) as Labels;
}

function toFloats({ data, shape }: RowTensor): RowTensor {
  const labels = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) labels[i] = Number(data[i]);
  return new RowTensor(labels, shape, "float32");
}
