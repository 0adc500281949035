/**
 * The bit-identical twin of the native kernels in TypeScript: for machines without a binary, and
 * for batches so small that a call into C++ costs more than it saves.
 */
import type { ElementwiseSpec, Formula } from "../../losses/spec.js";
import { codes } from "../../tensor/dtypes.js";
import { type Call, chunkSize, type RowRange, rowsOfGroup, sumCall } from "../call.js";
import type { Backend } from "../interface.js";
import { addTotals, newTotals, sumOfLosses, type Totals } from "../totals.js";
import { ClassIds } from "./class-ids.js";
import { type ProductTile, writeSums } from "./elementwise.js";
import { Pass } from "./pass.js";
import { writeProducts } from "./products.js";
import { RowWeights } from "./row-weights.js";
import { TileReader } from "./tile.js";

/** A small batch whose values are read in place. */
const smallBatch: ProductTile = {
  wide: false,
  margin: 1,
  labels: new Float32Array(),
  labelsAt: 0,
  predictions: new Float32Array(),
  predictionsAt: 0,
  haveProducts: false,
  productsOf(n) {
    writeProducts(smallBatch, n, smallProducts);
    return smallProducts;
  },
};

const smallProducts = new Float32Array(chunkSize);

const smallSum = new Float64Array(1);

const isBinary = (label: number) => label === 0 || label === 1;

/**
 * Sums the terms of a small float32 batch on a fast path; returns undefined if its labels are, or may
 * be, 0 and 1.
 */
function sumSmall(
  { spec, margin, labels: encoding }: Formula & { readonly spec: ElementwiseSpec },
  labels: Float32Array,
  predictions: Float32Array,
): number | undefined {
  const n = predictions.length;
  if (encoding === "binary" || (isBinary(labels[0]) && isBinary(labels[n - 1]))) return undefined;
  smallBatch.margin = margin;
  smallBatch.labels = labels;
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
    const isPlain = code === codes.float32 && labels.code === code && predictions.code === code;
    if (isElementwise(formula) && isPlain && predictions.data.length <= chunkSize) {
      const sum = sumSmall(formula, labels.data as Float32Array, predictions.data as Float32Array);
      if (sum !== undefined) return sum;
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
