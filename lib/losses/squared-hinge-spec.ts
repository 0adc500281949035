import { marginOf, positivePart, rounded } from "./arithmetic.js";
import { hingeBlocks } from "./hinge-blocks.js";
import type { ElementwiseSpec } from "./spec.js";

/** max(0, 1 - y p)² */
export const squaredHingeSpec: ElementwiseSpec = {
  name: "squared_hinge",
  family: "elementwise",
  labels: ["auto", "signed"],

  writeTerms(tile, at, n, terms) {
    const { wide, labels: y, predictions: p } = tile;
    const j = tile.labelsAt + at;
    const k = tile.predictionsAt + at;
    for (let i = 0; i < n; i++) {
      const loss = positivePart(marginOf(wide, y[j + i], p[k + i]));
      terms[i] = rounded(wide, loss * loss);
    }
  },

  writeDerivatives(tile, at, n, derivatives) {
    const { wide, labels: y, predictions: p } = tile;
    const j = tile.labelsAt + at;
    const k = tile.predictionsAt + at;
    for (let i = 0; i < n; i++) {
      const loss = positivePart(marginOf(wide, y[j + i], p[k + i]));
      derivatives[i] = rounded(wide, y[j + i] * rounded(wide, -2 * loss));
    }
  },

  addBlocks: hingeBlocks(true),
};
