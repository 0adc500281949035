// Labels 0 and 1, which become -1 and 1.
import type { Computed } from "../../tensor/cast.js";

const isBinary = (label: number) => label === 0 || label === 1;

/** Is 0 for 0 and 1 only. It has no branch, which random labels would mispredict. */
const impurityOf = (label: number) => Math.abs(label * (1 - label));

/** Whether n labels, from `at` on, are 0 or 1. */
export function areBinary(labels: Computed, at: number, n: number): boolean {
  for (let i = at; i < at + n; i++) if (!isBinary(labels[i])) return false;
  return true;
}

/** Returns the number of labels at each end of n that are looked at before all are read. */
export const sampleOf = (n: number) => Math.min(8, n);

/** Writes -1 and 1 for n labels, from `at` on, and returns whether all are 0 or 1. */
export function writeSigns(labels: Computed, at: number, n: number, signs: Computed): boolean {
  let impure = 0;
  let i = 0;
  // Four at a time, like products.
  for (; i <= n - 4; i += 4) {
    const a = labels[at + i];
    const b = labels[at + i + 1];
    const c = labels[at + i + 2];
    const d = labels[at + i + 3];
    impure += impurityOf(a) + impurityOf(b) + (impurityOf(c) + impurityOf(d));
    signs[i] = 2 * a - 1;
    signs[i + 1] = 2 * b - 1;
    signs[i + 2] = 2 * c - 1;
    signs[i + 3] = 2 * d - 1;
  }
  for (; i < n; i++) {
    const label = labels[at + i];
    impure += impurityOf(label);
    signs[i] = 2 * label - 1;
  }
  return impure === 0;
}
