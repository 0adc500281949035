import { derivativeOfPositivePart, positivePart } from "./arithmetic.js";
import type { ClassMaxSpec } from "./spec.js";

/** The functions of rows that losses with a maximum over classes share: max(0, max - sum + margin) ** power. */
export const rowsOfMax: Pick<ClassMaxSpec, "lossOfRow" | "derivativeOfRow"> = {
  lossOfRow(sum, max, { margin, power }) {
    const hinge = positivePart(max - sum + margin);
    return power === 2 ? hinge * hinge : hinge;
  },

  derivativeOfRow(sum, max, { margin, power }) {
    const violation = max - sum + margin;
    return power === 2 ? 2 * positivePart(violation) : derivativeOfPositivePart(violation);
  },
};
