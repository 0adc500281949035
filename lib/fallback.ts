/**
 * The native kernels' twin in plain TypeScript, bit for bit: for machines without a binary, and for
 * batches so small that the way into C++ costs more than it saves. native/kernels/loops.inl.h states the
 * contract: blocks of 64 terms, folded by halves in float32 to 8 lanes, which are added in double; chunks
 * of 8192 terms, merged in order. What double computes of float32 values rounds to the same float32 as
 * the exact result, so Math.fround after every operation is float32 arithmetic.
 */
import {
  categoricalHinge,
  type Kernels,
  type LabelData,
  labelTypes,
  squaredHinge,
} from "./kernels.js";

const block = 64;
const lanes = 8;
const chunk = 128 * block;

const round = Math.fround;

// Scratch. No call is entered twice: none runs anybody else's code.
const floatLabels = new Float32Array(chunk);
const terms = new Float32Array(block);
const sums = new Float64Array(lanes);
const groupLosses = new Float64Array(chunk);
let largest = -Infinity;

// ---- The formulas

/** max(0, 1 - y p), or its square. */
function term(squared: boolean, exact: boolean, y: number, p: number): number {
  const margin = round(1 - round(y * p));
  // Without a branch, which random signs would mispredict every other time. But -Infinity becomes NaN:
  // whoever gets a sum that is not finite has to sum again, exactly.
  const loss = exact ? (0 > margin ? 0 : margin) : (margin + Math.abs(margin)) * 0.5;
  return squared ? round(loss * loss) : loss;
}

/** max(0, neg - pos + 1) */
function rowMargin(pos: number, neg: number): number {
  const margin = neg - pos + 1;
  return 0 > margin ? 0 : margin;
}

/** How labels are read: y * scale - shift is 2 y - 1 where 0/1 stand for -1/+1, and else y. */
interface Reading {
  readonly scale: number;
  readonly shift: number;
}
const binary: Reading = { scale: 2, shift: 1 };
const asIs: Reading = { scale: 1, shift: 0 };

// ---- Sums of n values from yAt and pAt on

/** Adds the first n terms of the scratch to the lanes, folded by halves. */
function addBlock(n: number): void {
  let half = lanes;
  while (half < n) half *= 2;
  for (let i = n; i < half; i++) terms[i] = 0;
  while (half > lanes) {
    half /= 2;
    for (let i = 0; i < half; i++) terms[i] += terms[i + half];
  }
  for (let i = 0; i < lanes; i++) sums[i] += terms[i];
}

/** The same without float32 additions, which may overflow. */
function addBlockWidened(n: number): void {
  for (let i = 0; i < n; i++) sums[i % lanes] += terms[i];
}

function foldedSums(): number {
  const s = sums;
  return s[0] + s[4] + (s[2] + s[6]) + (s[1] + s[5] + (s[3] + s[7]));
}

function writeTerms(
  squared: boolean,
  exact: boolean,
  { scale, shift }: Reading,
  y: Float32Array,
  yAt: number,
  p: Float32Array,
  pAt: number,
  n: number,
): void {
  for (let i = 0; i < n; i++) {
    terms[i] = term(squared, exact, y[yAt + i] * scale - shift, p[pAt + i]);
  }
}

function sumOfTerms(
  squared: boolean,
  reading: Reading,
  y: Float32Array,
  yAt: number,
  p: Float32Array,
  pAt: number,
  n: number,
): number {
  const { scale, shift } = reading;
  sums.fill(0);
  let start = 0;
  for (; start + block <= n; start += block) {
    for (let lane = 0; lane < lanes; lane++) {
      const i = yAt + start + lane;
      const k = pAt + start + lane;
      const a = term(squared, false, y[i] * scale - shift, p[k]);
      const b = term(squared, false, y[i + 8] * scale - shift, p[k + 8]);
      const c = term(squared, false, y[i + 16] * scale - shift, p[k + 16]);
      const d = term(squared, false, y[i + 24] * scale - shift, p[k + 24]);
      const e = term(squared, false, y[i + 32] * scale - shift, p[k + 32]);
      const f = term(squared, false, y[i + 40] * scale - shift, p[k + 40]);
      const g = term(squared, false, y[i + 48] * scale - shift, p[k + 48]);
      const h = term(squared, false, y[i + 56] * scale - shift, p[k + 56]);
      sums[lane] += round(round(round(a + e) + round(c + g)) + round(round(b + f) + round(d + h)));
    }
  }
  if (start < n) {
    writeTerms(squared, false, reading, y, yAt + start, p, pAt + start, n - start);
    addBlock(n - start);
  }
  const sum = foldedSums();
  return sum - sum === 0 ? sum : exactSumOfTerms(squared, reading, y, yAt, p, pAt, n);
}

