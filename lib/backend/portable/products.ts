// Products of labels and predictions, of which elementwise losses are functions; and what takes their
// place where labels are class ids: the twin of native/engine/class_tiles.cpp.
import type { Tile } from "../../losses/spec.js";
import type { Computed } from "../../tensor/cast.js";

/** Writes the products of n labels and predictions, rounded by being stored. */
export function writeProducts(tile: Tile, n: number, products: Computed): void {
  const { labels: y, predictions: p } = tile;
  let j = tile.labelsAt;
  let k = tile.predictionsAt;
  let i = 0;
  // V8 checks arrays anew in every step of a loop, so each step is of eight values.
  for (; i <= n - 8; i += 8, j += 8, k += 8) {
    products[i] = y[j] * p[k];
    products[i + 1] = y[j + 1] * p[k + 1];
    products[i + 2] = y[j + 2] * p[k + 2];
    products[i + 3] = y[j + 3] * p[k + 3];
    products[i + 4] = y[j + 4] * p[k + 4];
    products[i + 5] = y[j + 5] * p[k + 5];
    products[i + 6] = y[j + 6] * p[k + 6];
    products[i + 7] = y[j + 7] * p[k + 7];
  }
  for (; i < n; i++, j++, k++) products[i] = y[j] * p[k];
}

/** The classes of the rows of a tile, of which the first and the last may be cut off. */
export interface RowClasses {
  readonly ids: Int32Array;
  /** The column of the tile's first value. */
  readonly column: number;
}

/** Writes labels: 1 for the row's class, and -1 for all others. */
export function writeClassSigns(
  { ids, column }: RowClasses,
  n: number,
  classes: number,
  to: Computed,
): void {
  to.fill(-1, 0, n);
  for (let row = 0, at = -column; at < n; row++, at += classes) {
    const own = at + (ids[row] as number);
    if (own >= 0 && own < n) to[own] = 1;
  }
}

/**
 * Writes the prediction for the row's class minus each of the others. In its own place it has a
 * difference without a loss.
 */
export function writeDifferences(
  { ids, column, predictions: p, predictionsAt: k, margin }: Tile & RowClasses & { margin: number },
  { n, classes }: { readonly n: number; readonly classes: number },
  own: number | undefined,
  to: Computed,
): void {
  const beyondMargin = 2 * margin + 1;
  for (let row = 0, at = 0; at < n; row++, at += classes) {
    const place = at - column + (ids[row] as number);
    const ofClass = own ?? p[k + place];
    const end = Math.min(at + classes, n);
    let i = at;
    for (; i <= end - 4; i += 4) {
      to[i] = ofClass - p[k + i];
      to[i + 1] = ofClass - p[k + i + 1];
      to[i + 2] = ofClass - p[k + i + 2];
      to[i + 3] = ofClass - p[k + i + 3];
    }
    for (; i < end; i++) to[i] = ofClass - p[k + i];
    // A row whose own prediction is NaN has no loss but NaN.
    if (place >= at && place < end) to[place] = Number.isNaN(ofClass) ? ofClass : beyondMargin;
  }
}
