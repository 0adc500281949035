/**
 * The bit-identical twin of the native kernels in TypeScript: for machines without a binary, and
 * for batches so small that a call into C++ costs more than it saves.
 */
import type { Results } from "../../tensor/cast.js";
import { codes } from "../../tensor/dtypes.js";
import {
  type Call,
  chunkSize,
  plainCall,
  type RowRange,
  rowMajorOperand,
  rowsOfGroup,
} from "../call.js";
import type { Backend, PlainBatch } from "../interface.js";
import { addTotals, newTotals, sumOfLosses, type Totals } from "../totals.js";
import { ClassIds } from "./class-ids.js";
import { Pass } from "./pass.js";
import { RowWeights } from "./row-weights.js";
import { sumSmall, writeSmallLosses } from "./small-batch.js";
import { TileReader } from "./tile.js";

/** Whether arrays are what their tensors say, and results have memory of their own. */
const isSafe = ({ labels, predictions, out }: PlainBatch) =>
  labels.isWhole && predictions.isWhole && out === undefined;

/** Evaluates a call, and returns the sum of its losses, or undefined if its encoding lacks a label. */
function sumOf(call: Call): number | undefined {
  const totals = newTotals();
  evaluate(call, { first: 0, end: call.rows }, totals);
  return sumOfLosses(totals);
}

/** The JavaScript backend. */
export const portable: Backend = {
  valuesAtOnce: chunkSize,

  sum(formula, code, labels, predictions) {
    if (!labels.isWhole || !predictions.isWhole) return undefined;
    const sum = sumSmall(formula, code, labels, predictions);
    if (sum !== undefined) return sum;
    return sumOf(plainCall(formula, code, labels, predictions));
  },

  rows(batch, losses) {
    const { formula, dtype, labels, predictions } = batch;
    if (!isSafe(batch)) return false;
    const code = codes[dtype];
    const results = losses as Results;
    if (writeSmallLosses(formula, code, labels, predictions, results)) return true;
    const call = plainCall(formula, code, labels, predictions, "rows");
    return sumOf({ ...call, losses: rowMajorOperand(results, code) }) !== undefined;
  },

  gradient(batch, divisor, gradient, losses) {
    const { formula, dtype, labels, predictions } = batch;
    if (!isSafe(batch) || losses !== undefined) return undefined;
    const code = codes[dtype];
    const call = plainCall(formula, code, labels, predictions, "gradient");
    return sumOf({ ...call, divisor, gradient: rowMajorOperand(gradient as Results, code) });
  },

  evaluate,
};

/**
 * Evaluates rows of a batch and adds them to the totals.
 *
 * @returns whether labels were read as 0 and 1.
 */
function evaluate(call: Call, range: RowRange, totals: Totals): boolean {
  if (call.operation === "clear") {
    call.gradient?.values.fill(0, range.first, range.end);
    return false;
  }
  if (call.operation === "weights") {
    addWeights(call, range, totals);
    return false;
  }
  const tile = new TileReader(call, range);
  if (call.encoding === "auto" && takesForBinary(call, range, tile)) {
    const own = newTotals();
    const pass = new Pass(call, tile, true, own);
    // Derivatives that were added up cannot be undone: labels that change in the meantime give
    // arbitrary numbers.
    if (pass.run(range) || call.gradient?.strides !== undefined) {
      addTotals(totals, own);
      return true;
    }
  }
  const isBinary = call.encoding === "binary";
  if (!new Pass(call, tile, isBinary, totals).run(range)) totals.areLabelsValid = false;
  return isBinary;
}

function takesForBinary(call: Call, { first, end }: RowRange, tile: TileReader): boolean {
  const [start, stop] = [first * call.width, end * call.width];
  if (!tile.looksBinary(start, stop)) return false;
  return call.gradient?.strides === undefined || tile.areBinary(start, stop);
}

function addWeights(call: Call, { first, end }: RowRange, totals: Totals): void {
  const weights = new RowWeights(call, new ClassIds(call, { first, end }));
  const step = rowsOfGroup(call.width);
  for (let row = first; row < end; row += step) {
    const count = Math.min(step, end - row);
    weights.read(row, count);
    weights.addTo(totals, count);
  }
  totals.areLabelsValid &&= weights.areLabelsValid;
}
