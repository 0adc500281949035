// Fast paths for batches that `isPlain` describes. On a small batch, planning takes longer than the
// addon.
import { backendFor } from "../backend/backend.js";
import type { PlainBatch } from "../backend/interface.js";
import type { Formula } from "../losses/spec.js";
import { newResults, roundTo } from "../tensor/cast.js";
import type { FloatDtype, TensorData } from "../tensor/dtypes.js";
import { rowShape } from "../tensor/shapes.js";
import type { RowTensor, TensorOf } from "../tensor/tensor.js";
import { isForResults, resultTensor } from "./out.js";
import { isUnreduced, type Reduction, termsOfRow } from "./reduction.js";

/** Whether the margin of a formula is a value of a dtype. */
export const holdsMargin = (dtype: FloatDtype, { margin }: Formula) =>
  roundTo(dtype, margin) === margin;

/**
 * Returns the number of values that {@link plainSum} adds up in a row: its terms, if the loss is
 * elementwise, or its loss.
 */
export const termsOfSum = ({ spec }: Formula, width: number) =>
  spec.family === "elementwise" ? width : 1;

/** Returns the divisor of a sum of losses. */
const divisorOf = ({ rows }: RowTensor, reduction: Reduction) =>
  reduction === "sum" || isUnreduced(reduction) ? 1 : rows;

/** Returns the divisor of {@link plainSum}. */
export const plainDivisor = (formula: Formula, predictions: RowTensor, reduction: Reduction) =>
  termsOfSum(formula, predictions.width) * divisorOf(predictions, reduction);

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

/** Returns the array for n results, or undefined if the one that was passed cannot hold them. */
function resultsOf({ dtype, out }: PlainBatch, n: number): TensorData | undefined {
  if (out === undefined) return newResults(dtype, n);
  return isForResults(out, dtype) ? out : undefined;
}

/** Computes the losses of rows. Returns undefined if the backend has no fast path, or gives up. */
export function plainRows(batch: PlainBatch): TensorOf<FloatDtype> | undefined {
  const { dtype, predictions, out } = batch;
  const { rows, width, shape } = predictions;
  const backend = backendFor(rows * width);
  if (backend.rows === undefined) return undefined;
  const losses = resultsOf(batch, rows);
  if (losses === undefined || !backend.rows(batch, losses)) return undefined;
  return resultTensor(dtype, losses, rowShape(shape), predictions, out);
}

/**
 * Computes the loss and its gradient. Returns undefined if the backend has no fast path, or gives up.
 */
export function plainGradient(batch: PlainBatch, reduction: Reduction) {
  const { formula, dtype, predictions, out } = batch;
  const { rows, width, shape } = predictions;
  const backend = backendFor(rows * width);
  if (backend.gradient === undefined) return undefined;
  const results = resultsOf(batch, rows * width);
  if (results === undefined) return undefined;
  const losses = isUnreduced(reduction) ? newResults(dtype, rows) : undefined;
  const divisor = divisorOf(predictions, reduction) * termsOfRow({ formula, width });
  const sum = backend.gradient(batch, divisor, results, losses);
  if (sum === undefined) return undefined;
  const value =
    losses === undefined
      ? roundTo(dtype, sum / plainDivisor(formula, predictions, reduction))
      : resultTensor(dtype, losses, rowShape(shape), predictions);
  return { value, gradient: resultTensor(dtype, results, shape, predictions, out) };
}
