import { described, oneOf, wrongKind, wrongValue } from "./errors.js";
import { type LabelData, labelTypes } from "./kernels.js";
import { checkLength, type RowTensor, toTensor } from "./tensor.js";

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

/** Labels and predictions of one shape, as the kernels take them. */
export interface Batch {
  readonly labelType: number;
  readonly labels: LabelData;
  readonly predictions: Float32Array;
  /** The shape of the predictions; the losses have it without the last axis. */
  readonly shape: readonly number[];
  readonly rows: number;
  readonly width: number;
}

/** Reads both arguments of a loss. Broadcasting, weights, masks and casts have their place here. */
export function toBatch(yTrue: unknown, yPred: unknown): Batch {
  const labels = toTensor(yTrue, "yTrue");
  const predictions = toTensor(yPred, "yPred");
  if (predictions.dtype !== "float32") {
    throw wrongKind("yPred", "float32 predictions", `${predictions.dtype} predictions`);
  }
  checkLength(labels, "yTrue");
  checkLength(predictions, "yPred");
  checkSameShape(labels, predictions);
  if (predictions.shape.length === 0) throw wrongValue("yPred", "at least one axis", "a scalar");
  const { shape, rows, width } = predictions;
  return {
    ...readable(labels),
    predictions: predictions.data as Float32Array,
    shape,
    rows,
    width,
  };
}

function checkSameShape({ shape: labels }: RowTensor, { shape: predictions }: RowTensor): void {
  let same = labels.length === predictions.length;
  for (let axis = 0; same && axis < labels.length; axis++) {
    same = labels[axis] === predictions[axis];
  }
  if (same) return;
  throw wrongValue(
    "yTrue",
    `the shape of yPred, [${predictions.join(", ")}]`,
    `[${labels.join(", ")}]`,
  );
}

/** Labels in place where the kernels read their dtype, and otherwise as float32. */
function readable({ data, dtype }: RowTensor): { labelType: number; labels: LabelData } {
  if (dtype in labelTypes) {
    return {
      labelType: labelTypes[dtype as keyof typeof labelTypes],
      labels: data as LabelData,
    };
  }
  const labels = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) labels[i] = Number(data[i]);
  return { labelType: labelTypes.float32, labels };
}
