// Class ids for elementwise formulas, which know none: labels of 1, and other values in place of the
// predictions. The twin of native/engine/class_tiles.cpp.
import { type Formula, hasClasses, type Tile } from "../../losses/spec.js";
import type { Computed } from "../../tensor/cast.js";
import { sumByLanes } from "./fold.js";

/** A tile, and the classes of its rows if each has one. */
export interface ClassTile extends Tile {
  readonly ids: Int32Array;
}

/**
 * The input that replaces the predictions when labels are class ids. `none`: the predictions stay.
 * `signed`: every prediction is negated, except the one for the row's class. `differences`: the
 * prediction for the row's class minus each of the others, and infinity in its own place.
 */
export type Substitute = "none" | "signed" | "differences";

export function substituteOf(formula: Formula): Substitute {
  if (!hasClasses(formula)) return "none";
  const { family } = formula.spec;
  return family === "elementwise" ? "signed" : family === "classSum" ? "differences" : "none";
}

/** The values of a tile: their index in the batch, their number, and the classes of a row. */
export interface Place {
  readonly start: number;
  readonly n: number;
  readonly classes: number;
}

/** Calls use(row, at) for the place of each row's class, if it is among the values. */
function eachClass(
  ids: Int32Array,
  { start, n, classes }: Place,
  use: (row: number, at: number) => void,
): void {
  let column = start % classes;
  for (let row = 0, at = 0; at < n; row++) {
    const count = Math.min(classes - column, n - at);
    const offset = (ids[row] as number) - column;
    if (offset >= 0 && offset < count) use(row, at + offset);
    at += count;
    column = 0;
  }
}

/** Writes predictions with their sign changed, except those of the rows' classes. */
export function writeSigned(tile: ClassTile, place: Place, to: Computed): void {
  const { predictions: p, predictionsAt: k } = tile;
  for (let i = 0; i < place.n; i++) to[i] = -p[k + i];
  eachClass(tile.ids, place, (_, at) => {
    to[at] = p[k + at];
  });
}

/**
 * Writes differences. Rows are whole, unless there is only a part of one, whose class has the
 * prediction `own`.
 */
export function writeDifferences(
  tile: ClassTile,
  place: Place,
  own: number | undefined,
  to: Computed,
): void {
  const { predictions: p, predictionsAt: k, ids } = tile;
  const { n, classes } = place;
  for (let row = 0, at = 0; at < n; row++, at += classes) {
    const ofClass = own ?? p[k + at + (ids[row] as number)];
    const end = Math.min(at + classes, n);
    for (let i = at; i < end; i++) to[i] = ofClass - p[k + i];
  }
  eachClass(ids, place, (row, at) => {
    const ofClass = own ?? p[k + row * classes + (ids[row] as number)];
    // The hinge of an infinite difference is 0. A row whose own prediction is NaN has no loss but NaN.
    to[at] = Number.isNaN(ofClass) ? ofClass : Infinity;
  });
}

/** Returns the derivative with respect to the prediction for a row's class, by the sum of the others. */
export const derivativeOfClass = (sum: number) => 0 - sum;

/**
 * Turns derivatives with respect to such values, with their signs changed, into those with respect
 * to the predictions. If a row comes in parts, the derivative with respect to the prediction for its
 * class is left out.
 */
export function finishGradient(
  tile: ClassTile & { readonly substitute: Substitute },
  place: Place,
  derivatives: Float64Array,
): void {
  const { n, classes } = place;
  if (tile.substitute === "signed") {
    // 0 - x, which has no -0.
    eachClass(tile.ids, place, (_, at) => {
      derivatives[at] = 0 - (derivatives[at] as number);
    });
  } else if (tile.substitute === "differences" && n >= classes) {
    for (let row = 0; row * classes < n; row++) {
      const sum = derivativeOfClass(sumByLanes(derivatives, classes, row * classes));
      derivatives[row * classes + (tile.ids[row] as number)] = tile.wide ? sum : Math.fround(sum);
    }
  }
}