function exactSumOfTerms(
  squared: boolean,
  reading: Reading,
  y: Float32Array,
  yAt: number,
  p: Float32Array,
  pAt: number,
  n: number,
): number {
  for (const add of [addBlock, addBlockWidened]) {
    sums.fill(0);
    for (let start = 0; start < n; start += block) {
      const count = Math.min(block, n - start);
      writeTerms(squared, true, reading, y, yAt + start, p, pAt + start, count);
      add(count);
    }
    if (Number.isFinite(foldedSums())) break;
  }
  return foldedSums();
}

/** Σ y p; `largest` becomes the largest (1 - y) p of these values and of what it was. */
function sumOfProducts(
  y: Float32Array,
  yAt: number,
  p: Float32Array,
  pAt: number,
  n: number,
): number {
  for (const add of [addBlock, addBlockWidened]) {
    sums.fill(0);
    for (let start = 0; start < n; start += block) {
      const count = Math.min(block, n - start);
      for (let i = 0; i < count; i++) {
        const label = y[yAt + start + i];
        const prediction = p[pAt + start + i];
        const rest = round(round(1 - label) * prediction);
        if (rest > largest) largest = rest;
        // A comparison loses a NaN, a sum never does.
        terms[i] = Number.isNaN(rest) ? rest : label * prediction;
      }
      add(count);
    }
    if (Number.isFinite(foldedSums())) break;
  }
  return foldedSums();
}

// ---- Labels

/** n labels from `at` on as float32: where they are, or at the start of the scratch. */
function asFloats(type: number, labels: LabelData, at: number, n: number): Float32Array {
  if (labels instanceof Float32Array) return labels;
  if (type === labelTypes.bool) {
    for (let i = 0; i < n; i++) floatLabels[i] = labels[at + i] === 0 ? 0 : 1;
  } else {
    for (let i = 0; i < n; i++) floatLabels[i] = labels[at + i];
  }
  return floatLabels;
}

/** Whether n labels are all 0 or 1: any other leaves something of y (1 - y). */
function areBinary(y: Float32Array, at: number, n: number): boolean {
  let impure = 0;
  for (let i = at; i < at + n; i++) impure += Math.abs(y[i] * (1 - y[i]));
  return impure === 0;
}

function lookBinaryAt(type: number, labels: LabelData, at: number, n: number): boolean {
  const y = asFloats(type, labels, at, n);
  return areBinary(y, y === labels ? at : 0, n);
}

/** Both ends nearly always tell; all the others are checked when their turn comes. */
function lookBinary(type: number, labels: LabelData): boolean {
  const n = Math.min(labels.length, block);
  return lookBinaryAt(type, labels, 0, n) && lookBinaryAt(type, labels, labels.length - n, n);
}

// ---- Rows and batches. What returns a boolean stops with false at a label that is not 0 or 1.

/** Sums n values of a row: their terms, or for categorical hinge their products. */
function sumOfPart(
  loss: number,
  reading: Reading,
  y: Float32Array,
  yAt: number,
  p: Float32Array,
  pAt: number,
  n: number,
): number {
  return loss === categoricalHinge
    ? sumOfProducts(y, yAt, p, pAt, n)
    : sumOfTerms(loss === squaredHinge, reading, y, yAt, p, pAt, n);
}

function lossOfRow(loss: number, sum: number, width: number): number {
  return loss === categoricalHinge ? rowMargin(sum, largest) : sum / width;
}

