/**
 * The native kernels' twin in plain TypeScript, bit for bit: for machines without a binary, and for
 * batches so small that the way into C++ costs more than it saves. native/kernels/loops.inl.h states the
 * contract: blocks of 64 terms, folded by halves in float32 to 8 lanes, which are added in double; chunks
 * of 8192 terms, merged in order. What double computes of float32 values rounds to the same float32 as
 * the exact result, so Math.fround after every operation is float32 arithmetic.
 */
import {
  asIs,
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
/** float32 values: in double they need no conversion at every step. */
const terms = new Float64Array(block);
const sums = new Float64Array(lanes);
const groupLosses = new Float64Array(chunk);
/** The maximum of the row at hand. In an array, as a variable would be a new object for every value. */
const largest = new Float32Array(1);

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

// ---- Sums of n values from yAt and pAt on

/** Folds the first n terms of the scratch by halves, into its first 8. */
function foldTerms(n: number): void {
  let half = lanes;
  while (half < n) half <<= 1;
  for (let i = n; i < half; i++) terms[i] = 0;
  for (half >>= 1; half >= lanes; half >>= 1) {
    for (let i = 0; i < half; i++) terms[i] = round(terms[i] + terms[i + half]);
  }
}

/** Adds the first n terms of the scratch to the lanes. */
function addBlock(n: number): void {
  foldTerms(n);
  addLanes();
}

function addLanes(): void {
  for (let i = 0; i < lanes; i++) sums[i] += terms[i];
}

/** The same without float32 additions, which may overflow. */
function addBlockWidened(n: number): void {
  for (let i = 0; i < n; i++) sums[i % lanes] += terms[i];
}

/** The method `fill` costs more than the terms of a small batch. */
function clearSums(): void {
  for (let i = 0; i < lanes; i++) sums[i] = 0;
}

function foldedTerms(): number {
  const t = terms;
  return t[0] + t[4] + (t[2] + t[6]) + (t[1] + t[5] + (t[3] + t[7]));
}

function foldedSums(): number {
  const s = sums;
  return s[0] + s[4] + (s[2] + s[6]) + (s[1] + s[5] + (s[3] + s[7]));
}

/**
 * Folds up to a block of terms into the first 8 of the scratch. Like the next function it is too long to be
 * inlined: so the terms are inlined into it, whatever else the compiler inlines into its callers.
 */
function foldTermsOf(
  squared: boolean,
  y: Float32Array,
  yAt: number,
  p: Float32Array,
  pAt: number,
  n: number,
): void {
  let i = 0;
  for (; i + lanes <= n; i += lanes) {
    const j = yAt + i;
    const k = pAt + i;
    terms[i] = term(squared, false, y[j], p[k]);
    terms[i + 1] = term(squared, false, y[j + 1], p[k + 1]);
    terms[i + 2] = term(squared, false, y[j + 2], p[k + 2]);
    terms[i + 3] = term(squared, false, y[j + 3], p[k + 3]);
    terms[i + 4] = term(squared, false, y[j + 4], p[k + 4]);
    terms[i + 5] = term(squared, false, y[j + 5], p[k + 5]);
    terms[i + 6] = term(squared, false, y[j + 6], p[k + 6]);
    terms[i + 7] = term(squared, false, y[j + 7], p[k + 7]);
  }
  for (; i < n; i++) terms[i] = term(squared, false, y[yAt + i], p[pAt + i]);
  foldTerms(n);
}

/** Adds the whole blocks among n terms to the lanes. */
function addBlocksOfTerms(
  squared: boolean,
  y: Float32Array,
  yAt: number,
  p: Float32Array,
  pAt: number,
  n: number,
): void {
  for (let start = 0; start + block <= n; start += block) {
    for (let lane = 0; lane < lanes; lane++) {
      const i = yAt + start + lane;
      const k = pAt + start + lane;
      const a = term(squared, false, y[i], p[k]);
      const b = term(squared, false, y[i + 8], p[k + 8]);
      const c = term(squared, false, y[i + 16], p[k + 16]);
      const d = term(squared, false, y[i + 24], p[k + 24]);
      const e = term(squared, false, y[i + 32], p[k + 32]);
      const f = term(squared, false, y[i + 40], p[k + 40]);
      const g = term(squared, false, y[i + 48], p[k + 48]);
      const h = term(squared, false, y[i + 56], p[k + 56]);
      sums[lane] += round(round(round(a + e) + round(c + g)) + round(round(b + f) + round(d + h)));
    }
  }
}

function sumOfBlocks(
  squared: boolean,
  y: Float32Array,
  yAt: number,
  p: Float32Array,
  pAt: number,
  n: number,
): number {
  const rest = n % block;
  const whole = n - rest;
  clearSums();
  addBlocksOfTerms(squared, y, yAt, p, pAt, whole);
  foldTermsOf(squared, y, yAt + whole, p, pAt + whole, rest);
  addLanes();
  return foldedSums();
}

function sumOfTerms(
  squared: boolean,
  y: Float32Array,
  yAt: number,
  p: Float32Array,
  pAt: number,
  n: number,
): number {
  let sum: number;
  if (n <= block) {
    foldTermsOf(squared, y, yAt, p, pAt, n);
    sum = foldedTerms();
  } else {
    sum = sumOfBlocks(squared, y, yAt, p, pAt, n);
  }
  return sum - sum === 0 ? sum : exactSumOfTerms(squared, y, yAt, p, pAt, n);
}

function exactSumOfTerms(
  squared: boolean,
  y: Float32Array,
  yAt: number,
  p: Float32Array,
  pAt: number,
  n: number,
): number {
  for (const add of [addBlock, addBlockWidened]) {
    clearSums();
    for (let start = 0; start < n; start += block) {
      const count = Math.min(block, n - start);
      for (let i = 0; i < count; i++) {
        terms[i] = term(squared, true, y[yAt + start + i], p[pAt + start + i]);
      }
      add(count);
    }
    if (Number.isFinite(foldedSums())) break;
  }
  return foldedSums();
}

/** Writes n products y p to the scratch; `largest` grows to the largest (1 - y) p. */
function writeProducts(
  y: Float32Array,
  yAt: number,
  p: Float32Array,
  pAt: number,
  n: number,
): void {
  let max = largest[0];
  for (let i = 0; i < n; i++) {
    const label = y[yAt + i];
    const prediction = p[pAt + i];
    const rest = round(round(1 - label) * prediction);
    if (rest > max) max = rest;
    // A comparison loses a NaN, a sum never does.
    terms[i] = Number.isNaN(rest) ? rest : round(label * prediction);
  }
  largest[0] = max;
}

/** Σ y p; `largest` grows to the largest (1 - y) p. */
function sumOfProducts(
  y: Float32Array,
  yAt: number,
  p: Float32Array,
  pAt: number,
  n: number,
): number {
  let sum: number;
  if (n <= block) {
    writeProducts(y, yAt, p, pAt, n);
    foldTerms(n);
    sum = foldedTerms();
  } else {
    sum = sumOfBlocksOfProducts(addBlock, y, yAt, p, pAt, n);
  }
  return sum - sum === 0 ? sum : sumOfBlocksOfProducts(addBlockWidened, y, yAt, p, pAt, n);
}

function sumOfBlocksOfProducts(
  add: (n: number) => void,
  y: Float32Array,
  yAt: number,
  p: Float32Array,
  pAt: number,
  n: number,
): number {
  clearSums();
  for (let start = 0; start < n; start += block) {
    const count = Math.min(block, n - start);
    writeProducts(y, yAt + start, p, pAt + start, count);
    add(count);
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

/** Writes -1/+1 for n labels 0/1 to the scratch; false if one is neither, which leaves some y (1 - y). */
function writeSigns(type: number, labels: LabelData, at: number, n: number): boolean {
  const y = asFloats(type, labels, at, n);
  const yAt = y === labels ? at : 0;
  let impure = 0;
  for (let i = 0; i < n; i++) {
    const label = y[yAt + i];
    impure += Math.abs(label * (1 - label));
    floatLabels[i] = 2 * label - 1;
  }
  return impure === 0;
}

/** Both ends nearly always tell; all the others are checked when their turn comes. */
function lookBinary(type: number, labels: LabelData): boolean {
  if (type === labelTypes.bool) return true;
  const n = labels.length;
  for (let i = 0; i < n && i < lanes; i++) {
    const label = labels[i];
    if ((label !== 0 && label !== 1) || (labels[n - 1 - i] !== 0 && labels[n - 1 - i] !== 1)) {
      return false;
    }
  }
  return true;
}

const mayBeBinary = (loss: number) => (loss & asIs) === 0;

/** n labels as {@link asFloats}, or as signs, if that is what they are; undefined if they are not. */
function readLabels(
  signed: boolean,
  type: number,
  labels: LabelData,
  at: number,
  n: number,
): Float32Array | undefined {
  if (!signed) return asFloats(type, labels, at, n);
  return writeSigns(type, labels, at, n) ? floatLabels : undefined;
}

// ---- Rows and batches. Where labels are taken for signs, one that is none ends it: false, or undefined.

/** Sums n values of a row: their terms, or for categorical hinge their products. */
function sumOfPart(
  loss: number,
  y: Float32Array,
  yAt: number,
  p: Float32Array,
  pAt: number,
  n: number,
): number {
  return loss === categoricalHinge
    ? sumOfProducts(y, yAt, p, pAt, n)
    : sumOfTerms(loss === squaredHinge, y, yAt, p, pAt, n);
}

function lossOfRow(loss: number, sum: number, width: number): number {
  return loss === categoricalHinge ? rowMargin(sum, largest[0]) : sum / width;
}

/** Writes the losses of whole rows, a chunk of values at most, to the scratch. */
function writeLosses(
  loss: number,
  signed: boolean,
  type: number,
  labels: LabelData,
  predictions: Float32Array,
  start: number,
  rows: number,
  width: number,
): boolean {
  const y = readLabels(signed, type, labels, start, rows * width);
  if (y === undefined) return false;
  const yAt = y === labels ? start : 0;
  for (let row = 0; row < rows; row++) {
    const i = row * width;
    largest[0] = -Infinity;
    const sum = sumOfPart(loss, y, yAt + i, predictions, start + i, width);
    groupLosses[row] = lossOfRow(loss, sum, width);
  }
  return true;
}

/** Writes the loss of a row of more than a chunk to the scratch. */
function writeLossOfLongRow(
  loss: number,
  signed: boolean,
  type: number,
  labels: LabelData,
  predictions: Float32Array,
  start: number,
  width: number,
): boolean {
  let sum = 0;
  largest[0] = -Infinity;
  for (let i = 0; i < width; i += chunk) {
    const n = Math.min(chunk, width - i);
    const y = readLabels(signed, type, labels, start + i, n);
    if (y === undefined) return false;
    const yAt = y === labels ? start + i : 0;
    sum += sumOfPart(loss, y, yAt, predictions, start + i, n);
  }
  groupLosses[0] = lossOfRow(loss, sum, width);
  return true;
}

/** Calls use(first row, count) for every group of rows whose losses are in the scratch. */
function eachGroup(
  loss: number,
  signed: boolean,
  type: number,
  labels: LabelData,
  predictions: Float32Array,
  width: number,
  use: (first: number, count: number) => void,
): boolean {
  const rows = predictions.length / width;
  const rowsOfGroup = Math.max(1, Math.floor(chunk / width));
  for (let first = 0; first < rows; first += rowsOfGroup) {
    const count = Math.min(rowsOfGroup, rows - first);
    const start = first * width;
    const pure =
      width > chunk
        ? writeLossOfLongRow(loss, signed, type, labels, predictions, start, width)
        : writeLosses(loss, signed, type, labels, predictions, start, count, width);
    if (!pure) return false;
    use(first, count);
  }
  return true;
}

/** The sum of the terms of all values, which need not be cut into rows. */
function totalOfTerms(
  squared: boolean,
  signed: boolean,
  type: number,
  labels: LabelData,
  predictions: Float32Array,
): number | undefined {
  let total = 0;
  for (let start = 0; start < predictions.length; start += chunk) {
    const n = Math.min(chunk, predictions.length - start);
    const y = readLabels(signed, type, labels, start, n);
    if (y === undefined) return undefined;
    const yAt = y === labels ? start : 0;
    total += sumOfTerms(squared, y, yAt, predictions, start, n);
  }
  return total;
}

function totalOfRows(
  loss: number,
  type: number,
  labels: LabelData,
  predictions: Float32Array,
  width: number,
): number {
  let total = 0;
  eachGroup(loss, false, type, labels, predictions, width, (_, count) => {
    clearSums();
    for (let i = 0; i < count; i++) sums[i % lanes] += groupLosses[i];
    total += foldedSums();
  });
  return total;
}

const quietNaN = 0x7fc00000;
const wideQuietNaN = 0x7ff8000000000000n;

/** Processors have NaNs of many bits; a result has one. */
export function unifyNaN(values: Float32Array | Float64Array): void {
  const { buffer, byteOffset, length } = values;
  if (values instanceof Float64Array) {
    const bits = new BigUint64Array(buffer, byteOffset, length);
    for (let i = 0; i < length; i++) if (Number.isNaN(values[i])) bits[i] = wideQuietNaN;
  } else {
    const bits = new Uint32Array(buffer, byteOffset, length);
    for (let i = 0; i < length; i++) if (Number.isNaN(values[i])) bits[i] = quietNaN;
  }
}

export const fallback: Kernels = {
  total(loss, type, labels, predictions, width) {
    if (loss === categoricalHinge) return totalOfRows(loss, type, labels, predictions, width);
    const squared = (loss & ~asIs) === squaredHinge;
    const signed =
      mayBeBinary(loss) && lookBinary(type, labels)
        ? totalOfTerms(squared, true, type, labels, predictions)
        : undefined;
    return signed ?? (totalOfTerms(squared, false, type, labels, predictions) as number);
  },

  rowLosses(loss, type, labels, predictions, width, out) {
    let sum = 0;
    const use = (first: number, count: number) => {
      for (let i = 0; i < count; i++) out[first + i] = groupLosses[i];
      for (let i = 0; i < count; i++) sum += groupLosses[i];
    };
    const kind = loss & ~asIs;
    const signed = kind !== categoricalHinge && mayBeBinary(loss) && lookBinary(type, labels);
    if (!signed || !eachGroup(kind, true, type, labels, predictions, width, use)) {
      eachGroup(kind, false, type, labels, predictions, width, use);
    }
    if (Number.isNaN(sum)) unifyNaN(out);
  },
};
