import { wrongValue } from "../errors.js";
import { type Formula, hasClasses } from "../losses/spec.js";
import { cast } from "../tensor/cast.js";
import { codes } from "../tensor/dtypes.js";
import { rowMajorOf } from "../tensor/row-major.js";
import { placeOf, rowShape, shown } from "../tensor/shapes.js";
import type { RowTensor } from "../tensor/tensor.js";

/** Labels, what they stand for, and the number of predictions in a row. */
interface Labelled {
  readonly formula: Formula;
  readonly labels: RowTensor;
  readonly width: number;
}

const valuesAtOnce = new Float64Array(1024);

/** Returns the index and value of the first label for which `is` returns true. */
function firstSuch(
  { code, stored }: RowTensor,
  is: (label: number) => boolean,
): readonly [index: number, label: number] | undefined {
  for (let start = 0; start < stored.length; start += valuesAtOnce.length) {
    const n = Math.min(valuesAtOnce.length, stored.length - start);
    cast(code, stored, start, n, codes.float64, valuesAtOnce);
    const i = valuesAtOnce.subarray(0, n).findIndex(is);
    if (i >= 0) return [start + i, valuesAtOnce[i] as number];
  }
  return undefined;
}

/** Whether a label is 0. */
export const hasZeros = (labels: RowTensor) =>
  firstSuch(rowMajorOf(labels, "yTrue"), (label) => label === 0) !== undefined;

/** Returns the number and the labels of the first row that is not one-hot. */
function firstNotOneHot({
  code,
  stored,
  width,
  rows,
}: RowTensor): readonly [row: number, labels: Float64Array] | undefined {
  const labels = new Float64Array(width);
  for (let row = 0; row < rows; row++) {
    cast(code, stored, row * width, width, codes.float64, labels);
    const ones = labels.filter((label) => label === 1).length;
    if (ones !== 1 || labels.some((label) => label !== 0 && label !== 1)) return [row, labels];
  }
  return undefined;
}

/** Formats the labels of a row, or the first of many. */
function shownRow(labels: Float64Array): string {
  const most = 10;
  const rest = labels.length > most ? ", ..." : "";
  return `[${labels.subarray(0, most).join(", ")}${rest}]`;
}

/** The labels that an encoding has, and a test for all others. */
function expectedLabels({ formula, width }: Labelled): [string, (label: number) => boolean] {
  if (hasClasses(formula)) {
    return [
      `a class id from 0 to ${width - 1}`,
      (label) => !(Number.isInteger(label) && label >= 0 && label < width),
    ];
  }
  return formula.labels === "binary"
    ? ["0 or 1", (label) => label !== 0 && label !== 1]
    : ["-1, 0 or 1, each of which has a weight", (label) => ![-1, 0, 1].includes(label)];
}

/** Returns the error for labels of which a backend has found one that the encoding does not have. */
export function labelError(given: Labelled): RangeError {
  const { ignoreClass, labels: encoding } = given.formula;
  const labels = rowMajorOf(given.labels, "yTrue");
  if (encoding === "onehot") {
    const found = firstNotOneHot(labels);
    if (found !== undefined) {
      const [row, own] = found;
      const place = placeOf(row, rowShape(labels.shape));
      return wrongValue(`yTrue${place}`, "a row with one 1 among zeros", shownRow(own));
    }
  } else {
    const [expected, isOther] = expectedLabels(given);
    const found = firstSuch(labels, (label) => label !== ignoreClass && isOther(label));
    if (found !== undefined) {
      const [index, label] = found;
      return wrongValue(`yTrue${placeOf(index, labels.shape)}`, expected, `${label}`);
    }
  }
  return wrongValue("yTrue", "labels that the encoding has", "labels that changed in the meantime");
}

/**
 * Checks that options that need one class for each row, or one label, have it.
 *
 * @throws RangeError if `classWeight` or `ignoreClass` cannot be applied.
 */
export function checkRowLabels({ formula, labels, width }: Labelled): void {
  const { classWeight, ignoreClass, labels: encoding } = formula;
  const areOneHot = encoding === "onehot";
  const haveOneLabel = encoding === "sparse" || (width === 1 && !areOneHot);
  if (ignoreClass !== undefined && !haveOneLabel) {
    throw wrongValue(
      "ignoreClass",
      "one label for each row; to leave out rows of other labels pass a mask",
      `labels of shape ${shown(labels.shape)}`,
    );
  }
  if (classWeight === undefined) return;
  if (!haveOneLabel && !areOneHot) {
    throw wrongValue(
      "classWeight",
      'one class for each row: class ids with labels "sparse", or one label',
      `labels of shape ${shown(labels.shape)}`,
    );
  }
  const classes = encoding === "sparse" || areOneHot ? width : 2;
  if (classWeight.length !== classes) {
    throw wrongValue(
      "classWeight",
      `${classes} numbers, one for each class${classes === 2 && width === 1 ? ": for -1 or 0, and for 1" : ""}`,
      `${classWeight.length}`,
    );
  }
}
