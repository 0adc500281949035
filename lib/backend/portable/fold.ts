// Implements the order of additions, like native/kernels/fold.inl.h: blocks of 64 terms are folded
// by halves to 8 lanes, in the type of the terms. Lanes are added in double. A chunk of up to 64
// terms is one block of 8, 16, 32 or 64.
import type { ElementwiseSpec, Tile } from "../../losses/spec.js";
import { type Computed, rounded } from "../../tensor/cast.js";
import { Scratch } from "./scratch.js";

const blockSize = 64;
const laneCount = 8;

const sums = new Float64Array(laneCount);
const lastBlocks = new Scratch(blockSize);

/** Returns the number of lanes of a block of n terms after three folds. */
const lanesOf = (n: number) => (n <= 8 ? 1 : n <= 16 ? 2 : n <= 32 ? 4 : laneCount);

/** Adds up the first `lanes` sums by halves. */
function foldedSums(lanes: number): number {
  const s = sums;
  if (lanes === 1) return s[0];
  if (lanes === 2) return s[0] + s[1];
  if (lanes === 4) return s[0] + s[2] + (s[1] + s[3]);
  return s[0] + s[4] + (s[2] + s[6]) + (s[1] + s[5] + (s[3] + s[7]));
}

/** Clears sums in a loop, because the method `fill` costs more than the terms of a small batch. */
function clearSums(lanes: number): void {
  for (let i = 0; i < lanes; i++) sums[i] = 0;
}

/** Adds two terms, or sums of terms. */
const added = (wide: boolean, a: number, b: number) => rounded(wide, a + b);

/** Folds every `lanes`-th of 8 * lanes terms from i on, by halves. */
function folded(wide: boolean, t: Computed, i: number, lanes: number): number {
  const a = added(wide, t[i], t[i + 4 * lanes]);
  const b = added(wide, t[i + lanes], t[i + 5 * lanes]);
  const c = added(wide, t[i + 2 * lanes], t[i + 6 * lanes]);
  const d = added(wide, t[i + 3 * lanes], t[i + 7 * lanes]);
  return added(wide, added(wide, a, c), added(wide, b, d));
}

/** Adds blocks of 8 * lanes terms from `at` on, each folded three times, to the first `lanes` sums. */
function addBlocks(wide: boolean, t: Computed, at: number, blocks: number, lanes: number): void {
  let i = at;
  for (let n = 0; n < blocks; n++) {
    for (let lane = 0; lane < lanes; lane++, i++) sums[lane] += folded(wide, t, i, lanes);
    i += 7 * lanes;
  }
}

/** Returns the last terms from `at` on as a block, padded with zeros. */
function lastBlock(wide: boolean, terms: Computed, at: number, n: number, size: number): Computed {
  const last = lastBlocks.of(wide);
  for (let i = 0; i < n; i++) last[i] = terms[at + i];
  for (let i = n; i < size; i++) last[i] = 0;
  return last;
}

function foldedSum(wide: boolean, terms: Computed, at: number, n: number): number {
  const lanes = lanesOf(n);
  const size = laneCount * lanes;
  const rest = n & (size - 1);
  const whole = n - rest;
  clearSums(lanes);
  addBlocks(wide, terms, at, whole / size, lanes);
  if (rest > 0) addBlocks(wide, lastBlock(wide, terms, at + whole, rest, size), 0, 1, lanes);
  return foldedSums(lanes);
}

/** Rows of up to this width are short: their blocks fold to one lane or two. */
export const shortWidth = 2 * laneCount;

/**
 * Writes the sums of short rows, and uses up their terms. Rows are folded column by column, because
 * loops over the few terms of a row take longer than the additions. Columns that a block is padded
 * with are left out.
 */
export function writeShortSums(
  terms: Computed,
  rows: number,
  width: number,
  to: Float64Array,
): void {
  const lanes = lanesOf(width);
  const end = rows * width;
  let columns = width;
  for (let half = 4 * lanes; half >= lanes; half >>= 1) {
    for (let column = 0; column + half < columns; column++) {
      for (let i = column; i < end; i += width) terms[i] += terms[i + half];
    }
    columns = Math.min(columns, half);
  }
  // Adding 0 turns -0 into 0.
  for (let row = 0, i = 0; row < rows; row++, i += width) {
    to[row] = 0 + terms[i] + (lanes === 1 ? 0 : terms[i + 1]);
  }
}

/** Values of a last, short block, padded with values whose terms are 0. */
const lastValues: Tile = {
  wide: false,
  margin: 1,
  labels: new Float32Array(blockSize),
  labelsAt: 0,
  predictions: new Float32Array(blockSize),
  predictionsAt: 0,
};

function lastValuesOf(tile: Tile, at: number, n: number, size: number): Tile {
  const { labels, predictions } = lastValues;
  lastValues.margin = tile.margin;
  for (let i = 0; i < n; i++) {
    labels[i] = tile.labels[tile.labelsAt + at + i];
    predictions[i] = tile.predictions[tile.predictionsAt + at + i];
  }
  for (let i = n; i < size; i++) {
    labels[i] = 1;
    predictions[i] = tile.margin;
  }
  return lastValues;
}

/**
 * Sums the float32 terms of n values without storing them. The sum may not be finite where it should
 * be.
 */
export function fusedSum(
  add: NonNullable<ElementwiseSpec["addBlocks"]>,
  tile: Tile,
  at: number,
  n: number,
): number {
  const lanes = lanesOf(n);
  const size = laneCount * lanes;
  const rest = n & (size - 1);
  const whole = n - rest;
  clearSums(lanes);
  add(tile, at, whole / size, lanes, sums);
  if (rest > 0) add(lastValuesOf(tile, at + whole, rest, size), 0, 1, lanes, sums);
  return foldedSums(lanes);
}

export const isNumber = (sum: number) => sum - sum === 0;

/** Sums n terms from `at` on, up to a chunk. */
export function sumOfTerms(wide: boolean, terms: Computed, at: number, n: number): number {
  const sum = foldedSum(wide, terms, at, n);
  // float32 additions may have overflowed.
  return wide || isNumber(sum) ? sum : sumByLanes(terms, n, at);
}

/** Sums n values, such as losses of rows or weights, value `at + i` in lane i modulo 8. */
export function sumByLanes(values: Computed, n: number, at = 0): number {
  clearSums(laneCount);
  const rest = n & (laneCount - 1);
  const end = at + n - rest;
  let i = at;
  for (; i < end; i += laneCount) {
    sums[0] += values[i];
    sums[1] += values[i + 1];
    sums[2] += values[i + 2];
    sums[3] += values[i + 3];
    sums[4] += values[i + 4];
    sums[5] += values[i + 5];
    sums[6] += values[i + 6];
    sums[7] += values[i + 7];
  }
  for (let lane = 0; lane < rest; lane++) sums[lane] += values[i + lane];
  return foldedSums(laneCount);
}
