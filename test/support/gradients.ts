import type { LossName } from "./losses.js";

/** How the loss of a row with a margin of `margin` changes with it; of the two at the kink that with a loss. */
const slopeOfMargin = (margin: number) => (Number.isNaN(margin) ? margin : margin >= 0 ? 1 : 0);

/**
 * The derivatives of the loss of one row by its predictions, in double, straight from the formulas. Labels are -1/1 or
 * one-hot.
 */
export function rowGradient(loss: LossName, y: readonly number[], p: readonly number[]): number[] {
  const margins = y.map((label, i) => 1 - label * p[i]);
  switch (loss) {
    case "hinge":
      return y.map((label, i) => (-label * slopeOfMargin(margins[i])) / y.length);
    case "squared_hinge":
      return y.map((label, i) => (-2 * label * Math.max(0, margins[i])) / y.length);
    case "modified_huber":
      return y.map((label, i) => (-2 * label * Math.min(2, Math.max(0, margins[i]))) / y.length);
    case "categorical_hinge": {
      const others = y.map((label, i) => (1 - label) * p[i]);
      const neg = Math.max(...others);
      const pos = y.reduce((sum, label, i) => sum + label * p[i], 0);
      const slope = slopeOfMargin(neg - pos + 1);
      const ties = others.filter((other) => other === neg).length;
      return y.map((label, i) => slope * ((others[i] === neg ? (1 - label) / ties : 0) - label));
    }
  }
}
