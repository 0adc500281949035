import type { Formula } from "../../losses/spec.js";
import type { RowTensor } from "../../tensor/tensor.js";
import { type Call, plainCall, type RowRange, rowsOfGroup } from "../call.js";
import { operations, plainSumIn, slot, writePlain } from "../call-frame.js";
import type { Backend } from "../interface.js";
import { portable } from "../portable/portable.js";
import { addTotals, newTotals, sumOfLosses, type Totals } from "../totals.js";
import { paddedSize, WasmInstance } from "./instance.js";
import { bytesIn } from "./part.js";
import { StagedCall } from "./staged-call.js";
import type { WasmModule } from "./webassembly.js";

/** The number of values in a piece: their arrays stay in the second-level cache. */
const valuesOfPiece = 32 * 1024;

/** The longest rows that an instance takes: a piece has whole rows, and its memory is bounded. */
const longestRow = 2 ** 18;

/**
 * The C++ of the addon, compiled to WebAssembly. Rows are copied into the memory of an instance a
 * piece at a time, so its memory does not grow with the batch.
 */
export class WasmBackend implements Backend {
  readonly valuesAtOnce = 65536;
  readonly #module: WasmModule;
  #instance: WasmInstance | undefined;

  /** Throws if the module was built for another version of the library. */
  constructor(module: WasmModule) {
    this.#module = module;
    this.#instance = new WasmInstance(module);
  }

  sum(formula: Formula, code: number, labels: RowTensor, predictions: RowTensor) {
    if (!labels.isWhole || !predictions.isWhole) return undefined;
    if (predictions.rows * predictions.width > valuesOfPiece) {
      const call = plainCall(formula, code, labels, predictions);
      const totals = newTotals();
      this.evaluate(call, { first: 0, end: call.rows }, totals);
      return sumOfLosses(totals);
    }
    try {
      return this.#sumAtOnce(formula, code, labels, predictions);
    } catch (error) {
      throw this.#recovered(error);
    }
  }

  evaluate(call: Call, range: RowRange, totals: Totals): boolean {
    const isEmpty = call.rows * call.width === 0;
    if (call.operation === "clear" || isEmpty || lengthOfRow(call) > longestRow) {
      return portable.evaluate(call, range, totals);
    }
    try {
      return this.#evaluate(call, range, totals);
    } catch (error) {
      throw this.#recovered(error);
    }
  }

  /** The instance of the next call. */
  get #current(): WasmInstance {
    this.#instance ??= new WasmInstance(this.#module);
    return this.#instance;
  }

  /** Returns the error of a call, and drops the instance: it does not recover from a trap. */
  #recovered(error: unknown): unknown {
    this.#instance = undefined;
    const isKnown = error instanceof RangeError || error instanceof TypeError;
    return isKnown ? error : new RangeError(`maxmargin: out of memory (${error})`);
  }

  /** Sums a batch of up to a piece, without the objects of a call. */
  #sumAtOnce(formula: Formula, code: number, labels: RowTensor, predictions: RowTensor) {
    const instance = this.#current;
    const { arrays } = instance;
    const [y, p] = [bytesIn(labels.stored), bytesIn(predictions.stored)];
    const second = arrays + paddedSize(y.length);
    instance.reserve(second + p.length - arrays);
    const { bytes, frame } = instance.views;
    bytes.set(y, arrays);
    bytes.set(p, second);
    frame[slot.loss] = instance.lossNumbers.get(formula.spec.name) as number;
    frame[slot.operation] = operations.sum;
    writePlain(frame, formula, code, labels, predictions);
    instance.evaluate(arrays, second);
    return plainSumIn(instance.views.frame);
  }

  #evaluate(given: Call, range: RowRange, totals: Totals): boolean {
    let call = given;
    // Derivatives that were added up cannot be undone, so that all labels are read before.
    if (call.encoding === "auto" && call.gradient?.strides !== undefined) {
      const sums: Call = { ...call, operation: "sum", losses: undefined, gradient: undefined };
      const areBinary = this.#evaluate(sums, range, newTotals());
      call = { ...call, encoding: areBinary ? "binary" : "signed" };
    }
    const rows = Math.min(rowsOfPiece(call), range.end - range.first);
    const staged = new StagedCall(call, rows, this.#current);
    let isAuto = call.encoding === "auto";
    let own = newTotals();
    let wasBinary = false;
    for (let first = range.first, next: number; first < range.end; first = next) {
      next = Math.min(first + rows, range.end);
      wasBinary = staged.evaluate({ first, end: next }, own);
      if (!isAuto || wasBinary) continue;
      // The labels of a batch are all read alike.
      staged.keepLabels();
      isAuto = false;
      if (first > range.first) {
        own = newTotals();
        next = range.first;
      }
    }
    addTotals(totals, own);
    return wasBinary;
  }
}

/** Returns the number of values that a piece has to have room for, whatever its size. */
const lengthOfRow = ({ width, classes, encoding }: Call) =>
  encoding === "sparse" ? classes : width;

/** Pieces begin where groups of rows do. */
function rowsOfPiece({ width }: Call): number {
  const group = rowsOfGroup(width);
  return group * Math.max(1, Math.floor(valuesOfPiece / (group * width)));
}
