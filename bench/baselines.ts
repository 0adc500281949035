/**
 * What one would write without this library: the fastest plain loops that we could find, and the way that
 * JavaScript is usually written. bench/README.md tells which other loops were tried.
 */
import type { Labels, Loss } from "./cases.js";

export type Values = Float32Array | Float64Array | Int8Array | Uint8Array | Int32Array;

/** A loss of a batch in plain JavaScript. */
export interface Baseline {
  mean(y: Values, p: Values, width: number): number;
  rows(y: Values, p: Values, width: number): ArrayLike<number>;
}

type Term = (y: number, p: number) => number;

// ---- The fastest loops. Double sums, no rounding to float32, no branch that random signs mispredict.

/** Twice max(0, t) */
export const twice = (t: number) => t + Math.abs(t);

/** Whatever is not 0 or 1 makes the sum NaN: that one sees whether labels are 0/1 in the same pass. */
const signed = (y: number) => (y * y === y ? y + y - 1 : Number.NaN);

const square = (t: number) => t * t;

/** Twice the term of hinge, four times that of squared hinge. */
const terms: Record<"hinge" | "squaredHinge", Record<"signed" | "binary", Term>> = {
  hinge: {
    signed: (y, p) => twice(1 - y * p),
    binary: (y, p) => twice(1 - signed(y) * p),
  },
  squaredHinge: {
    signed: (y, p) => square(twice(1 - y * p)),
    binary: (y, p) => square(twice(1 - signed(y) * p)),
  },
};

function sumOf(term: Term, y: Values, p: Values, from: number, to: number): number {
  let a = 0;
  let b = 0;
  let i = from;
  for (; i <= to - 8; i += 8) {
    a += term(y[i], p[i]);
    b += term(y[i + 1], p[i + 1]);
    a += term(y[i + 2], p[i + 2]);
    b += term(y[i + 3], p[i + 3]);
    a += term(y[i + 4], p[i + 4]);
    b += term(y[i + 5], p[i + 5]);
    a += term(y[i + 6], p[i + 6]);
    b += term(y[i + 7], p[i + 7]);
  }
  for (; i < to; i++) a += term(y[i], p[i]);
  return a + b;
}

function loopOfTerms(loss: "hinge" | "squaredHinge", labels: "signed" | "binary"): Baseline {
  const term = terms[loss][labels];
  const scale = loss === "hinge" ? 0.5 : 0.25;
  return {
    mean: (y, p) => (sumOf(term, y, p, 0, p.length) * scale) / p.length,
    rows(y, p, width) {
      const losses = new Float32Array(p.length / width);
      if (width === 1) {
        for (let i = 0; i < losses.length; i++) losses[i] = term(y[i], p[i]) * scale;
      } else {
        for (let row = 0, i = 0; row < losses.length; row++, i += width) {
          losses[row] = (sumOf(term, y, p, i, i + width) * scale) / width;
        }
      }
      return losses;
    },
  };
}

export const larger = (a: number, b: number) => (a + b + Math.abs(a - b)) * 0.5;

/** Without a branch: in a narrow row every other one is mispredicted. */
function lossOfNarrowRow(y: Values, p: Values, from: number, to: number): number {
  let posA = 0;
  let posB = 0;
  let negA = (1 - y[from]) * p[from];
  let negB = negA;
  let i = from;
  for (; i <= to - 2; i += 2) {
    const p0 = p[i];
    const p1 = p[i + 1];
    const pos0 = y[i] * p0;
    const pos1 = y[i + 1] * p1;
    posA += pos0;
    posB += pos1;
    negA = larger(negA, p0 - pos0);
    negB = larger(negB, p1 - pos1);
  }
  if (i < to) {
    const pos = y[i] * p[i];
    posA += pos;
    negA = larger(negA, p[i] - pos);
  }
  return Math.max(0, larger(negA, negB) - (posA + posB) + 1);
}

