import { derivativeOfPositivePart, marginOf, positivePart, rounded } from "./arithmetic.js";
import { hingeBlocks } from "./hinge-blocks.js";
import type { ElementwiseSpec } from "./spec.js";

/** max(0, 1 - y p) */
export const hingeSpec: ElementwiseSpec = {
  name: "hinge",
  family: "elementwise",
  labels: ["auto", "signed"],

  writeTerms(tile, at, n, terms) {
    const { wide, labels: y, predictions: p } = tile;
    const j = tile.labelsAt + at;
    const k = tile.predictionsAt + at;
    for (let i = 0; i < n; i++) terms[i] = positivePart(marginOf(wide, y[j + i], p[k + i]));
  },

  writeDerivatives(tile, at, n, derivatives) {
    const { wide, labels: y, predictions: p } = tile;
    const j = tile.labelsAt + at;
    const k = tile.predictionsAt + at;
    for (let i = 0; i < n; i++) {
      const margin = marginOf(wide, y[j + i], p[k + i]);
      derivatives[i] = rounded(wide, y[j + i] * -derivativeOfPositivePart(margin));
    }
  },

  addBlocks: hingeBlocks(false),
};
