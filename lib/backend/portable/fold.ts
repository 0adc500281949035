// Implements the order of additions, like native/kernels/fold.inl.h: blocks of 64 terms are folded
// by halves to 8 lanes, in the type of the terms. Lanes are added in double. A chunk of up to 64
// terms is one block of 8, 16, 32 or 64.
import type { ClassValues, ElementwiseSpec, Largest, Tile } from "../../losses/spec.js";

const blockSize = 64;
const laneCount = 8;

/** Writes the terms of n values from `at` on. */
type WriteTerms = (at: number, n: number, terms: Float64Array) => void;

/**
 * Scratch of this module. It holds float32 terms too: as doubles they need no conversion at every
 * step.
 */
const terms = new Float64Array(blockSize);
const sums = new Float64Array(laneCount);

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

/** Values of a last, short block, padded with values whose terms are 0. */
const lastBlock: Tile = {
  wide: false,
  margin: 1,
  labels: new Float32Array(blockSize),
  labelsAt: 0,
  predictions: new Float32Array(blockSize),
  predictionsAt: 0,
};

function fillLastBlock(tile: Tile, at: number, n: number, size: number): Tile {
  const { labels, predictions } = lastBlock;
  lastBlock.margin = tile.margin;
  for (let i = 0; i < n; i++) {
    labels[i] = tile.labels[tile.labelsAt + at + i];
    predictions[i] = tile.predictions[tile.predictionsAt + at + i];
  }
  for (let i = n; i < size; i++) {
    labels[i] = 1;
    predictions[i] = tile.margin;
  }
  return lastBlock;
}

/**
 * Folds n stored terms three times, as a block of 8 * lanes, and adds the remaining lanes to the
 * sums.
 */
function addBlock(wide: boolean, n: number, lanes: number): void {
  const size = laneCount * lanes;
  for (let i = n; i < size; i++) terms[i] = 0;
  for (let half = size >> 1; half >= lanes; half >>= 1) {
    for (let i = 0; i < half; i++) {
      const sum = terms[i] + terms[i + half];
      terms[i] = wide ? sum : Math.fround(sum);
    }
  }
  for (let i = 0; i < lanes; i++) sums[i] += terms[i];
}

function foldedSum(wide: boolean, write: WriteTerms, at: number, n: number): number {
  const lanes = lanesOf(n);
  clearSums(lanes);
  for (let start = 0; start < n; start += blockSize) {
    const count = Math.min(blockSize, n - start);
    write(at + start, count, terms);
    addBlock(wide, count, lanes);
  }
  return foldedSums(lanes);
}

/** Adds terms without float32 additions, which may have overflowed. */
function widenedSum(write: WriteTerms, at: number, n: number): number {
  clearSums(laneCount);
  for (let start = 0; start < n; start += blockSize) {
    const count = Math.min(blockSize, n - start);
    write(at + start, count, terms);
    for (let i = 0; i < count; i++) sums[i % laneCount] += terms[i];
  }
  return foldedSums(laneCount);
}

const isNumber = (sum: number) => sum - sum === 0;

function storedSum(wide: boolean, write: WriteTerms, at: number, n: number): number {
  const sum = foldedSum(wide, write, at, n);
  return wide || isNumber(sum) ? sum : widenedSum(write, at, n);
}

/**
 * Adds whole float32 blocks, and a padded last one. Its loop is long enough for the call not to
 * matter.
 */
function fusedSum(spec: ElementwiseSpec, tile: Tile, at: number, n: number): number {
  const lanes = lanesOf(n);
  const size = laneCount * lanes;
  const rest = n % size;
  const whole = n - rest;
  clearSums(lanes);
  spec.addBlocks?.(tile, at, whole / size, lanes, sums);
  if (rest > 0) spec.addBlocks?.(fillLastBlock(tile, at + whole, rest, size), 0, 1, lanes, sums);
  return foldedSums(lanes);
}

/** Sums the terms of n values, up to a chunk. */
export function sumOfTerms(spec: ElementwiseSpec, tile: Tile, at: number, n: number): number {
  if (!tile.wide && spec.addBlocks !== undefined) {
    const sum = fusedSum(spec, tile, at, n);
    if (isNumber(sum)) return sum;
  }
  return storedSum(tile.wide, (i, count, to) => spec.writeTerms(tile, i, count, to), at, n);
}

/** Sums the terms of n values of one row, up to a chunk, and raises the row's maximum. */
export function sumOfRowTerms(
  formula: ClassValues,
  tile: Tile,
  at: number,
  n: number,
  largest: Largest,
): number {
  const write: WriteTerms = (i, count, to) => formula.writeTerms(tile, i, count, to, largest);
  return storedSum(tile.wide, write, at, n);
}

/** Sums n values, such as losses of rows or weights, value `at + i` in lane i modulo 8. */
export function sumByLanes(values: Float64Array, n: number, at = 0): number {
  clearSums(laneCount);
  for (let i = 0; i < n; i++) sums[i % laneCount] += values[at + i];
  return foldedSums(laneCount);
}
