/**
 * The bit-identical twin of the native kernels in TypeScript: for machines without a binary, and
 * for batches so small that a call into C++ costs more than it saves.
 */
import type { ElementwiseSpec, Formula } from "../../losses/spec.js";
import { cast } from "../../tensor/cast.js";
import { codes } from "../../tensor/dtypes.js";
import type { RowTensor } from "../../tensor/tensor.js";
import { type Call, chunkSize, type RowRange, rowsOfGroup, sumCall } from "../call.js";
import type { Backend } from "../interface.js";
import { addTotals, newTotals, sumOfLosses, type Totals } from "../totals.js";
import { areBinary, sampleOf, writeSigns } from "./binary.js";
import { ClassIds } from "./class-ids.js";
import { type ProductTile, writeSums } from "./elementwise.js";
import { Pass } from "./pass.js";
import { writeProducts } from "./products.js";
import { isComputed } from "./read-operand.js";
import { RowWeights } from "./row-weights.js";
import { TileReader } from "./tile.js";

const [smallLabels, smallPredictions, smallSigns, smallProducts] = Array.from(
  { length: 4 },
  () => new Float32Array(chunkSize),
) as [Float32Array, Float32Array, Float32Array, Float32Array];

/** A small batch in float32. */
const smallBatch: ProductTile = {
  wide: false,
  margin: 1,
  labels: smallLabels,
  labelsAt: 0,
  predictions: smallPredictions,
  predictionsAt: 0,
  haveProducts: false,
  productsOf(n) {
    writeProducts(smallBatch, n, smallProducts);
    return smallProducts;
  },
};

const smallSum = new Float64Array(1);

/** Returns the values of a tensor as floats: in place, or cast to the dtype with the code `as`. */
function floatsOf({ code, stored, rows, width }: RowTensor, as: number, to: Float32Array) {
  if (isComputed(code, as)) return stored as Float32Array;
  cast(code, stored, 0, rows * width, as, to);
  return to;
}

/** Whether the first and the last few labels are 0 or 1. */
function lookBinary(labels: Float32Array, n: number): boolean {
  const sample = sampleOf(n);
  return areBinary(labels, 0, sample) && areBinary(labels, n - sample, sample);
}

/**
 * Sums the n terms of a small batch, whose arithmetic is in float32, on a fast path; returns
 * undefined if its encoding lacks a label.
 */
function sumSmall(
  { spec, margin, labels: encoding }: Formula & { readonly spec: ElementwiseSpec },
  labels: Float32Array,
  predictions: Float32Array,
  n: number,
): number | undefined {
  const mayBeBinary = encoding === "binary" || (encoding === "auto" && lookBinary(labels, n));
  const areSigned = mayBeBinary && writeSigns(labels, 0, n, smallSigns);
  if (encoding === "binary" && !areSigned) return undefined;
  smallBatch.margin = margin;
  smallBatch.labels = areSigned ? smallSigns : labels;
  smallBatch.predictions = predictions;
  writeSums(spec, smallBatch, 1, n, smallSum);
  return smallSum[0];
}

const isElementwise = (formula: Formula): formula is Formula & { readonly spec: ElementwiseSpec } =>
  formula.spec.family === "elementwise";

/** The JavaScript backend. */
export const portable: Backend = {
  valuesAtOnce: chunkSize,

  sum(formula, code, labels, predictions) {
    if (!labels.isWhole || !predictions.isWhole) return undefined;
    const n = predictions.rows * predictions.width;
    if (isElementwise(formula) && code !== codes.float64 && n <= chunkSize) {
      const y = floatsOf(labels, code, smallLabels);
      const p = floatsOf(predictions, code, smallPredictions);
      return sumSmall(formula, y, p, n);
    }
    const call = sumCall(formula, code, labels, predictions);
    const totals = newTotals();
    evaluate(call, { first: 0, end: call.rows }, totals);
    return sumOfLosses(totals);
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
