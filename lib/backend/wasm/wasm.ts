import type { Formula } from "../../losses/spec.js";
import type { RowTensor } from "../../tensor/tensor.js";
import { type Call, type RowRange, rowsOfGroup, sumCall } from "../call.js";
import { readResults, slot, writeCall } from "../call-frame.js";
import type { Backend } from "../interface.js";
import { portable } from "../portable/portable.js";
import { addTotals, newTotals, type Totals } from "../totals.js";
import { WasmInstance } from "./instance.js";
import { Piece } from "./piece.js";
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
    const rows = rowsOfPiece(call);
    let own = newTotals();
    let wasBinary = false;
    for (let first = range.first; first < range.end; ) {
      const end = Math.min(first + rows, range.end);
      wasBinary = this.#evaluatePiece(call, { first, end }, own);
      // The labels of a batch are all read alike.
      const restarts = call.encoding === "auto" && !wasBinary && first > range.first;
      if (call.encoding === "auto" && !wasBinary) call = { ...call, encoding: "signed" };
      if (restarts) own = newTotals();
      first = restarts ? range.first : end;
    }
    addTotals(totals, own);
    return wasBinary;
  }

  #evaluatePiece(call: Call, range: RowRange, totals: Totals): boolean {
    const instance = this.#instance;
    const piece = new Piece(call, range);
    instance.reserve(piece.bytes);
    const addresses = piece.copyIn(instance);
    const { frame } = instance.views;
    const loss = instance.lossNumbers.get(call.formula.spec.name) as number;
    writeCall(frame, call, loss, piece.place);
    frame[slot.isStrided] = 0;
    instance.evaluate(addresses);
    piece.copyOut(instance);
    return readResults(instance.views.frame, call, totals);
  }
}

/** Pieces begin where groups of rows do. */
function rowsOfPiece({ width }: Call): number {
  const group = rowsOfGroup(width);
  return group * Math.max(1, Math.floor(valuesOfPiece / (group * width)));
}
