import { derivativeOfPositivePart, positivePart, rounded } from "./arithmetic.js";
import type { ClassMaxSpec } from "./spec.js";

/** (1 - y) p */
const otherOf = (wide: boolean, y: number, p: number) => rounded(wide, rounded(wide, 1 - y) * p);

/** max(0, neg - pos + 1) with neg = max((1 - y) p), pos = sum(y p) */
export const categoricalHingeSpec: ClassMaxSpec = {
  name: "categorical_hinge",
  family: "classMax",
  labels: ["signed"],

  writeTerms(tile, at, n, terms, largest) {
    const { wide, labels: y, predictions: p } = tile;
    const j = tile.labelsAt + at;
    const k = tile.predictionsAt + at;
    let max = largest.value;
    for (let i = 0; i < n; i++) {
      const other = otherOf(wide, y[j + i], p[k + i]);
      if (other > max) max = other;
      // A comparison loses a NaN, a sum never does.
      terms[i] = Number.isNaN(other) ? other : rounded(wide, y[j + i] * p[k + i]);
    }
    largest.value = max;
  },

  lossOfRow: (pos, neg) => positivePart(neg - pos + 1),

  derivativeOfRow: (pos, neg) => derivativeOfPositivePart(neg - pos + 1),

  countTies(tile, at, n, max) {
    const { wide, labels: y, predictions: p } = tile;
    const j = tile.labelsAt + at;
    const k = tile.predictionsAt + at;
    let ties = 0;
    for (let i = 0; i < n; i++) if (otherOf(wide, y[j + i], p[k + i]) === max) ties++;
    return ties;
  },

  writeDerivatives(tile, at, n, { value, share }, derivatives) {
    const { wide, labels: y, predictions: p } = tile;
    const j = tile.labelsAt + at;
    const k = tile.predictionsAt + at;
    for (let i = 0; i < n; i++) {
      const ofMax = otherOf(wide, y[j + i], p[k + i]) === value ? share : 0;
      derivatives[i] = rounded(wide, rounded(wide, rounded(wide, 1 - y[j + i]) * ofMax) - y[j + i]);
    }
  },
};
