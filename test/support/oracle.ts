// The losses straight from their definitions, in double precision, with how far float32 arithmetic may
// be from them. Nothing in here knows blocks, lanes, chunks or threads.
import type { Reduction } from "maxmargin";
import type { LossName } from "./losses.js";

/** Half a unit in the last place of float32, relative. */
export const halfUlp = 2 ** -24;

export interface Bounded {
  readonly value: number;
  /** How far from `value` a right answer may be. */
  readonly error: number;
}

/** 0 and 1 stand for -1 and 1 if no other label is anywhere. */
export function signedLabels(labels: Float32Array): Float32Array {
  return labels.every((y) => y === 0 || y === 1) ? labels.map((y) => 2 * y - 1) : labels;
}

/** The terms are what float32 makes of them; only their sum is exact. */
function hingeTerm(y: number, p: number): number {
  return Math.max(0, Math.fround(1 - Math.fround(y * p)));
}

const terms = {
  hinge: hingeTerm,
  squared_hinge: (y: number, p: number) => Math.fround(hingeTerm(y, p) ** 2),
  modified_huber(y: number, p: number) {
    const product = Math.fround(y * p);
    return product >= -1 || Number.isNaN(product)
      ? Math.fround(hingeTerm(y, p) ** 2)
      : Math.fround(-4 * product);
  },
} as const;

function meanOfTerms(loss: keyof typeof terms, y: Float32Array, p: Float32Array): Bounded {
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += terms[loss](y[i], p[i]);
  const value = sum / p.length;
  return { value, error: 4 * halfUlp * value };
}

function categorical(y: Float32Array, p: Float32Array): Bounded {
  let pos = 0;
  let neg = -Infinity;
  let ones = 0;
  let others = 0;
  let magnitude = 1;
  let largest = 0;
  for (let i = 0; i < p.length; i++) {
    pos += y[i] * p[i];
    neg = Math.max(neg, (1 - y[i]) * p[i]);
    if (y[i] === 1) ones++;
    else if (y[i] !== 0) others++;
    magnitude += Math.abs(y[i] * p[i]);
    largest = Math.max(largest, Math.abs((1 - y[i]) * p[i]));
  }
  const value = Math.max(0, neg - pos + 1);
  // Other labels than one-hot ones may cancel in `pos`: there the error follows from what was added.
  const error =
    ones <= 1 && others === 0
      ? 1.2e-6 * Math.max(1, Math.abs(value))
      : 5 * halfUlp * (magnitude + largest + Math.abs(value));
  return { value, error };
}

/** The loss of each row, from labels as float32. */
export function exactRows(
  loss: LossName,
  labels: Float32Array,
  predictions: Float32Array,
  width: number,
): Bounded[] {
  const y = loss === "categorical_hinge" ? labels : signedLabels(labels);
  const rows: Bounded[] = [];
  for (let i = 0; i < predictions.length; i += width) {
    const labelsOfRow = y.subarray(i, i + width);
    const row = predictions.subarray(i, i + width);
    rows.push(
      loss === "categorical_hinge"
        ? categorical(labelsOfRow, row)
        : meanOfTerms(loss, labelsOfRow, row),
    );
  }
  return rows;
}

export function exactReduction(
  rows: readonly Bounded[],
  reduction: Exclude<Reduction, null | "none">,
): Bounded {
  let value = 0;
  let error = 0;
  for (const row of rows) {
    value += row.value;
    error += row.error;
  }
  if (reduction !== "sum") {
    value /= rows.length;
    error /= rows.length;
  }
  return { value, error };
}

/** Whether a float32 result is right. What is beyond float32 is infinite. */
export function isWithin(result: number, { value, error }: Bounded): boolean {
  if (!Number.isFinite(value)) return Object.is(result, value);
  if (!Number.isFinite(result)) return result === Math.fround(value + error);
  return Math.abs(result - value) <= error;
}
