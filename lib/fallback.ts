/**
 * The native kernels' twin in plain TypeScript, bit for bit: for machines without a binary, and for
 * batches so small that the way into C++ costs more than it saves. native/kernels/blocks.inl.h states the
 * contract: blocks of 64 terms, folded by halves in float32 to 8 lanes, which are added in double; chunks
 * of 8192 terms, added exactly. What double computes of float32 values rounds to the same float32 as
 * the exact result, so Math.fround after every operation is float32 arithmetic. Terms in float64, below
 * called "wide", go the same way without any rounding.
 */
import { type Computed, cast, type Results, type Stored, writeResults } from "./cast.js";
import { codes } from "./dtypes.js";
import { ExactSum } from "./exact-sum.js";
import {
  asIs,
  castOfKind,
  categoricalHinge,
  isAsIs,
  type Kernels,
  kindOfBatch,
  labelsOfKind,
  lossOfKind,
  maskOfColumns,
  noSums,
  predictionsOfKind,
  type Sums,
  squaredHinge,
  weightsOfColumns,
} from "./kernels.js";

const block = 64;
const lanes = 8;
const chunk = 128 * block;

const round = Math.fround;

// Scratch. No call is entered twice: none runs anybody else's code.
const floatLabels = new Float32Array(chunk);
const floatPredictions = new Float32Array(chunk);
const wideLabels = new Float64Array(chunk);
const widePredictions = new Float64Array(chunk);
/** float32 values: in double they need no conversion at every step. */
const terms = new Float64Array(block);
const sums = new Float64Array(lanes);
const shortLabels = new Float32Array(block);
const shortPredictions = new Float32Array(block);
const groupLosses = new Float64Array(chunk);
const groupWeights = new Float64Array(chunk);
const groupMask = new Float64Array(chunk);
const groupSlopes = new Float64Array(chunk);
const floatWeights = new Float32Array(chunk);
/** The maximum of the row at hand. In an array, as a variable would be a new object for every value. */
const largest = new Float64Array(1);

// ---- The formulas, with what every operation is rounded by. Constant arguments are gone once they are inlined.

type Rounding = (value: number) => number;
const unrounded: Rounding = (value) => value;

/** 1 - y p */
const marginOf = (round: Rounding, y: number, p: number) => round(1 - round(y * p));

/** max(0, margin) */
const lossOfMargin = (margin: number) => (0 > margin ? 0 : margin);

/** max(0, 1 - y p), or its square. */
function term(round: Rounding, squared: boolean, exact: boolean, y: number, p: number): number {
  const margin = marginOf(round, y, p);
  // Without a branch, which random signs would mispredict every other time. But -Infinity becomes NaN:
  // whoever gets a sum that is not finite has to sum again, exactly.
  const loss = exact ? lossOfMargin(margin) : (margin + Math.abs(margin)) * 0.5;
  return squared ? round(loss * loss) : loss;
}

/** (1 - y) p */
const otherOf = (round: Rounding, y: number, p: number) => round(round(1 - y) * p);

/** neg - pos + 1 */
const rowMargin = (pos: number, neg: number) => neg - pos + 1;

/** The slope of max(0, margin): at the kink that of the side on which there is a loss. */
const slopeOfMargin = (margin: number) => (0 > margin ? 0 : margin >= 0 ? 1 : Number.NaN);

/** d term / d p, of hinge or squared hinge. */
function slope(round: Rounding, squared: boolean, y: number, p: number): number {
  const margin = marginOf(round, y, p);
  return round(y * (squared ? round(-2 * lossOfMargin(margin)) : -slopeOfMargin(margin)));
}

/** d (neg - pos) / d p: the values that are the maximum have an equal share in its slope each. */
function categoricalSlope(
  round: Rounding,
  y: number,
  p: number,
  neg: number,
  share: number,
): number {
  return round(round(round(1 - y) * (otherOf(round, y, p) === neg ? share : 0)) - y);
}

// ---- Sums of n values from yAt and pAt on

/** How many terms are left of n in a block when they have been folded three times: 1, 2, 4 or 8. */
const leftOfBlock = (n: number) => (n <= 8 ? 1 : n <= 16 ? 2 : n <= 32 ? 4 : lanes);

