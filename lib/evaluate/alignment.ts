// Labels that belong to predictions without broadcasting.
import type { Formula } from "../losses/spec.js";
import { sameShape } from "../tensor/shapes.js";
import type { RowTensor } from "../tensor/tensor.js";

/**
 * Whether labels and predictions are row-major, with rows that are not empty, and labels have the
 * shape of the predictions, or, if they are class ids, of the rows.
 */
export function areAligned(
  { labels: encoding }: Formula,
  labels: RowTensor,
  predictions: RowTensor,
): boolean {
  const { shape, rows, width } = predictions;
  if (labels.layout !== undefined || predictions.layout !== undefined) return false;
  if (shape.length === 0 || rows === 0 || width === 0) return false;
  return encoding === "sparse" ? areIds(labels, predictions) : areAlike(labels, predictions);
}

/** Whether two tensors have the same shape. */
export function areAlike(labels: RowTensor, { shape, rows, width }: RowTensor): boolean {
  const fit =
    labels.shape.length === shape.length && labels.rows === rows && labels.width === width;
  // Reading the elements of frozen arrays is slow, and up to two axes are known by now.
  return fit && (shape.length <= 2 || sameShape(labels.shape, shape));
}

/** Whether class ids have the shape of rows, with or without an axis of their own. */
export function areIds(ids: RowTensor, { shape, rows }: RowTensor): boolean {
  const axes = shape.length - 1;
  const haveOwnAxis = ids.shape.length === shape.length && ids.width === 1;
  let fit = (haveOwnAxis || ids.shape.length === axes) && ids.rows * ids.width === rows;
  if (axes > 1)
    for (let axis = 0; fit && axis < axes; axis++) fit = ids.shape[axis] === shape[axis];
  return fit;
}
