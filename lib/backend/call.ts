import { type Formula, type LabelEncoding, weighsRows } from "../losses/spec.js";
import type { RawArray, Results } from "../tensor/cast.js";
import type { RowTensor } from "../tensor/tensor.js";

/**
 * The result of a call: the sum of the losses, the losses of the rows, the gradient, or the sums of
 * weights and mask alone. `clear` computes nothing, and writes zeros in place of a gradient.
 */
export type Operation = "sum" | "rows" | "gradient" | "weights" | "clear";

/** An array, and its layout over the logical shape of the batch. */
export interface Operand {
  readonly values: RawArray;
  /** The code of the dtype. */
  readonly code: number;
  /**
   * Element strides over the axes of {@link Call.shape}, 0 if values repeat along an axis;
   * undefined for row-major values.
   */
  readonly strides: readonly number[] | undefined;
  /** The index of the first value. */
  readonly offset: number;
}

/** The row-major output for losses of rows. */
export interface LossesOperand extends Operand {
  readonly values: Results;
}

/**
 * The output for a gradient. If it has strides, its values are doubles, to which the derivatives of
 * repeated predictions are added.
 */
export interface GradientOperand extends Operand {
  readonly values: Results;
}

/**
 * The arguments of one evaluation of a batch, or of a part of its rows. No user code runs after
 * they have been read.
 */
export interface Call {
  readonly operation: Operation;
  /** The loss. Its margin is a value of the dtype that the call computes in. */
  readonly formula: Formula;
  /** The encoding of the labels of this call: `auto` may turn out to be `signed`. */
  readonly encoding: LabelEncoding;
  /** The code of the dtype that labels, predictions and weights are cast to. */
  readonly code: number;
  /** One label per value or, if they are class ids, per row of predictions. */
  readonly labels: Operand;
  readonly predictions: Operand;
  /** One value per row, as in `mask`. */
  readonly weights: Operand | undefined;
  readonly mask: Operand | undefined;
  /** A value of the computed dtype for each class. */
  readonly classWeights: Float64Array | undefined;
  /** The logical shape if an operand has strides: `rows * width` values, in row-major order. */
  readonly shape: readonly number[] | undefined;
  /** The rows of the whole batch. */
  readonly rows: number;
  readonly width: number;
  /** The values of a row of predictions: the width, unless the call is flat. */
  readonly classes: number;
  /** The divisor of gradients. */
  readonly divisor: number;
  /** The output for the weighted losses of the rows. */
  readonly losses: LossesOperand | undefined;
  readonly gradient: GradientOperand | undefined;
  /** Whether the call sums terms regardless of rows. Each value then counts as a row of width 1. */
  readonly isFlat: boolean;
}

/** Returns an array of a dtype as an operand, row-major and from its first value on. */
export const rowMajorOperand = <T extends RawArray>(values: T, code: number) => ({
  values,
  code,
  strides: undefined,
  offset: 0,
});

/**
 * Returns the call for a row-major batch without weights, by default the one that sums its losses,
 * or the terms of an elementwise loss.
 */
export function plainCall(
  formula: Formula,
  code: number,
  labels: RowTensor,
  predictions: RowTensor,
  operation: Operation = "sum",
): Call {
  const { rows, width } = predictions;
  const isFlat = formula.spec.family === "elementwise" && operation !== "rows";
  return {
    operation,
    formula,
    encoding: formula.labels,
    code,
    labels: rowMajorOperand(labels.stored, labels.code),
    predictions: rowMajorOperand(predictions.stored, predictions.code),
    weights: undefined,
    mask: undefined,
    classWeights: undefined,
    shape: undefined,
    rows: isFlat ? rows * width : rows,
    width: isFlat ? 1 : width,
    classes: width,
    divisor: 1,
    losses: undefined,
    gradient: undefined,
    isFlat,
  };
}

/** Whether a call reads labels: sums of weights depend on them only if classes have weights. */
export const readsLabels = ({ operation, formula }: Call) =>
  operation !== "weights" || weighsRows(formula);

/** Whether the rows of a call have weights or can be left out. */
export const isWeighted = ({ weights, mask, formula }: Call) =>
  weights !== undefined || mask !== undefined || weighsRows(formula);

/**
 * The rows of a batch that one step of an evaluation computes. The first is a multiple of
 * {@link rowsOfGroup}.
 */
export interface RowRange {
  readonly first: number;
  readonly end: number;
}

/**
 * The number of values that are added in a fixed order before sums are merged: part of the numeric
 * contract.
 */
export const chunkSize = 8192;

/** Returns the number of rows that make up about a chunk. */
export const rowsOfGroup = (width: number) =>
  Math.max(1, Math.floor(chunkSize / Math.max(1, width)));