/** Adds up the first `left` of the sums, by halves. */
function foldedSums(left: number): number {
  const s = sums;
  if (left === 1) return s[0];
  if (left === 2) return s[0] + s[1];
  if (left === 4) return s[0] + s[2] + (s[1] + s[3]);
  return s[0] + s[4] + (s[2] + s[6]) + (s[1] + s[5] + (s[3] + s[7]));
}

/** The method `fill` costs more than the terms of a small batch. */
function clearSums(left: number): void {
  for (let i = 0; i < left; i++) sums[i] = 0;
}

/**
 * Adds whole blocks of 8 * left terms, each folded three times, to the first sums. Too long to be inlined: so the
 * terms are inlined into it, whatever else the compiler inlines into its callers.
 */
function addBlocksOfTerms(
  squared: boolean,
  y: Float32Array,
  yAt: number,
  p: Float32Array,
  pAt: number,
  blocks: number,
  left: number,
): void {
  let j = yAt;
  let k = pAt;
  for (let n = 0; n < blocks; n++) {
    for (let lane = 0; lane < left; lane++) {
      const a = term(round, squared, false, y[j], p[k]);
      const b = term(round, squared, false, y[j + left], p[k + left]);
      const c = term(round, squared, false, y[j + 2 * left], p[k + 2 * left]);
      const d = term(round, squared, false, y[j + 3 * left], p[k + 3 * left]);
      const e = term(round, squared, false, y[j + 4 * left], p[k + 4 * left]);
      const f = term(round, squared, false, y[j + 5 * left], p[k + 5 * left]);
      const g = term(round, squared, false, y[j + 6 * left], p[k + 6 * left]);
      const h = term(round, squared, false, y[j + 7 * left], p[k + 7 * left]);
      sums[lane] += round(round(round(a + e) + round(c + g)) + round(round(b + f) + round(d + h)));
      j++;
      k++;
    }
    j += 7 * left;
    k += 7 * left;
  }
}

/** Adds the terms of a last, short block. What fills it up has terms of 0. */
function addShortBlock(
  squared: boolean,
  y: Float32Array,
  yAt: number,
  p: Float32Array,
  pAt: number,
  n: number,
  left: number,
): void {
  for (let i = 0; i < n; i++) {
    shortLabels[i] = y[yAt + i];
    shortPredictions[i] = p[pAt + i];
  }
  for (let i = n; i < lanes * left; i++) shortLabels[i] = shortPredictions[i] = 1;
  addBlocksOfTerms(squared, shortLabels, 0, shortPredictions, 0, 1, left);
}

function sumOfTerms(
  squared: boolean,
  y: Float32Array,
  yAt: number,
  p: Float32Array,
  pAt: number,
  n: number,
): number {
  const left = leftOfBlock(n);
  const size = lanes * left;
  const rest = n % size;
  const whole = n - rest;
  clearSums(left);
  addBlocksOfTerms(squared, y, yAt, p, pAt, whole / size, left);
  if (rest > 0) addShortBlock(squared, y, yAt + whole, p, pAt + whole, rest, left);
  const sum = foldedSums(left);
  return sum - sum === 0
    ? sum
    : sumOfWritten(squared ? writeSquares : writeTerms, y, yAt, p, pAt, n);
}

/** Writes n terms to the scratch. */
type Write = (y: Computed, yAt: number, p: Computed, pAt: number, n: number) => void;

const writerOfTerms =
  (round: Rounding, squared: boolean): Write =>
  (y, yAt, p, pAt, n) => {
    for (let i = 0; i < n; i++) terms[i] = term(round, squared, true, y[yAt + i], p[pAt + i]);
  };
const writeTerms = writerOfTerms(round, false);
const writeSquares = writerOfTerms(round, true);
const writeWideTerms = writerOfTerms(unrounded, false);
const writeWideSquares = writerOfTerms(unrounded, true);

/** Sums terms in float32, and once more where that was not finite. */
function sumOfWritten(
  write: Write,
  y: Computed,
  yAt: number,
  p: Computed,
  pAt: number,
  n: number,
): number {
  const sum = foldedSumOf(true, write, y, yAt, p, pAt, n);
  return sum - sum === 0 ? sum : widenedSumOf(write, y, yAt, p, pAt, n);
}