/** Writes the losses of whole rows, a chunk of values at most, to the scratch. */
function writeLosses(
  loss: number,
  reading: Reading,
  type: number,
  labels: LabelData,
  predictions: Float32Array,
  start: number,
  rows: number,
  width: number,
): boolean {
  const y = asFloats(type, labels, start, rows * width);
  const yAt = y === labels ? start : 0;
  if (reading === binary && !areBinary(y, yAt, rows * width)) return false;
  for (let row = 0; row < rows; row++) {
    const i = row * width;
    largest = -Infinity;
    const sum = sumOfPart(loss, reading, y, yAt + i, predictions, start + i, width);
    groupLosses[row] = lossOfRow(loss, sum, width);
  }
  return true;
}

/** Writes the loss of a row of more than a chunk to the scratch. */
function writeLossOfLongRow(
  loss: number,
  reading: Reading,
  type: number,
  labels: LabelData,
  predictions: Float32Array,
  start: number,
  width: number,
): boolean {
  let sum = 0;
  largest = -Infinity;
  for (let i = 0; i < width; i += chunk) {
    const n = Math.min(chunk, width - i);
    const y = asFloats(type, labels, start + i, n);
    const yAt = y === labels ? start + i : 0;
    if (reading === binary && !areBinary(y, yAt, n)) return false;
    sum += sumOfPart(loss, reading, y, yAt, predictions, start + i, n);
  }
  groupLosses[0] = lossOfRow(loss, sum, width);
  return true;
}

/** Calls use(first row, count) for every group of rows whose losses are in the scratch. */
function eachGroup(
  loss: number,
  reading: Reading,
  type: number,
  labels: LabelData,
  predictions: Float32Array,
  rows: number,
  width: number,
  use: (first: number, count: number) => void,
): boolean {
  const rowsOfGroup = Math.max(1, Math.floor(chunk / width));
  for (let first = 0; first < rows; first += rowsOfGroup) {
    const count = Math.min(rowsOfGroup, rows - first);
    const start = first * width;
    const pure =
      width > chunk
        ? writeLossOfLongRow(loss, reading, type, labels, predictions, start, width)
        : writeLosses(loss, reading, type, labels, predictions, start, count, width);
    if (!pure) return false;
    use(first, count);
  }
  return true;
}

/** The sum of the terms of all values, which need not be cut into rows. */
function totalOfTerms(
  squared: boolean,
  reading: Reading,
  type: number,
  labels: LabelData,
  predictions: Float32Array,
): number | undefined {
  let total = 0;
  for (let start = 0; start < predictions.length; start += chunk) {
    const n = Math.min(chunk, predictions.length - start);
    const y = asFloats(type, labels, start, n);
    const yAt = y === labels ? start : 0;
    if (reading === binary && !areBinary(y, yAt, n)) return undefined;
    total += sumOfTerms(squared, reading, y, yAt, predictions, start, n);
  }
  return total;
}

function totalOfRows(
  loss: number,
  type: number,
  labels: LabelData,
  predictions: Float32Array,
  rows: number,
  width: number,
): number {
  let total = 0;
  eachGroup(loss, asIs, type, labels, predictions, rows, width, (_, count) => {
    sums.fill(0);
    for (let i = 0; i < count; i++) sums[i % lanes] += groupLosses[i];
    total += foldedSums();
  });
  return total;
}

const quietNaN = 0x7fc00000;

/** Processors have NaNs of many bits; a result has one. */
function unifyNaN(values: Float32Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) bits[i] = quietNaN;
}

export const fallback: Kernels = {
  total(loss, type, labels, predictions, rows, width) {
    if (loss === categoricalHinge) {
      return totalOfRows(loss, type, labels, predictions, rows, width);
    }
    const squared = loss === squaredHinge;
    const signed = lookBinary(type, labels)
      ? totalOfTerms(squared, binary, type, labels, predictions)
      : undefined;
    return signed ?? (totalOfTerms(squared, asIs, type, labels, predictions) as number);
  },

  rowLosses(loss, type, labels, predictions, rows, width, out) {
    let sum = 0;
    const use = (first: number, count: number) => {
      for (let i = 0; i < count; i++) out[first + i] = groupLosses[i];
      for (let i = 0; i < count; i++) sum += groupLosses[i];
    };
    const signed = loss !== categoricalHinge && lookBinary(type, labels);
    if (!signed || !eachGroup(loss, binary, type, labels, predictions, rows, width, use)) {
      eachGroup(loss, asIs, type, labels, predictions, rows, width, use);
    }
    if (Number.isNaN(sum)) unifyNaN(out);
  },
};
