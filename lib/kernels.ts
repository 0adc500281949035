import type { Results, Stored } from "./cast.js";

// The numbers by which native/kernels/kernels.h knows losses.
export const hinge = 0;
export const squaredHinge = 1;
export const categoricalHinge = 2;
/** Added to a loss whose labels are not to be taken for 0/1, as they are part of a tensor with others. */
export const asIs = 4;

/**
 * What a batch is, in one number, as native/addon.cpp unpacks it: the loss, and the codes of the dtypes of
 * labels, of predictions, and of the one to which both are cast.
 */
export function kindOfBatch(loss: number, labels: number, predictions: number, as: number): number {
  return loss | (labels << 3) | (predictions << 7) | (as << 11);
}

export const lossOfKind = (kind: number) => kind & 3;
export const isAsIs = (kind: number) => (kind & asIs) !== 0;
export const labelsOfKind = (kind: number) => (kind >> 3) & 15;
export const predictionsOfKind = (kind: number) => (kind >> 7) & 15;
export const castOfKind = (kind: number) => kind >> 11;

/** The codes of the dtypes of weights and of a mask, in one number. */
export const dtypesOfColumns = (weights: number, mask: number) => weights | (mask << 4);

export const weightsOfColumns = (dtypes: number) => dtypes & 15;
export const maskOfColumns = (dtypes: number) => dtypes >> 4;

/** Sums over the rows of a batch. */
export interface Sums {
  /** Of the weighted losses. */
  losses: number;
  /** Of the weights where the mask is not 0. */
  weights: number;
  /** Of the mask; NaN if it has a value that is neither 0 nor 1. */
  kept: number;
}

export const noSums: Readonly<Sums> = { losses: 0, weights: 0, kept: 0 };

/** What takes weights, a mask or both. */
type WeightedTotal = (
  kind: number,
  labels: Stored,
  predictions: Stored,
  width: number,
  dtypes: number,
  weights: Stored | undefined,
  mask: Stored | undefined,
) => Sums;

/**
 * What computes: the addon, or lib/fallback.ts. Labels and predictions are row-major, of one length that
 * is a multiple of the row's width, and not empty. Weights, and a mask that is 0 where a loss does not count and
 * else 1, are one a row each.
 */
export interface Kernels {
  /** The sum over all rows: for categorical hinge of their losses, otherwise of their terms. */
  total(kind: number, labels: Stored, predictions: Stored, width: number): number;
  /** The sums of the weighted losses of the rows, of what these weigh, and of the mask. */
  readonly weightedTotal: WeightedTotal;
  /** The sums of what the rows weigh, and of the mask; of losses 0. */
  readonly columnTotal: WeightedTotal;
  /**
   * What `total`, or `weightedTotal` of weighted rows, gives. Writes the derivatives of that by the predictions, each
   * divided by `divisor`, to `gradient`, rounded to the dtype of the batch unless it holds doubles. Where there are
   * `losses`, writes what `rowLosses` gives to them; the sums then say no more than whether the mask is one.
   */
  gradient(
    kind: number,
    labels: Stored,
    predictions: Stored,
    width: number,
    divisor: number,
    gradient: Results,
    losses: Results | undefined,
    dtypes: number,
    weights: Stored | undefined,
    mask: Stored | undefined,
  ): Sums;
  /**
   * Writes the weighted loss of each row, rounded to the dtype of the batch unless `out` holds doubles.
   *
   * @returns false if the mask has a value that is neither 0 nor 1.
   */
  rowLosses(
    kind: number,
    labels: Stored,
    predictions: Stored,
    width: number,
    out: Results,
    dtypes?: number,
    weights?: Stored,
    mask?: Stored,
  ): boolean;
}
