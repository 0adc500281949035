// Columns of a data set, as readers return them and losses receive them.
import type { WeightOptions } from "../evaluate/arguments.js";
import { tensor } from "../tensor/create.js";
import type { Dtype, TensorData } from "../tensor/dtypes.js";
import type { Tensor } from "../tensor/tensor.js";

/** Values of some rows, row by row. */
export interface Column {
  readonly values: TensorData;
  readonly dtype: Dtype;
  /** The number of values in a row. */
  readonly width: number;
}

/** Some rows of a data set. The arrays are valid until the next rows are requested. */
export interface Rows {
  readonly count: number;
  readonly labels: Column;
  readonly predictions: Column;
  readonly sampleWeight: Column | undefined;
  /** The number of each row's group, if rows are grouped. */
  readonly groups: Int32Array | undefined;
}

const shapeOf = ({ width }: Column, count: number) => (width === 1 ? [count] : [count, width]);

/** Returns a column as a tensor, with an axis for its values if there are several or `asRows`. */
export const tensorOf = (column: Column, count: number, asRows = false): Tensor =>
  tensor(column.values, asRows ? [count, column.width] : shapeOf(column, count), column.dtype);

/** Returns rows as the arguments of a loss: labels, predictions and weights. */
export function argumentsOf(rows: Rows): [yTrue: Tensor, yPred: Tensor, options: WeightOptions] {
  const { count, labels, predictions, sampleWeight } = rows;
  const options = sampleWeight === undefined ? {} : { sampleWeight: tensorOf(sampleWeight, count) };
  return [tensorOf(labels, count), tensorOf(predictions, count, true), options];
}

/** The roles of columns that have numbers. */
export const roles = ["labels", "predictions", "sampleWeight"] as const;
export type Role = (typeof roles)[number];

/** The number of labels and of predictions in a row. */
export interface Widths {
  readonly labels: number;
  readonly predictions: number;
}

/** Reads one source. */
export interface Reader {
  /** The number of rows, if it is known before they are read. */
  readonly rows: number | undefined;
  /**
   * Makes `read` return the rows from one on, and before another one, alone. Absent where that takes
   * reading all rows before them.
   */
  readonly seek?: ((first: number, end: number) => void) | undefined;
  /** Tells that the rows from a number on are not needed, so that nothing reads ahead of them. */
  readonly limit?: ((end: number) => void) | undefined;
  read(): AsyncGenerator<Rows, void, undefined>;
  /** The share that has been read, if it is known. */
  progress(): number | undefined;
  close(): Promise<void>;
}