/** Folds n terms of the scratch three times, as a block of 8 * left, and adds what is left to the first sums. */
function addTerms(isRounded: boolean, n: number, left: number): void {
  const size = lanes * left;
  for (let i = n; i < size; i++) terms[i] = 0;
  for (let half = size >> 1; half >= left; half >>= 1) {
    for (let i = 0; i < half; i++) {
      const sum = terms[i] + terms[i + half];
      terms[i] = isRounded ? round(sum) : sum;
    }
  }
  for (let i = 0; i < left; i++) sums[i] += terms[i];
}

function foldedSumOf(
  isRounded: boolean,
  write: Write,
  y: Computed,
  yAt: number,
  p: Computed,
  pAt: number,
  n: number,
): number {
  const left = leftOfBlock(n);
  clearSums(left);
  for (let start = 0; start < n; start += block) {
    const count = Math.min(block, n - start);
    write(y, yAt + start, p, pAt + start, count);
    addTerms(isRounded, count, left);
  }
  return foldedSums(left);
}

/** The same without float32 additions, which may overflow. */
function widenedSumOf(
  write: Write,
  y: Computed,
  yAt: number,
  p: Computed,
  pAt: number,
  n: number,
): number {
  clearSums(lanes);
  for (let start = 0; start < n; start += block) {
    const count = Math.min(block, n - start);
    write(y, yAt + start, p, pAt + start, count);
    for (let i = 0; i < count; i++) sums[i % lanes] += terms[i];
  }
  return foldedSums(lanes);
}

/** The product y p; `largest` grows to the largest (1 - y) p. */
function product(round: Rounding, y: number, p: number): number {
  const other = otherOf(round, y, p);
  if (other > largest[0]) largest[0] = other;
  // A comparison loses a NaN, a sum never does.
  return Number.isNaN(other) ? other : round(y * p);
}

const writerOfProducts =
  (round: Rounding): Write =>
  (y, yAt, p, pAt, n) => {
    for (let i = 0; i < n; i++) terms[i] = product(round, y[yAt + i], p[pAt + i]);
  };
const writeProducts = writerOfProducts(round);
const writeWideProducts = writerOfProducts(unrounded);

// ---- Labels and predictions: where they are, or cast, at the start of the scratch

const isWide = (as: number) => as === codes.float64;
const roundingOf = (kind: number) => (isWide(castOfKind(kind)) ? unrounded : round);

/** Whether values can be computed with where they are. */
function isComputed(dtype: number, as: number): boolean {
  return dtype === as && (as === codes.float32 || as === codes.float64);
}

function readPredictions(kind: number, predictions: Stored, at: number, n: number): Computed {
  const dtype = predictionsOfKind(kind);
  const as = castOfKind(kind);
  if (isComputed(dtype, as)) return predictions as Computed;
  const scratch = isWide(as) ? widePredictions : floatPredictions;
  cast(dtype, predictions, at, n, as, scratch);
  return scratch;
}

function readUnsigned(kind: number, labels: Stored, at: number, n: number): Computed {
  const dtype = labelsOfKind(kind);
  const as = castOfKind(kind);
  if (isComputed(dtype, as)) return labels as Computed;
  const scratch = isWide(as) ? wideLabels : floatLabels;
  cast(dtype, labels, at, n, as, scratch);
  return scratch;
}

/** n labels as they are, or as -1/+1 if all are 0/1; undefined if one is neither, which leaves y (1 - y). */
function readLabels(
  signed: boolean,
  kind: number,
  labels: Stored,
  at: number,
  n: number,
): Computed | undefined {
  const y = readUnsigned(kind, labels, at, n);
  if (!signed) return y;
  const yAt = y === labels ? at : 0;
  const signs = isWide(castOfKind(kind)) ? wideLabels : floatLabels;
  let impure = 0;
  for (let i = 0; i < n; i++) {
    const label = y[yAt + i];
    impure += Math.abs(label * (1 - label));
    signs[i] = 2 * label - 1;
  }
  return impure === 0 ? signs : undefined;
}

const isBinary = (label: number) => label === 0 || label === 1;

/** Whether n labels from `at` on are all 0/1. */
function areBinaryFrom(kind: number, labels: Stored, at: number, n: number): boolean {
  const y = readUnsigned(kind, labels, at, n);
  const yAt = y === labels ? at : 0;
  for (let i = yAt; i < yAt + n; i++) if (!isBinary(y[i])) return false;
  return true;
}

