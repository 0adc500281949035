import { ExactSum } from "./exact-sum.js";

/**
 * Exact sums over rows: of weighted losses (or terms), of weights where the mask is 1, and of the
 * mask.
 */
export interface Totals {
  /** False if a label is none that the encoding has: then the sums are void. */
  areLabelsValid: boolean;
  /** Whether labels were read as 0 and 1. */
  wasBinary: boolean;
  readonly losses: ExactSum;
  readonly weights: ExactSum;
  readonly kept: ExactSum;
}

export const newTotals = (): Totals => ({
  areLabelsValid: true,
  wasBinary: false,
  losses: new ExactSum(),
  weights: new ExactSum(),
  kept: new ExactSum(),
});

/** Adds the totals of other rows. */
export function addTotals(to: Totals, from: Totals): void {
  to.areLabelsValid &&= from.areLabelsValid;
  to.losses.addAll(from.losses);
  to.weights.addAll(from.weights);
  to.kept.addAll(from.kept);
}

/** Returns the sum of the losses, or undefined if the encoding lacks a label. */
export const sumOfLosses = ({ areLabelsValid, losses }: Totals) =>
  areLabelsValid ? losses.value : undefined;
