import type { Batch, LabelKind } from "./batch.js";

/** The result of a case: a number for the batch, one for each row, or rows of one for each value. */
export type Answer = number | Float32Array | readonly number[] | readonly (readonly number[])[];

/** A way to compute a case: prepares a batch, which is not timed, and returns the call that is. */
export type Way = (batch: Batch) => () => Answer;

/** What is computed, in three ways. */
export interface BenchCase {
  /** Its name in JSON. */
  readonly name: string;
  readonly title: string;
  readonly labels: LabelKind;
  readonly width: number;
  /** A call of this library. */
  readonly library: Way;
  /** A loop over the same typed arrays, the fastest one of a few lines that we know. */
  readonly loop: Way;
  /** `map` and `reduce` over arrays of rows, as one usually writes JavaScript. */
  readonly mapReduce: Way;
}
