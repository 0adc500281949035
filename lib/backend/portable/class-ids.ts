import { hasClasses } from "../../losses/spec.js";
import type { Computed } from "../../tensor/cast.js";
import { codes } from "../../tensor/dtypes.js";
import { type Call, chunkSize, type RowRange, rowsOfGroup } from "../call.js";
import { readOperand } from "./read-operand.js";

/** In place of the class of a row that is ignored. */
export const ignored = -1;

const labels = new Float64Array(chunkSize);

/** Returns the class of a one-hot row of n labels from `at` on; -1 if the row is not one-hot. */
function classOf(labels: Computed, at: number, n: number): number {
  let id = -1;
  for (let i = 0; i < n; i++) {
    if (labels[at + i] === 0) continue;
    if (labels[at + i] !== 1 || id >= 0) return -1;
    id = i;
  }
  return id;
}

/** Writes the classes of one-hot rows; returns false if a row is not one-hot. */
export function writeClasses(
  labels: Computed,
  at: number,
  rows: number,
  width: number,
  ids: Int32Array,
): boolean {
  for (let row = 0; row < rows; row++) {
    const id = classOf(labels, at + row * width, width);
    if (id < 0) return false;
    ids[row] = id;
  }
  return true;
}

/** The classes of rows: class ids, one-hot rows, or one label per row that stands for two classes. */
export class ClassIds {
  readonly #call: Call;
  readonly #haveClasses: boolean;
  /** The row shape of class ids, or the full shape of labels that are one per value. */
  readonly #shape: readonly number[] | undefined;
  readonly #firstRow: number;
  /** The classes of one-hot rows, from the first row on; -1 for a row that is not one-hot. */
  readonly #decoded: Int32Array | undefined;

  /** @param range - the rows of the call that are evaluated. */
  constructor(call: Call, range: RowRange) {
    const { first, end } = range;
    const { shape, encoding, formula, classWeights, width } = call;
    this.#call = call;
    this.#haveClasses = hasClasses(formula);
    this.#shape = encoding === "sparse" ? shape?.slice(0, -1) : shape;
    this.#firstRow = first;
    // One-hot labels that are used as they are have to be classes only if classes have weights.
    if (encoding === "onehot" && (this.#haveClasses || classWeights !== undefined)) {
      this.#decoded = new Int32Array(end - first);
      if (width > chunkSize) {
        for (let row = first; row < end; row++)
          this.#decoded[row - first] = this.#decode(row, width);
      } else {
        this.#decodeRows(range, width, this.#decoded);
      }
    }
  }

  /**
   * Writes the class of each row, or {@link ignored}, to the beginning of `ids`.
   *
   * @returns false if a label is not a class. Its row has class 0.
   */
  read(row: number, count: number, ids: Int32Array): boolean {
    const { formula, classes, classWeights } = this.#call;
    if (this.#decoded !== undefined) return this.#copyDecoded(row, count, ids);
    this.#readLabels(row, count);
    const haveClasses = this.#haveClasses;
    // No label is equal to NaN.
    const ignoredLabel = formula.ignoreClass ?? Number.NaN;
    let isValid = true;
    for (let i = 0; i < count; i++) {
      const label = labels[i] as number;
      if (label === ignoredLabel) {
        ids[i] = ignored;
      } else if (haveClasses) {
        const isClass = label >= 0 && label < classes && Number.isInteger(label);
        ids[i] = isClass ? label : 0;
        isValid &&= isClass;
      } else {
        ids[i] = label > 0 ? 1 : 0;
        isValid &&= classWeights === undefined || label === -1 || label === 0 || label === 1;
      }
    }
    return isValid;
  }

  #copyDecoded(row: number, count: number, ids: Int32Array): boolean {
    let isValid = true;
    for (let i = 0; i < count; i++) {
      const id = this.#decoded?.[row - this.#firstRow + i] as number;
      ids[i] = Math.max(id, 0);
      isValid &&= id >= 0;
    }
    return isValid;
  }

  #decodeRows({ first, end }: RowRange, width: number, decoded: Int32Array): void {
    const step = rowsOfGroup(width);
    for (let row = first; row < end; row += step) {
      const count = Math.min(step, end - row);
      this.#readLabels(row * width, count * width);
      for (let i = 0; i < count; i++) decoded[row - first + i] = classOf(labels, i * width, width);
    }
  }

  /** Returns the class of a one-hot row of more than a chunk; -1 if the row is not one-hot. */
  #decode(row: number, width: number): number {
    let id = -1;
    for (let column = 0; column < width; column += chunkSize) {
      const n = Math.min(chunkSize, width - column);
      this.#readLabels(row * width + column, n);
      for (let i = 0; i < n; i++) {
        if (labels[i] === 0) continue;
        if (labels[i] !== 1 || id >= 0) return -1;
        id = column + i;
      }
    }
    return id;
  }

  /** Reads n labels as doubles. */
  #readLabels(start: number, n: number): void {
    const range = { first: start, end: start + n };
    readOperand(this.#call.labels, this.#shape, range, codes.float64, labels);
  }
}
