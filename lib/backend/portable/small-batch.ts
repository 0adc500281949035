// Fast paths for elementwise losses of batches of a few dozen values, for which the objects of a call
// take longer than the arithmetic.
import { type ElementwiseSpec, type Formula, hasClasses } from "../../losses/spec.js";
import { cast, type Results, writeResults } from "../../tensor/cast.js";
import { codes } from "../../tensor/dtypes.js";
import type { RowTensor } from "../../tensor/tensor.js";
import { chunkSize } from "../call.js";
import { areBinary, sampleOf, writeSigns } from "./binary.js";
import { type ProductTile, writeMeans, writeSums } from "./elementwise.js";
import { writeProducts } from "./products.js";
import { isComputed } from "./read-operand.js";

const newScratch = () => new Float32Array(chunkSize);
const castLabels = newScratch();
const castPredictions = newScratch();
const signs = newScratch();
const products = newScratch();
const sums = new Float64Array(chunkSize);

/** A batch in float32. */
const tile: ProductTile = {
  wide: false,
  margin: 1,
  labels: castLabels,
  labelsAt: 0,
  predictions: castPredictions,
  predictionsAt: 0,
  haveProducts: false,
  productsOf(n) {
    writeProducts(tile, n, products);
    return products;
  },
};

/** Returns n values of a tensor as floats: in place, or cast to the dtype with the code `as`. */
function floatsOf(tensor: RowTensor, n: number, as: number, to: Float32Array): Float32Array {
  if (isComputed(tensor.code, as)) return tensor.data as Float32Array;
  cast(tensor.code, tensor.stored, 0, n, as, to);
  return to;
}

/** Whether the first and the last few labels are 0 or 1. */
function lookBinary(labels: Float32Array, n: number): boolean {
  const sample = sampleOf(n);
  return areBinary(labels, 0, sample) && areBinary(labels, n - sample, sample);
}

/**
 * Reads a batch, and returns its loss; undefined if the batch cannot take a fast path, or its encoding
 * lacks a label.
 */
function read(
  formula: Formula,
  code: number,
  labels: RowTensor,
  predictions: RowTensor,
): ElementwiseSpec | undefined {
  const { spec, margin, labels: encoding } = formula;
  const n = predictions.rows * predictions.width;
  if (spec.family !== "elementwise" || hasClasses(formula)) return undefined;
  if (code === codes.float64 || n > chunkSize) return undefined;
  const y = floatsOf(labels, n, code, castLabels);
  const mayBeBinary = encoding === "binary" || (encoding === "auto" && lookBinary(y, n));
  const areSigned = mayBeBinary && writeSigns(y, 0, n, signs);
  if (encoding === "binary" && !areSigned) return undefined;
  tile.margin = margin;
  tile.labels = areSigned ? signs : y;
  tile.predictions = floatsOf(predictions, n, code, castPredictions);
  return spec;
}

/** Sums the terms of a batch; returns undefined where {@link read} does. */
export function sumSmall(
  formula: Formula,
  code: number,
  labels: RowTensor,
  predictions: RowTensor,
): number | undefined {
  const spec = read(formula, code, labels, predictions);
  if (spec === undefined) return undefined;
  writeSums(spec, tile, 1, predictions.rows * predictions.width, sums);
  return sums[0];
}

/** Writes the losses of rows; returns false where {@link read} returns undefined. */
export function writeSmallLosses(
  formula: Formula,
  code: number,
  labels: RowTensor,
  predictions: RowTensor,
  losses: Results,
): boolean {
  const spec = read(formula, code, labels, predictions);
  if (spec === undefined) return false;
  const { rows, width } = predictions;
  writeMeans(spec, tile, rows, width, sums);
  writeResults(code, sums, rows, losses, 0);
  return true;
}
