import { hasClasses, type LossSpec } from "../../losses/spec.js";
import type { Computed } from "../../tensor/cast.js";
import { codes } from "../../tensor/dtypes.js";
import { type Call, chunkSize, type Operand, type RowRange } from "../call.js";
import { areBinary, sampleOf, writeSigns } from "./binary.js";
import { ClassIds, ignored, writeClasses } from "./class-ids.js";
import type { ProductTile } from "./elementwise.js";
import { type RowClasses, writeClassSigns, writeDifferences, writeProducts } from "./products.js";
import { isComputed, readOperand } from "./read-operand.js";
import { Scratch } from "./scratch.js";

const labelScratch = new Scratch();
const predictionScratch = new Scratch();
const productScratch = new Scratch();

/** The classes of the rows of a tile, of which the first and the last may be cut off. */
const tileIds = new Int32Array(chunkSize + 2);

/** Reads the tiles of a call. */
export class TileReader implements RowClasses, ProductTile {
  readonly wide: boolean;
  readonly margin: number;
  labels!: Computed;
  labelsAt = 0;
  predictions!: Computed;
  predictionsAt = 0;
  readonly ids = tileIds;
  column = 0;
  readonly classes: ClassIds;
  readonly family: LossSpec["family"];
  /** Whether each row of the tile has one class. */
  haveClasses: boolean;
  /** Whether labels are classes, or are turned into them before they are read. */
  readonly #areClasses: boolean;
  readonly #call: Call;

  /** @param range - the rows of the call that are evaluated. */
  constructor(call: Call, range: RowRange) {
    this.#call = call;
    this.wide = call.code === codes.float64;
    this.margin = call.formula.margin;
    this.classes = new ClassIds(call, range);
    this.family = call.formula.spec.family;
    this.#areClasses = hasClasses(call.formula);
    this.haveClasses = this.#areClasses;
  }

  /**
   * Reads n values from `start` on.
   *
   * @param signed - whether labels 0 and 1 become -1 and 1.
   * @returns false if `signed` and a label is neither 0 nor 1, or if a label is not a class.
   */
  read(start: number, n: number, signed: boolean): boolean {
    if (this.#areClasses) return this.#readClasses(start, n);
    const areValid = this.#readValues(start, n, signed);
    if (this.family === "classMax") this.haveClasses = this.#decode(n);
    return areValid;
  }

  /** Finds the classes of one-hot rows, with which losses take less time than with factors. */
  #decode(n: number): boolean {
    const { width } = this.#call;
    this.column = 0;
    return n >= width && writeClasses(this.labels, this.labelsAt, n / width, width, this.ids);
  }

  /** Whether the predictions are differences, which take the place of products. */
  get haveProducts(): boolean {
    return this.family === "classSum";
  }

  productsOf(n: number): Computed {
    if (this.haveProducts) return this.predictions;
    const products = productScratch.of(this.wide);
    writeProducts(this, n, products);
    return products;
  }

  #readValues(start: number, n: number, signed: boolean): boolean {
    this.#readPredictions(start, n);
    this.#readLabels(start, n);
    if (this.#call.formula.ignoreClass !== undefined) this.#replaceIgnored(start, n);
    return !signed || this.#sign(n);
  }

  /** Whether the first and the last few labels are 0 or 1, which nearly always decides. */
  looksBinary(start: number, end: number): boolean {
    // Which labels count is not known yet.
    if (this.#call.formula.ignoreClass !== undefined) return true;
    const n = sampleOf(end - start);
    return this.#areBinary(start, n) && this.#areBinary(end - n, n);
  }

  /** Whether all labels are 0 or 1. */
  areBinary(start: number, end: number): boolean {
    for (let at = start; at < end; at += chunkSize) {
      if (!this.#areBinary(at, Math.min(chunkSize, end - at))) return false;
    }
    return true;
  }

  #areBinary(start: number, n: number): boolean {
    this.#readLabels(start, n);
    if (this.#call.formula.ignoreClass !== undefined) this.#replaceIgnored(start, n);
    return areBinary(this.labels, this.labelsAt, n);
  }

  #readPredictions(start: number, n: number): void {
    const { predictions } = this.#call;
    this.predictions = this.#read(predictions, start, n, predictionScratch);
    this.predictionsAt = this.predictions === predictions.values ? predictions.offset + start : 0;
  }

  #readLabels(start: number, n: number): void {
    const { labels } = this.#call;
    this.labels = this.#read(labels, start, n, labelScratch);
    this.labelsAt = this.labels === labels.values ? labels.offset + start : 0;
  }

  /** Replaces labels of rows that do not count by 1, which is a label in every encoding. */
  #replaceIgnored(start: number, n: number): void {
    const own = labelScratch.of(this.wide);
    for (let i = 0; i < n; i++) own[i] = this.labels[this.labelsAt + i];
    this.classes.read(start, n, tileIds);
    for (let i = 0; i < n; i++) if (tileIds[i] === ignored) own[i] = 1;
    this.labels = own;
    this.labelsAt = 0;
  }

  #readClasses(start: number, n: number): boolean {
    const { classes, formula } = this.#call;
    const first = Math.floor(start / classes);
    const count = Math.floor((start + n - 1) / classes) + 1 - first;
    const areValid = this.classes.read(first, count, tileIds);
    if (formula.ignoreClass !== undefined) {
      // Any class will do: the row does not count.
      for (let i = 0; i < count; i++) if (tileIds[i] === ignored) tileIds[i] = 0;
    }
    this.column = start - first * classes;
    const isPart = this.family === "classSum" && n < classes;
    const own = isPart ? this.#ownOf(first) : undefined;
    this.#readPredictions(start, n);
    this.labelsAt = 0;
    if (this.family === "elementwise") {
      this.labels = labelScratch.of(this.wide);
      writeClassSigns(this, n, classes, this.labels);
    } else if (this.family === "classSum") {
      const differences = productScratch.of(this.wide);
      writeDifferences(this, { n, classes }, own, differences);
      this.predictions = differences;
      this.predictionsAt = 0;
    }
    return areValid;
  }

  /** Returns the prediction for the class of a row that is longer than a tile. */
  #ownOf(row: number): number {
    this.#readPredictions(row * this.#call.classes + (tileIds[0] as number), 1);
    return this.predictions[this.predictionsAt];
  }

  #sign(n: number): boolean {
    const signs = labelScratch.of(this.wide);
    const areValid = writeSigns(this.labels, this.labelsAt, n, signs);
    this.labels = signs;
    this.labelsAt = 0;
    return areValid;
  }

  #read(operand: Operand, start: number, n: number, scratch: Scratch): Computed {
    const { code, shape } = this.#call;
    if (operand.strides === undefined && isComputed(operand.code, code)) {
      return operand.values as Computed;
    }
    const to = scratch.of(this.wide);
    readOperand(operand, shape, { first: start, end: start + n }, code, to);
    return to;
  }
}
