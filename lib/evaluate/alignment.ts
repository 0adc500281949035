// Labels that belong to predictions without broadcasting.
import { type Formula, weighsRows } from "../losses/spec.js";
import { sameShape } from "../tensor/shapes.js";
import type { RowTensor } from "../tensor/tensor.js";

/**
 * Whether a batch can take the fast path: its rows count alike and are not empty, labels and
 * predictions are row-major, and labels have the shape of the predictions, or, if they are class ids,
 * of the rows.
 */
export function isPlain(formula: Formula, labels: RowTensor, predictions: RowTensor): boolean {
  const { shape, rows, width } = predictions;
  if (weighsRows(formula)) return false;
  if (labels.layout !== undefined || predictions.layout !== undefined) return false;
  if (shape.length === 0 || rows === 0 || width === 0) return false;
  return areFitting(formula, labels, predictions);
}

/** Whether labels have the shape of the predictions, or, if they are class ids, of the rows. */
export const areFitting = (formula: Formula, labels: RowTensor, predictions: RowTensor): boolean =>
  formula.labels === "sparse" ? areIds(labels, predictions) : areAlike(labels, predictions);

/** Whether two tensors have the same shape. */
function areAlike(labels: RowTensor, { shape, rows, width }: RowTensor): boolean {
  const fit =
    labels.shape.length === shape.length && labels.rows === rows && labels.width === width;
  // Reading the elements of frozen arrays is slow, and up to two axes are known by now.
  return fit && (shape.length <= 2 || sameShape(labels.shape, shape));
}

/** Whether class ids have the shape of rows, with or without an axis of their own. */
function areIds(ids: RowTensor, { shape, rows }: RowTensor): boolean {
  const axes = shape.length - 1;
  const haveOwnAxis = ids.shape.length === shape.length && ids.width === 1;
  const fit = (haveOwnAxis || ids.shape.length === axes) && ids.rows * ids.width === rows;
  if (!fit || axes <= 1) return fit;
  for (let axis = 0; axis < axes; axis++) if (ids.shape[axis] !== shape[axis]) return false;
  return true;
}
