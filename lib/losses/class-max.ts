import { derivativeOfPositivePart, positivePart } from "./arithmetic.js";
import type { ClassMaxSpec } from "./spec.js";

/** Returns a violation that the operations accept, of which -Infinity is as good as any below 0. */
const violationOf = (sum: number, max: number, margin: number) => {
  const violation = max - sum + margin;
  return violation === -Infinity ? -1 : violation;
};

/** The functions of rows that losses with a maximum over classes share: max(0, max - sum + margin) ** power. */
export const rowsOfMax: Pick<ClassMaxSpec, "lossOfRow" | "derivativeOfRow"> = {
  lossOfRow(sum, max, { margin, power }) {
    // Adding 0 turns -0 into 0.
    const hinge = positivePart(violationOf(sum, max, margin)) + 0;
    return power === 2 ? hinge * hinge : hinge;
  },

  derivativeOfRow(sum, max, { margin, power }) {
    const violation = violationOf(sum, max, margin);
    if (power === 2) return 2 * positivePart(violation);
    return Number.isNaN(violation) ? violation : derivativeOfPositivePart(violation);
  },
};