/** Whether all labels of a batch are 0/1, once they are cast. */
export function areBinary(kind: number, labels: Stored): boolean {
  for (let at = 0; at < labels.length; at += chunk) {
    if (!areBinaryFrom(kind, labels, at, Math.min(chunk, labels.length - at))) return false;
  }
  return true;
}

const plainDtypes = kindOfBatch(0, codes.float32, codes.float32, codes.float32);
const isPlain = (kind: number) => (kind | 7) === (plainDtypes | 7);

/** Both ends nearly always tell; all the others are checked when their turn comes. */
export function lookBinary(kind: number, labels: Stored): boolean {
  if (isAsIs(kind) || lossOfKind(kind) === categoricalHinge) return false;
  if (isPlain(kind) && !isBinary(labels[0] as number)) return false;
  const n = Math.min(lanes, labels.length);
  return areBinaryFrom(kind, labels, 0, n) && areBinaryFrom(kind, labels, labels.length - n, n);
}

// ---- Rows and batches. Where labels are taken for signs, one that is none ends it: false, or undefined.

/** Sums n values of one row, or a part of them: their terms, or for categorical hinge their products. */
function sumOfPart(
  kind: number,
  y: Computed,
  yAt: number,
  p: Computed,
  pAt: number,
  n: number,
): number {
  const loss = lossOfKind(kind);
  if (isWide(castOfKind(kind))) {
    const write =
      loss === categoricalHinge
        ? writeWideProducts
        : loss === squaredHinge
          ? writeWideSquares
          : writeWideTerms;
    return foldedSumOf(false, write, y, yAt, p, pAt, n);
  }
  return loss === categoricalHinge
    ? sumOfWritten(writeProducts, y, yAt, p, pAt, n)
    : sumOfTerms(loss === squaredHinge, y as Float32Array, yAt, p as Float32Array, pAt, n);
}

function lossOfRow(kind: number, sum: number, width: number): number {
  return lossOfKind(kind) === categoricalHinge
    ? lossOfMargin(rowMargin(sum, largest[0]))
    : sum / width;
}

/** Writes the losses of rows of one value, which are their terms, to the scratch. */
function writeOwnTerms(
  kind: number,
  y: Computed,
  yAt: number,
  p: Computed,
  pAt: number,
  rows: number,
): void {
  const rounding = roundingOf(kind);
  const squared = lossOfKind(kind) === squaredHinge;
  for (let row = 0; row < rows; row++) {
    groupLosses[row] = term(rounding, squared, true, y[yAt + row], p[pAt + row]);
  }
}

/** Writes the losses of whole rows, a chunk of values at most, to the scratch. */
function writeLosses(
  signed: boolean,
  kind: number,
  labels: Stored,
  predictions: Stored,
  start: number,
  rows: number,
  width: number,
): boolean {
  const y = readLabels(signed, kind, labels, start, rows * width);
  if (y === undefined) return false;
  const p = readPredictions(kind, predictions, start, rows * width);
  const yAt = y === labels ? start : 0;
  const pAt = p === predictions ? start : 0;
  if (width === 1 && lossOfKind(kind) !== categoricalHinge) {
    writeOwnTerms(kind, y, yAt, p, pAt, rows);
    return true;
  }
  for (let row = 0; row < rows; row++) {
    const i = row * width;
    largest[0] = -Infinity;
    const sum = sumOfPart(kind, y, yAt + i, p, pAt + i, width);
    groupLosses[row] = lossOfRow(kind, sum, width);
  }
  return true;
}

/** The sum of a row, whose chunks are added exactly. */
function sumOfRow(
  signed: boolean,
  kind: number,
  labels: Stored,
  predictions: Stored,
  start: number,
  width: number,
): number | undefined {
  const sum = new ExactSum();
  for (let at = start; at < start + width; at += chunk) {
    const n = Math.min(chunk, start + width - at);
    const y = readLabels(signed, kind, labels, at, n);
    if (y === undefined) return undefined;
    const p = readPredictions(kind, predictions, at, n);
    sum.add(sumOfPart(kind, y, y === labels ? at : 0, p, p === predictions ? at : 0, n));
  }
  return sum.value;
}

