import type { Formula } from "../losses/spec.js";
import type { Results } from "../tensor/cast.js";
import type { FloatDtype, TensorData } from "../tensor/dtypes.js";
import type { RowTensor } from "../tensor/tensor.js";
import type { Call, RowRange } from "./call.js";
import type { Totals } from "./totals.js";

/** The end of an evaluation of some rows. */
export interface Evaluated {
  /** Whether labels were read as 0 and 1. */
  readonly wasBinary: boolean;
  readonly milliseconds: number;
}

/**
 * A batch for the fast paths: row-major, without weights, with rows that are not empty, and one label
 * per prediction, or one class id per row.
 */
export interface PlainBatch {
  readonly formula: Formula;
  readonly dtype: FloatDtype;
  readonly labels: RowTensor;
  readonly predictions: RowTensor;
  /** The array that was passed for results, which may share memory with the batch. */
  readonly out: unknown;
}

/**
 * An implementation that evaluates batches. All implementations return the same bits. The fast paths
 * give up if the encoding lacks a label, if an array is not what its tensor says, or if results
 * share, or may share, memory with it: then the checks before `evaluate` say what is wrong.
 */
export interface Backend {
  /**
   * Async calls of up to this many values are evaluated at once. The first slice of longer ones has
   * this many.
   */
  readonly valuesAtOnce: number;
  /**
   * Sums the losses of the rows, or the terms of an elementwise loss, in the dtype with this code.
   * Returns undefined if it gives up.
   */
  sum(
    formula: Formula,
    code: number,
    labels: RowTensor,
    predictions: RowTensor,
  ): number | undefined;
  /** Writes the losses of the rows to `out`, or to a new array. Returns false if it gives up. */
  rows?(batch: PlainBatch, losses: TensorData): boolean;
  /**
   * Writes the gradient of the sum, divided, and the losses of the rows if there is a new array for
   * them. Returns the sum, or undefined if it gives up.
   */
  gradient?(
    batch: PlainBatch,
    divisor: number,
    gradient: TensorData,
    losses: Results | undefined,
  ): number | undefined;
  /**
   * Evaluates rows of a batch, adds them to the totals, and returns whether labels were read as 0
   * and 1.
   */
  evaluate(call: Call, range: RowRange, totals: Totals): boolean;
  /** Does the same in another thread, for memory that cannot be taken away in the meantime. */
  evaluateInBackground?(call: Call, range: RowRange, totals: Totals): Promise<Evaluated>;
}
