// What the labels of a program stand for, row by row: docs/labels.md says how they are read.
import type { FloatDtype } from "maxmargin";
import { roundedTo } from "../support/data.js";
import { isOfClasses } from "./formula.js";
import type { Program } from "./program.js";
import { type Shape, sameShape } from "./shapes.js";

/** Why a program has no answer. */
export class Refusal extends Error {}

/** The labels of a row. */
export interface RowLabels {
  /** A value for each prediction. */
  readonly y: ArrayLike<number>;
  /** The row's class, if each row has one. */
  readonly id: number | undefined;
  readonly isIgnored: boolean;
  /** The weight of its class, or 1. */
  readonly weight: number;
}

/** Labels that have been read, and whether one is none that the encoding has. */
export interface ReadLabels {
  readonly rows: readonly RowLabels[];
  readonly isWrong: boolean;
}

const haveIds = ({ formula }: Program) => formula.labels === "sparse";

/** Whether labels are class ids in the shape of the rows, or with a last axis of 1. */
export function areIdsOf(labels: Shape, predictions: Shape): boolean {
  const rows = predictions.slice(0, -1);
  return sameShape(labels, rows) || sameShape(labels, [...rows, 1]);
}

/** Throws if weights of classes or ignored rows go with no such labels. */
export function checkRowOptions({ formula }: Program, width: number): void {
  const { labels, classWeight, ignoreClass } = formula;
  const haveOneLabel = labels === "sparse" || (width === 1 && labels !== "onehot");
  if (ignoreClass !== undefined && !haveOneLabel) throw new Refusal("several labels a row");
  if (classWeight === undefined) return;
  if (!haveOneLabel && labels !== "onehot") throw new Refusal("no class");
  const classes = labels === "sparse" || labels === "onehot" ? width : 2;
  if (classWeight.length !== classes) throw new Refusal("weights of other classes");
}

/** Class ids as rows of 1 and 0, or of 1 and -1. */
function rowOfId(program: Program, id: number, width: number): Float64Array {
  const isSigned = !isOfClasses(program.loss) && program.loss !== "categorical_hinge";
  const y = new Float64Array(width).fill(isSigned ? -1 : 0);
  y[id] = 1;
  return y;
}

/** The place of the only 1 among zeros. */
function idOfOneHot(y: ArrayLike<number>): number | undefined {
  const all = Array.from(y);
  const isOneHot = all.every((label) => label === 0 || label === 1);
  return isOneHot && all.filter((label) => label === 1).length === 1 ? all.indexOf(1) : undefined;
}

/**
 * Reads the labels of all rows.
 *
 * @param labels - one value a row for class ids, and otherwise one for each prediction: as doubles,
 *   and cast to the loss's dtype.
 */
export function readLabels(
  program: Program,
  dtype: FloatDtype,
  [doubles, cast]: readonly [ArrayLike<number>, ArrayLike<number>],
  [rows, width]: readonly [number, number],
): ReadLabels {
  const { classWeight, ignoreClass, labels: encoding } = program.formula;
  const weightOf = (id: number) => roundedTo(dtype, classWeight?.[id] ?? 1, "float64");
  let isWrong = false;
  const of = (row: number): RowLabels => {
    const label = doubles[row];
    const isIgnored = ignoreClass !== undefined && label === ignoreClass;
    const isId = Number.isInteger(label) && label >= 0 && label < width;
    isWrong ||= !isIgnored && !isId;
    const id = isId && !isIgnored ? label : 0;
    return { y: rowOfId(program, id, width), id, isIgnored, weight: weightOf(id) };
  };
  const finished = (all: readonly RowLabels[]) => ({ rows: all, isWrong });
  const indices = Array.from({ length: rows }, (_, row) => row);
  if (haveIds(program)) return finished(indices.map(of));
  const isIgnoredAt = (i: number) => ignoreClass !== undefined && doubles[i] === ignoreClass;
  const isBinaryAt = (i: number) => cast[i] === 0 || cast[i] === 1 || isIgnoredAt(i);
  const n = rows * width;
  const areBinary = Array.from({ length: n }, (_, i) => i).every(isBinaryAt);
  if (encoding === "binary" && !areBinary) isWrong = true;
  const isSigned = areBinary && (encoding === "auto" || encoding === "binary");
  const read = indices.map((row): RowLabels => {
    const own = Float64Array.from({ length: width }, (_, j) => cast[row * width + j]);
    const y = isSigned ? own.map((label) => 2 * label - 1) : own;
    if (isOfClasses(program.loss) || (encoding === "onehot" && classWeight !== undefined)) {
      const id = idOfOneHot(Array.from({ length: width }, (_, j) => doubles[row * width + j]));
      isWrong ||= id === undefined;
      // Categorical hinge multiplies by one-hot labels, and looks up the weights of their classes.
      const ofFormula = isOfClasses(program.loss) ? (id ?? 0) : undefined;
      return { y, id: ofFormula, isIgnored: false, weight: weightOf(id ?? 0) };
    }
    const isIgnored = isIgnoredAt(row) && width === 1;
    const label = doubles[row];
    const isKnown = label === 0 || label === 1 || label === -1;
    if (classWeight !== undefined && width === 1 && !isIgnored && !isKnown) isWrong = true;
    const weight = classWeight === undefined ? 1 : weightOf(label > 0 ? 1 : 0);
    return { y: isIgnored ? Float64Array.of(1) : y, id: undefined, isIgnored, weight };
  });
  return finished(read);
}

/** Whether a program may have labels that are refused, which may be when arrays have moved into the call. */
export const mayHaveWrongLabels = ({ formula, loss }: Program) =>
  formula.labels === "sparse" ||
  formula.labels === "binary" ||
  formula.classWeight !== undefined ||
  isOfClasses(loss);
