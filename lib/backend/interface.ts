import type { LossSpec } from "../losses/spec.js";
import type { RowTensor } from "../tensor/tensor.js";
import type { Call, RowRange } from "./call.js";
import type { Totals } from "./totals.js";

/** The end of an evaluation in another thread. */
export interface Evaluated {
  /** Whether labels were read as 0 and 1. */
  readonly wasBinary: boolean;
  readonly milliseconds: number;
}

/** A way to evaluate batches. All give the same bits. */
export interface Backend {
  /** Async calls of up to so many values are evaluated at once; the first slice of others has as many. */
  readonly valuesAtOnce: number;
  /**
   * Sums the losses of the rows of a row-major batch, or the terms of an elementwise loss, in the dtype with
   * a code: the shortest way.
   */
  sum(spec: LossSpec, code: number, labels: RowTensor, predictions: RowTensor): number;
  /** Evaluates rows of a batch, adds them to the totals, and returns whether labels were read as 0 and 1. */
  evaluate(call: Call, range: RowRange, totals: Totals): boolean;
  /** The same in another thread, of memory that nobody can take away meanwhile. */
  evaluateInBackground?(call: Call, range: RowRange, totals: Totals): Promise<Evaluated>;
}