/** Writes the loss of a row of more than a chunk to the scratch. */
function writeLossOfLongRow(
  signed: boolean,
  kind: number,
  labels: Stored,
  predictions: Stored,
  start: number,
  width: number,
): boolean {
  largest[0] = -Infinity;
  const sum = sumOfRow(signed, kind, labels, predictions, start, width);
  if (sum === undefined) return false;
  groupLosses[0] = lossOfRow(kind, sum, width);
  return true;
}

/** How many values a group of rows has at most, unless a single row has more. */
export const valuesOfGroup = chunk;

/** How many rows make up a chunk. */
export const rowsOfGroup = (width: number) => Math.max(1, Math.floor(chunk / width));

/** Calls use(first row, count) for every group of rows that makes up a chunk, until it answers false. */
function eachRowGroup(
  rows: number,
  width: number,
  use: (first: number, count: number) => boolean,
): boolean {
  const step = rowsOfGroup(width);
  for (let first = 0; first < rows; first += step) {
    if (!use(first, Math.min(step, rows - first))) return false;
  }
  return true;
}

/** Calls use(first row, count) for every group of rows whose losses are in the scratch. */
function eachGroup(
  signed: boolean,
  kind: number,
  labels: Stored,
  predictions: Stored,
  width: number,
  use: (first: number, count: number) => void,
): boolean {
  return eachRowGroup(predictions.length / width, width, (first, count) => {
    const start = first * width;
    const pure =
      width > chunk
        ? writeLossOfLongRow(signed, kind, labels, predictions, start, width)
        : writeLosses(signed, kind, labels, predictions, start, count, width);
    if (pure) use(first, count);
    return pure;
  });
}

/** Writes what a group of rows weighs to the scratch. False if the mask has a value that is neither 0 nor 1. */
function readWeights(
  as: number,
  dtypes: number,
  weights: Stored | undefined,
  mask: Stored | undefined,
  first: number,
  count: number,
): boolean {
  if (weights === undefined) {
    groupWeights.fill(1, 0, count);
  } else if (isWide(as)) {
    cast(weightsOfColumns(dtypes), weights, first, count, as, groupWeights);
  } else {
    cast(weightsOfColumns(dtypes), weights, first, count, as, floatWeights);
    for (let i = 0; i < count; i++) groupWeights[i] = floatWeights[i];
  }
  if (mask === undefined) return true;
  let isMask = true;
  cast(maskOfColumns(dtypes), mask, first, count, codes.float64, groupMask);
  for (let i = 0; i < count; i++) {
    const value = groupMask[i];
    isMask &&= isBinary(value);
    // -0 is 0.
    groupMask[i] = value === 0 ? 0 : value === 1 ? 1 : Number.NaN;
    groupWeights[i] *= groupMask[i];
  }
  return isMask;
}

/** Sums n values by lanes, value i in lane i modulo 8. */
function sumOfLanes(values: Float64Array, n: number): number {
  clearSums(lanes);
  for (let i = 0; i < n; i++) sums[i % lanes] += values[i];
  return foldedSums(lanes);
}

/** Whether the last call that read labels took them for 0/1. A part of a batch is asked for that. */
export let areSigned = false;

/**
 * Decides how labels are read, and calls read(signed) for it: for signs if they look like 0/1, and once more as they are if
 * one was found that is neither. Another thread may write labels at any time, so nothing that was seen of them holds
 * for what is read later.
 */
function eachReading(kind: number, labels: Stored, read: (signed: boolean) => boolean): void {
  areSigned = lookBinary(kind, labels) && read(true);
  if (!areSigned) read(false);
}

/** Calls use(first row, count) for every group of rows, whose losses are in the scratch. */
function eachGroupOf(
  kind: number,
  labels: Stored,
  predictions: Stored,
  width: number,
  restart: () => void,
  use: (first: number, count: number) => void,
): void {
  eachReading(kind, labels, (signed) => {
    restart();
    return eachGroup(signed, kind, labels, predictions, width, use);
  });
}

const newSums = () => ({ losses: new ExactSum(), weights: new ExactSum(), kept: new ExactSum() });

const roundedSums = ({ losses, weights, kept }: ReturnType<typeof newSums>): Sums => ({
  losses: losses.value,
  weights: weights.value,
  kept: kept.value,
});

// ---- Gradients

/** A gradient that is to be written. */
interface GradientWork {
  readonly kind: number;
  readonly labels: Stored;
  readonly predictions: Stored;
  readonly width: number;
  readonly divisor: number;
  readonly gradient: Results;
  readonly dtypes: number;
  readonly weights: Stored | undefined;
  readonly mask: Stored | undefined;
}

