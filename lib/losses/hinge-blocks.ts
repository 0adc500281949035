import type { ElementwiseSpec } from "./spec.js";

const round = Math.fround;

/**
 * Returns max(0, margin - y p) or its square, without a branch, which random signs would mispredict.
 * A violation of -Infinity becomes NaN.
 */
function term(squared: boolean, margin: number, y: number, p: number): number {
  const violation = round(margin - round(y * p));
  const loss = (violation + Math.abs(violation)) * 0.5;
  return squared ? round(loss * loss) : loss;
}

/**
 * Creates the `addBlocks` of hinge or squared hinge, see {@link ElementwiseSpec}. The loop is too
 * long to be inlined, so its terms are always inlined into it, whatever else the compiler inlines
 * into its callers.
 */
export const hingeBlocks = (squared: boolean): NonNullable<ElementwiseSpec["addBlocks"]> =>
  function addBlocks(tile, at, blocks, lanes, sums) {
    const { margin, labels: y, predictions: p } = tile;
    let j = tile.labelsAt + at;
    let k = tile.predictionsAt + at;
    for (let n = 0; n < blocks; n++) {
      for (let lane = 0; lane < lanes; lane++) {
        const a = term(squared, margin, y[j], p[k]);
        const b = term(squared, margin, y[j + lanes], p[k + lanes]);
        const c = term(squared, margin, y[j + 2 * lanes], p[k + 2 * lanes]);
        const d = term(squared, margin, y[j + 3 * lanes], p[k + 3 * lanes]);
        const e = term(squared, margin, y[j + 4 * lanes], p[k + 4 * lanes]);
        const f = term(squared, margin, y[j + 5 * lanes], p[k + 5 * lanes]);
        const g = term(squared, margin, y[j + 6 * lanes], p[k + 6 * lanes]);
        const h = term(squared, margin, y[j + 7 * lanes], p[k + 7 * lanes]);
        sums[lane] += round(
          round(round(a + e) + round(c + g)) + round(round(b + f) + round(d + h)),
        );
        j++;
        k++;
      }
      j += 7 * lanes;
      k += 7 * lanes;
    }
  };
