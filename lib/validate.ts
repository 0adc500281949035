import { described, oneOf, wrongKind, wrongValue } from "./errors.js";
import type { LabelData } from "./kernels.js";
import { checkLength, RowTensor } from "./tensor.js";

/** How the losses of the rows become one number; `null` and `"none"` leave them as they are. */
export type Reduction = "sum" | "sum_over_batch_size" | "mean" | "none" | null;

const reductions = ["sum", "sum_over_batch_size", "mean", "none", null] as const;

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
 * Checks the arguments of a loss against each other, and gives the labels as the kernels take them.
 * Broadcasting, weights, masks and casts have their place here.
 */
export function checkBatch(labels: RowTensor, predictions: RowTensor): Labels {
  checkLength(labels, "yTrue");
  checkLength(predictions, "yPred");
  checkSameShape(labels, predictions);
  if (predictions.dtype !== "float32") {
    throw wrongKind("yPred", "float32 predictions", `${predictions.dtype} predictions`);
  }
  if (predictions.shape.length === 0) throw wrongValue("yPred", "at least one axis", "a scalar");
  return (labels.labelType === undefined ? toFloats(labels) : labels) as Labels;
}

function checkSameShape(labels: RowTensor, predictions: RowTensor): void {
  const rank = predictions.shape.length;
  let same =
    labels.shape.length === rank &&
    labels.rows === predictions.rows &&
    labels.width === predictions.width;
  // Up to rank 2 that was all there is to compare, and small batches are in a hurry.
  for (let axis = 0; same && rank > 2 && axis < rank; axis++) {
    same = labels.shape[axis] === predictions.shape[axis];
  }
  if (same) return;
  throw wrongValue(
    "yTrue",
    `the shape of yPred, [${predictions.shape.join(", ")}]`,
    `[${labels.shape.join(", ")}]`,
  );
}

function toFloats({ data, shape }: RowTensor): RowTensor {
  const labels = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) labels[i] = Number(data[i]);
  return new RowTensor(labels, shape, "float32");
}