/** With branches: in a wide row a new maximum is rare. */
function lossOfWideRow(y: Values, p: Values, from: number, to: number): number {
  let posA = 0;
  let posB = 0;
  let neg = -Infinity;
  let i = from;
  for (; i <= to - 4; i += 4) {
    const p0 = p[i];
    const p1 = p[i + 1];
    const p2 = p[i + 2];
    const p3 = p[i + 3];
    const pos0 = y[i] * p0;
    const pos1 = y[i + 1] * p1;
    const pos2 = y[i + 2] * p2;
    const pos3 = y[i + 3] * p3;
    posA += pos0 + pos2;
    posB += pos1 + pos3;
    if (p0 - pos0 > neg) neg = p0 - pos0;
    if (p1 - pos1 > neg) neg = p1 - pos1;
    if (p2 - pos2 > neg) neg = p2 - pos2;
    if (p3 - pos3 > neg) neg = p3 - pos3;
  }
  for (; i < to; i++) {
    const pos = y[i] * p[i];
    posA += pos;
    if (p[i] - pos > neg) neg = p[i] - pos;
  }
  return Math.max(0, neg - (posA + posB) + 1);
}

export const wide = 64;
const categoricalLossOf = (width: number) => (width < wide ? lossOfNarrowRow : lossOfWideRow);

const categoricalLoop: Baseline = {
  mean(y, p, width) {
    const lossOf = categoricalLossOf(width);
    let sum = 0;
    for (let i = 0; i < p.length; i += width) sum += lossOf(y, p, i, i + width);
    return (sum * width) / p.length;
  },
  rows(y, p, width) {
    const lossOf = categoricalLossOf(width);
    const losses = new Float32Array(p.length / width);
    for (let row = 0, i = 0; row < losses.length; row++, i += width) {
      losses[row] = lossOf(y, p, i, i + width);
    }
    return losses;
  },
};

/** Labels that are one value for each prediction; class-ids.ts has the others. */
type OwnLabels = Exclude<Labels, "sparse">;

export function fastestLoop(loss: Loss, labels: OwnLabels): Baseline {
  if (labels === "onehot") return categoricalLoop;
  return loopOfTerms(loss === "squaredHinge" ? loss : "hinge", labels);
}

// ---- Idiomatic JavaScript

export const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
export const mean = (values: readonly number[]) => sum(values) / values.length;

function hingeTerms(loss: Loss, y: ArrayLike<number>, p: Values): number[] {
  return loss === "squaredHinge"
    ? Array.from(p, (value, i) => Math.max(0, 1 - y[i] * value) ** 2)
    : Array.from(p, (value, i) => Math.max(0, 1 - y[i] * value));
}

function categoricalHinge(y: ArrayLike<number>, p: Values): number {
  const pos = sum(Array.from(p, (value, i) => y[i] * value));
  const neg = Math.max(...Array.from(p, (value, i) => (1 - y[i]) * value));
  return Math.max(0, neg - pos + 1);
}

function mapRows<T>(y: Values, p: Values, width: number, map: (y: Values, p: Values) => T) {
  return Array.from({ length: p.length / width }, (_, row) =>
    map(y.subarray(row * width, (row + 1) * width), p.subarray(row * width, (row + 1) * width)),
  );
}

/** 0/1 become -1/1. */
function signs(y: Values): Values {
  const labels = y as Float32Array;
  return labels.every((label) => label === 0 || label === 1)
    ? labels.map((label) => 2 * label - 1)
    : labels;
}

export function idiomatic(loss: Loss, labels: OwnLabels): Baseline {
  if (loss === "categoricalHinge") {
    const rows: Baseline["rows"] = (y, p, width) => mapRows(y, p, width, categoricalHinge);
    return { rows, mean: (...batch) => mean(rows(...batch) as number[]) };
  }
  const read = labels === "binary" ? signs : (y: Values) => y;
  return {
    mean: (y, p) => mean(hingeTerms(loss, read(y), p)),
    rows: (y, p, width) =>
      width === 1
        ? hingeTerms(loss, read(y), p)
        : mapRows(read(y), p, width, (yRow, pRow) => mean(hingeTerms(loss, yRow, pRow))),
  };
}

/** The same with each row's loss multiplied by a factor: what weights and masks come to. */
export function weightedBy(
  { rows }: Baseline,
  factors: Values,
  weighting: "weights" | "mask",
): Baseline {
  const weighted: Baseline["rows"] = (y, p, width) => {
    const losses = rows(y, p, width) as Float32Array | number[];
    for (let row = 0; row < losses.length; row++) losses[row] *= factors[row];
    return losses;
  };
  return {
    rows: weighted,
    mean(y, p, width) {
      const losses = rows(y, p, width);
      let total = 0;
      let kept = 0;
      for (let row = 0; row < losses.length; row++) {
        total += losses[row] * factors[row];
        kept += factors[row];
      }
      return total / (weighting === "mask" ? kept : losses.length);
    },
  };
}
