import type { LossSpec } from "../losses/spec.js";
import type { RawArray, Results } from "../tensor/cast.js";

/**
 * What an evaluation computes: the sum of the losses, the losses of the rows, the gradient, the sums of weights and mask
 * alone; or nothing, and writes zeros where a gradient would go.
 */
export type Operation = "sum" | "rows" | "gradient" | "weights" | "clear";

/** An array, and where in it the values of the logical batch lie. */
export interface Operand {
  readonly values: RawArray;
  /** The code of the dtype. */
  readonly code: number;
  /** Element strides over the axes of {@link Call.shape}, 0 where values repeat; undefined for row-major values. */
  readonly strides: readonly number[] | undefined;
  /** Where the first value lies. */
  readonly offset: number;
}

/** Where losses of rows go, row-major. */
export interface LossesOperand extends Operand {
  readonly values: Results;
}

/** Where a gradient goes. Doubles with strides get the derivatives of repeated predictions added up. */
export interface GradientOperand extends Operand {
  readonly values: Results;
}

/** Everything that one evaluation of a batch, or of a part of its rows, takes: no user code runs after it is made. */
export interface Call {
  readonly operation: Operation;
  readonly spec: LossSpec;
  /** Whether labels are -1 and 1 if all of this call are 0 and 1, or are used unchanged. */
  readonly encoding: "auto" | "signed";
  /** The code of the dtype that labels, predictions and weights are cast to. */
  readonly code: number;
  readonly labels: Operand;
  readonly predictions: Operand;
  /** One value a row each. */
  readonly weights: Operand | undefined;
  readonly mask: Operand | undefined;
  /** The logical shape if an operand has strides: `rows * width` values, in row-major order. */
  readonly shape: readonly number[] | undefined;
  /** Of the whole batch. */
  readonly rows: number;
  readonly width: number;
  /** Of gradients. */
  readonly divisor: number;
  /** Where the weighted losses of the rows go. */
  readonly losses: LossesOperand | undefined;
  readonly gradient: GradientOperand | undefined;
  /** Whether terms of values are summed, so that rows need not be told apart: each value is one, with a width of 1. */
  readonly isFlat: boolean;
}

/** The rows of a batch that one step of an evaluation computes: the first a multiple of {@link rowsOfGroup}. */
export interface RowRange {
  readonly first: number;
  readonly end: number;
}

/** Values that are added in a fixed order before anything is merged: part of the numeric contract. */
export const chunkSize = 8192;

/** How many rows make up a chunk. */
export const rowsOfGroup = (width: number) =>
  Math.max(1, Math.floor(chunkSize / Math.max(1, width)));
