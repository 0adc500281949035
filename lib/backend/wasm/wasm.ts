import type { Formula } from "../../losses/spec.js";
import type { RowTensor } from "../../tensor/tensor.js";
import { type Call, type RowRange, rowsOfGroup, sumCall } from "../call.js";
import type { Backend } from "../interface.js";
import { portable } from "../portable/portable.js";
import { addTotals, newTotals, type Totals } from "../totals.js";
import { WasmInstance } from "./instance.js";
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
  #instance: WasmInstance;

  /** Throws if the module was built for another version of the library. */
  constructor(module: WasmModule) {
    this.#module = module;
    this.#instance = new WasmInstance(module);
  }

  sum(formula: Formula, code: number, labels: RowTensor, predictions: RowTensor): number {
    const call = sumCall(formula, code, labels, predictions);
    const totals = newTotals();
    this.evaluate(call, { first: 0, end: call.rows }, totals);
    return totals.losses.value;
  }

  evaluate(call: Call, range: RowRange, totals: Totals): boolean {
    const isEmpty = call.rows * call.width === 0;
    if (call.operation === "clear" || isEmpty || call.classes > longestRow) {
      return portable.evaluate(call, range, totals);
    }
    try {
      return this.#evaluate(call, range, totals);
    } catch (error) {
      // An instance does not recover from a trap, and its memory is in an unknown state.
      this.#instance = new WasmInstance(this.#module);
      throw error instanceof RangeError || error instanceof TypeError
        ? error
        : new RangeError(`maxmargin: out of memory (${error})`);
    }
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
    const staged = new StagedCall(call, rows, this.#instance);
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

/** Pieces begin where groups of rows do. */
function rowsOfPiece({ width }: Call): number {
  const group = rowsOfGroup(width);
  return group * Math.max(1, Math.floor(valuesOfPiece / (group * width)));
}
