import type { Computed } from "../tensor/cast.js";

/** An encoding of labels. The first one that a loss accepts is its default. */
export type LabelEncoding = "auto" | "signed";

/** Properties of all losses. */
interface BaseSpec {
  /** Keras's name: key of the native table and of the registry. */
  readonly name: string;
  /** Accepted encodings of labels, the default first. */
  readonly labels: readonly [LabelEncoding, ...LabelEncoding[]];
}

/**
 * Labels and predictions of up to a chunk of values: in place, or cast to the type of the terms.
 */
export interface Tile {
  /** Whether the arithmetic is float64. */
  wide: boolean;
  labels: Computed;
  /** The index of the first label. */
  labelsAt: number;
  predictions: Computed;
  predictionsAt: number;
}

/**
 * A loss whose row is the mean of one term per value. The sum over a batch is a sum of terms,
 * regardless of rows.
 *
 * All methods compute in float32 arithmetic, or in float64 if the tile is wide, and round after
 * every operation.
 */
export interface ElementwiseSpec extends BaseSpec {
  readonly family: "elementwise";
  /** Writes the terms of n values from `at` on. */
  writeTerms(tile: Tile, at: number, n: number, terms: Float64Array): void;
  /** Writes the derivatives of the terms with respect to the predictions. */
  writeDerivatives(tile: Tile, at: number, n: number, derivatives: Float64Array): void;
  /**
   * Adds blocks of 8 * lanes float32 terms, each folded three times, to the first `lanes` sums.
   * Optional: small batches need no stored terms this way. It may return NaN where a term is
   * infinite.
   */
  addBlocks?(tile: Tile, at: number, blocks: number, lanes: number, sums: Float64Array): void;
}

/**
 * The maximum of a row so far. It is an object, because V8 would allocate a number for every return
 * value.
 */
export interface Largest {
  value: number;
}

/** A loss whose row follows from a sum over its values and a maximum over its classes. */
export interface ClassMaxSpec extends BaseSpec {
  readonly family: "classMax";
  /** Writes the terms of n values of a row, and raises the maximum. */
  writeTerms(tile: Tile, at: number, n: number, terms: Float64Array, largest: Largest): void;
  /** Returns the loss of a row. */
  lossOfRow(sum: number, max: number): number;
  /** Returns the derivative of the loss of a row with respect to its maximum. */
  derivativeOfRow(sum: number, max: number): number;
  /** Counts the values of a row that are its maximum. */
  countTies(tile: Tile, at: number, n: number, max: number): number;
  /**
   * Writes derivatives with respect to the predictions, where each tie has `share` of the maximum.
   */
  writeDerivatives(
    tile: Tile,
    at: number,
    n: number,
    max: { readonly value: number; readonly share: number },
    derivatives: Float64Array,
  ): void;
}

/** A loss: the only place in TypeScript that knows its formula. */
export type LossSpec = ElementwiseSpec | ClassMaxSpec;