const hasMax = (kind: number) => lossOfKind(kind) === categoricalHinge;

/** Calls use(labels, their start, predictions, their start, count, first) for parts of a long row. */
function eachPart(
  signed: boolean,
  { kind, labels, predictions, width }: GradientWork,
  start: number,
  use: (y: Computed, yAt: number, p: Computed, pAt: number, n: number, first: number) => void,
): boolean {
  for (let first = start; first < start + width; first += chunk) {
    const count = Math.min(chunk, start + width - first);
    const y = readLabels(signed, kind, labels, first, count);
    if (y === undefined) return false;
    const p = readPredictions(kind, predictions, first, count);
    use(y, y === labels ? first : 0, p, p === predictions ? first : 0, count, first);
  }
  return true;
}

/** How many of n values are the row's maximum. */
function countTies(
  rounding: Rounding,
  y: Computed,
  yAt: number,
  p: Computed,
  pAt: number,
  n: number,
): number {
  let ties = 0;
  for (let i = 0; i < n; i++) {
    if (otherOf(rounding, y[yAt + i], p[pAt + i]) === largest[0]) ties++;
  }
  return ties;
}

/** Writes the slopes of n values of one row, up to a chunk, to the scratch, from `at` on. */
function writeSlopes(
  kind: number,
  y: Computed,
  yAt: number,
  p: Computed,
  pAt: number,
  n: number,
  factor: number,
  share: number,
  at: number,
): void {
  const rounding = roundingOf(kind);
  const loss = lossOfKind(kind);
  const rounded = rounding(factor);
  for (let i = 0; i < n; i++) {
    const own =
      loss === categoricalHinge
        ? categoricalSlope(rounding, y[yAt + i], p[pAt + i], largest[0], share)
        : slope(rounding, loss === squaredHinge, y[yAt + i], p[pAt + i]);
    // The sum has no zero below 0.
    groupSlopes[at + i] = rounding(own * rounded) + 0;
  }
}

/** Writes the gradient of a group of rows. */
function writeGradientOfRows(
  signed: boolean,
  work: GradientWork,
  first: number,
  count: number,
): boolean {
  const { kind, labels, predictions, width, divisor, gradient, dtypes, weights, mask } = work;
  const as = castOfKind(kind);
  const rounding = roundingOf(kind);
  const start = first * width;
  const n = count * width;
  const y = readLabels(signed, kind, labels, start, n);
  if (y === undefined) return false;
  const p = readPredictions(kind, predictions, start, n);
  const yAt = y === labels ? start : 0;
  const pAt = p === predictions ? start : 0;
  if (hasMax(kind) || weights !== undefined || mask !== undefined) {
    readWeights(as, dtypes, weights, mask, first, count);
    for (let row = 0, at = 0; row < count; row++, at += width) {
      let factor = groupWeights[row] / divisor;
      let share = 1;
      if (hasMax(kind)) {
        largest[0] = -Infinity;
        const sum = sumOfPart(kind, y, yAt + at, p, pAt + at, width);
        factor *= slopeOfMargin(rowMargin(sum, largest[0]));
        share = rounding(1 / countTies(rounding, y, yAt + at, p, pAt + at, width));
      }
      writeSlopes(kind, y, yAt + at, p, pAt + at, width, factor, share, at);
    }
  } else {
    writeSlopes(kind, y, yAt, p, pAt, n, 1 / divisor, 1, 0);
  }
  writeResults(as, groupSlopes, n, gradient, start);
  return true;
}

/** Writes the gradient of a row of more than a chunk. */
function writeGradientOfLongRow(signed: boolean, work: GradientWork, row: number): boolean {
  const { kind, labels, predictions, width, divisor, gradient, dtypes, weights, mask } = work;
  const as = castOfKind(kind);
  const rounding = roundingOf(kind);
  const start = row * width;
  readWeights(as, dtypes, weights, mask, row, 1);
  let factor = groupWeights[0] / divisor;
  let share = 1;
  if (hasMax(kind)) {
    largest[0] = -Infinity;
    const sum = sumOfRow(false, kind, labels, predictions, start, width) as number;
    let ties = 0;
    eachPart(false, work, start, (y, yAt, p, pAt, n) => {
      ties += countTies(rounding, y, yAt, p, pAt, n);
    });
    factor *= slopeOfMargin(rowMargin(sum, largest[0]));
    share = rounding(1 / ties);
  }
  return eachPart(signed, work, start, (y, yAt, p, pAt, n, first) => {
    writeSlopes(kind, y, yAt, p, pAt, n, factor, share, 0);
    writeResults(as, groupSlopes, n, gradient, first);
  });
}

