// Fast paths for plain batches: row-major labels and predictions of one shape, without weights. On a
// small batch, planning takes longer than the addon.
import { backendFor } from "../backend/backend.js";
import type { PlainBatch } from "../backend/interface.js";
import type { Formula } from "../losses/spec.js";
import { newResults, roundTo } from "../tensor/cast.js";
import type { FloatDtype } from "../tensor/dtypes.js";
import { rowShape, sameShape } from "../tensor/shapes.js";
import type { RowTensor, TensorOf } from "../tensor/tensor.js";
import { isForResults, resultTensor } from "./out.js";
import { type Reduction, termsOfRow } from "./reduction.js";

/**
 * Whether labels and predictions are row-major and have the same shape, with rows that are not
 * empty.
 */
export function areAlike(labels: RowTensor, predictions: RowTensor): boolean {
  const { shape, rows, width } = predictions;
  let alike = shape.length > 0 && labels.shape.length === shape.length && rows > 0 && width > 0;
  alike &&= labels.layout === undefined && predictions.layout === undefined;
  alike &&= labels.rows === rows && labels.width === width;
  // Reading the elements of frozen arrays is slow, and up to two axes are known by now.
  return alike && (shape.length <= 2 || sameShape(labels.shape, shape));
}

/** Whether the margin of a formula is a value of a dtype. */
export const holdsMargin = (dtype: FloatDtype, { margin }: Formula) =>
  roundTo(dtype, margin) === margin;

/** Returns the divisor of the sum of all terms, for the reductions that return a number. */
export const plainDivisor = (formula: Formula, { rows, width }: RowTensor, reduction: Reduction) =>
  termsOfRow({ formula, width }) * (reduction === "sum" ? 1 : rows);

/**
 * Sums a batch: the losses of its rows, or the terms of an elementwise loss. Returns undefined if the
 * backend gives up.
 */
export function plainSum(
  formula: Formula,
  code: number,
  labels: RowTensor,
  predictions: RowTensor,
): number | undefined {
  return backendFor(predictions.rows * predictions.width).sum(formula, code, labels, predictions);
}

/** Computes the losses of rows. Returns undefined if the backend has no fast path, or gives up. */
export function plainRows(batch: PlainBatch): TensorOf<FloatDtype> | undefined {
  const { dtype, predictions, out } = batch;
  const { rows, width, shape } = predictions;
  const backend = backendFor(rows * width);
  if (backend.rows === undefined) return undefined;
  const losses = out === undefined ? newResults(dtype, rows) : out;
  if (!isForResults(losses, dtype) || !backend.rows(batch, losses)) return undefined;
  return resultTensor(dtype, losses, rowShape(shape), predictions, out);
}

/**
 * Computes the loss, reduced to a number, and its gradient. Returns undefined if the backend has no
 * fast path, or gives up.
 */
export function plainGradient(batch: PlainBatch, reduction: Reduction) {
  const { formula, dtype, predictions, out } = batch;
  const { rows, width, shape } = predictions;
  const backend = backendFor(rows * width);
  if (backend.gradient === undefined) return undefined;
  const results = out === undefined ? newResults(dtype, rows * width) : out;
  if (!isForResults(results, dtype)) return undefined;
  const divisor = plainDivisor(formula, predictions, reduction);
  const sum = backend.gradient(batch, divisor, results);
  if (sum === undefined) return undefined;
  const value = roundTo(dtype, sum / divisor);
  return { value, gradient: resultTensor(dtype, results, shape, predictions, out) };
}
