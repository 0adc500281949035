import type { LabelEncoding } from "../../losses/spec.js";
import { cast } from "../../tensor/cast.js";
import { codes } from "../../tensor/dtypes.js";
import type { Block } from "../blocks.js";
import type { Column, Widths } from "../columns.js";

/** In place of a class: the row has none, or does not count. */
export const noClass = -1;
export const ignored = -2;

/** The classes of rows, as numbers from 0. */
export class RowClasses {
  /** The number of classes. */
  readonly count: number;
  readonly #areOneHot: boolean;
  /** The label of class 0. */
  readonly #firstLabel: number;
  readonly #ignoredLabel: number;
  #labels = new Float64Array();
  #classes = new Int32Array();

  private constructor(form: Form, count: number, ignoredLabel = Number.NaN) {
    this.count = count;
    this.#areOneHot = form === "onehot";
    this.#firstLabel = form === "sign" ? -1 : 0;
    this.#ignoredLabel = ignoredLabel;
  }

  /** Returns undefined if rows have no classes, but a label for each of several predictions. */
  static for(
    encoding: LabelEncoding,
    { labels, predictions }: Widths,
    ignoredLabel?: number,
  ): RowClasses | undefined {
    if (encoding === "sparse" || encoding === "onehot") {
      return new RowClasses(encoding, predictions, ignoredLabel);
    }
    const haveSigns = labels === 1 && predictions === 1;
    return haveSigns ? new RowClasses("sign", 3, ignoredLabel) : undefined;
  }

  /** Returns the class of each row of a block, in memory that the next block uses again. */
  read({ labels, count }: Block): Int32Array {
    const length = count * labels.width;
    if (this.#labels.length < length) {
      this.#labels = new Float64Array(length);
      this.#classes = new Int32Array(count);
    }
    const classes = this.#classes.subarray(0, count);
    cast(codes[labels.dtype], labels.values, 0, length, codes.float64, this.#labels);
    if (this.#areOneHot) this.#findOnes(classes);
    else this.#readLabels(classes);
    return classes;
  }

  #readLabels(classes: Int32Array): void {
    const labels = this.#labels;
    const first = this.#firstLabel;
    const { count } = this;
    const ignoredLabel = this.#ignoredLabel;
    for (let i = 0; i < classes.length; i++) {
      const label = labels[i] as number;
      const own = label - first;
      const isClass = own >= 0 && own < count && Math.trunc(own) === own;
      classes[i] = label === ignoredLabel ? ignored : isClass ? own : noClass;
    }
  }

  /** Finds the classes of one-hot rows, which the labels of categorical hinge need not be. */
  #findOnes(classes: Int32Array): void {
    const { count } = this;
    for (let i = 0; i < classes.length; i++) {
      classes[i] = placeOfOne(this.#labels, i * count, count);
    }
  }

  /** Returns the label of a class. */
  readonly labelOf = (own: number): number => own + this.#firstLabel;
}

/** How the class of a row is found: its label, where the 1 is, or its label -1, 0 or 1. */
type Form = "sparse" | "onehot" | "sign";

function placeOfOne(labels: Float64Array, start: number, width: number): number {
  let place = noClass;
  for (let j = 0; j < width; j++) {
    const label = labels[start + j];
    if (label === 0) continue;
    if (label !== 1 || place !== noClass) return noClass;
    place = j;
  }
  return place;
}

const one = new Float64Array(1);

/** Returns the label of a row with one label. */
export function labelAt({ values, dtype }: Column, row: number): number {
  cast(codes[dtype], values, row, 1, codes.float64, one);
  return one[0] as number;
}