/** Writes the derivatives of the losses' sum by all predictions. */
function writeGradient(signed: boolean, work: GradientWork): boolean {
  const { width } = work;
  return eachRowGroup(work.predictions.length / width, width, (first, count) =>
    width > chunk
      ? writeGradientOfLongRow(signed, work, first)
      : writeGradientOfRows(signed, work, first, count),
  );
}

export const fallback: Kernels = {
  total(kind, labels, predictions, width) {
    if (lossOfKind(kind) === categoricalHinge) {
      const total = new ExactSum();
      eachGroup(false, kind, labels, predictions, width, (_, count) => {
        total.add(sumOfLanes(groupLosses, count));
      });
      return total.value;
    }
    // The terms of all values need not be cut into rows.
    const n = predictions.length;
    areSigned = false;
    if (lookBinary(kind, labels)) {
      const sum = sumOfRow(true, kind, labels, predictions, 0, n);
      areSigned = sum !== undefined;
      if (sum !== undefined) return sum;
    }
    // Small batches are in a hurry, and most need no casts.
    if (n <= chunk && isPlain(kind)) {
      const squared = lossOfKind(kind) === squaredHinge;
      return sumOfTerms(squared, labels as Float32Array, 0, predictions as Float32Array, 0, n);
    }
    return sumOfRow(false, kind, labels, predictions, 0, n) as number;
  },

  weightedTotal(kind, labels, predictions, width, dtypes, weights, mask) {
    let total = newSums();
    const restart = () => {
      total = newSums();
    };
    eachGroupOf(kind, labels, predictions, width, restart, (first, count) => {
      readWeights(castOfKind(kind), dtypes, weights, mask, first, count);
      for (let i = 0; i < count; i++) groupLosses[i] *= groupWeights[i];
      total.losses.add(sumOfLanes(groupLosses, count));
      total.weights.add(sumOfLanes(groupWeights, count));
      if (mask !== undefined) total.kept.add(sumOfLanes(groupMask, count));
    });
    return roundedSums(total);
  },

  columnTotal(kind, _labels, predictions, width, dtypes, weights, mask) {
    const total = newSums();
    eachRowGroup(predictions.length / width, width, (first, count) => {
      readWeights(castOfKind(kind), dtypes, weights, mask, first, count);
      total.weights.add(sumOfLanes(groupWeights, count));
      if (mask !== undefined) total.kept.add(sumOfLanes(groupMask, count));
      return true;
    });
    return roundedSums(total);
  },

  gradient(kind, labels, predictions, width, divisor, gradient, losses, dtypes, weights, mask) {
    const work = { kind, labels, predictions, width, divisor, gradient, dtypes, weights, mask };
    eachReading(kind, labels, (signed) => writeGradient(signed, work));
    const own = areSigned ? kind : kind | asIs;
    if (losses !== undefined) {
      const isMask = fallback.rowLosses(
        own,
        labels,
        predictions,
        width,
        losses,
        dtypes,
        weights,
        mask,
      );
      return { ...noSums, kept: isMask ? 0 : Number.NaN };
    }
    return weights === undefined && mask === undefined
      ? { ...noSums, losses: fallback.total(own, labels, predictions, width) }
      : fallback.weightedTotal(own, labels, predictions, width, dtypes, weights, mask);
  },

  rowLosses(kind, labels, predictions, width, out, dtypes = 0, weights, mask) {
    const isWeighted = weights !== undefined || mask !== undefined;
    let isMask = true;
    const restart = () => {};
    eachGroupOf(kind, labels, predictions, width, restart, (first, count) => {
      if (isWeighted) {
        const isGood = readWeights(castOfKind(kind), dtypes, weights, mask, first, count);
        isMask &&= isGood;
        for (let i = 0; i < count; i++) groupLosses[i] *= groupWeights[i];
      }
      writeResults(castOfKind(kind), groupLosses, count, out, first);
    });
    return isMask;
  },
};
