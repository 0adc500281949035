import { broadcastShape, sameShape, sizeOf, Walk, withSameRank } from "./broadcast.js";
import { castToDoubles } from "./cast.js";
import type { FloatDtype } from "./dtypes.js";
import type { Sums } from "./kernels.js";
import type { RowTensor } from "./tensor.js";
import type { Reduction } from "./validate.js";

/** Numbers in double with a shape: losses before they are rounded, or weights. */
export interface Doubles {
  readonly values: Float64Array;
  readonly shape: readonly number[];
}

/** Weights, or losses, as a dtype holds them. */
export function toDoubles({ dtype, stored, shape }: RowTensor, as: FloatDtype): Doubles {
  return { values: castToDoubles(dtype, stored, as), shape };
}

export function sumOf(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum;
}

/**
 * Where a mean is asked for, kept values weigh as much more as the others weigh less: the divisor stays
 * the number of all. The size is the mask's own, before it is broadcast.
 */
export function scaledMask({ values, shape }: Doubles, reduction: Reduction): Doubles {
  if (reduction !== "mean" && reduction !== "sum_over_batch_size") return { values, shape };
  const kept = sumOf(values);
  const scale = kept === 0 ? 0 : values.length / kept;
  return { values: values.map((value) => value * scale), shape };
}

/**
 * Weights written out, one for each loss, and the shape that both have then; undefined if it is the losses
 * that would have to be repeated. Messages call the weights `argument`.
 */
export function writtenOut(
  weights: Doubles,
  losses: readonly number[],
  argument: string,
): Doubles | undefined {
  const [own, others] = withSameRank(weights.shape, losses);
  const shape = broadcastShape(own, others, argument, "the losses");
  const size = sizeOf(shape);
  if (size !== sizeOf(losses)) return undefined;
  if (weights.values.length === size) return { values: weights.values, shape };
  const values = new Float64Array(size);
  const from = new Walk(own, shape);
  for (let i = 0; i < size; i++, from.next()) values[i] = weights.values[from.offset] as number;
  return { values, shape };
}

/**
 * a times b, element by element, with ranks fixed as Keras does and the rest broadcast. Messages call b
 * `argument` and a `other`.
 */
export function product(a: Doubles, b: Doubles, argument: string, other = "the losses"): Doubles {
  const [own, others] = withSameRank(a.shape, b.shape);
  const shape = broadcastShape(others, own, argument, other);
  const values = new Float64Array(sizeOf(shape));
  const left = new Walk(own, shape);
  const right = new Walk(others, shape);
  for (let i = 0; i < values.length; i++, left.next(), right.next()) {
    values[i] = (a.values[left.offset] as number) * (b.values[right.offset] as number);
  }
  return { values, shape };
}

/** What each loss weighs in the sum of {@link product}: it is there as often as the weights are more than one. */
export function weightOfEach(losses: Doubles, weights: Doubles): Float64Array {
  const [own, others] = withSameRank(losses.shape, weights.shape);
  const shape = broadcastShape(others, own, "sampleWeight", "the losses");
  const sums = new Float64Array(losses.values.length);
  const left = new Walk(own, shape);
  const right = new Walk(others, shape);
  for (let i = sizeOf(shape); i > 0; i--, left.next(), right.next()) {
    sums[left.offset] = (sums[left.offset] as number) + (weights.values[right.offset] as number);
  }
  return sums;
}

const isMean = (reduction: Reduction) => reduction !== "sum" && !leavesTensor(reduction);

export const leavesTensor = (reduction: Reduction) => reduction === null || reduction === "none";

/** What a sum of weighted losses is divided by. A scalar is what it is. */
export function divisorOf(
  shape: readonly number[],
  weights: Doubles | undefined,
  reduction: Reduction,
): number {
  if (shape.length === 0 || !isMean(reduction)) return 1;
  return reduction === "mean_with_sample_weight" && weights !== undefined
    ? sumOf(weights.values)
    : sizeOf(shape);
}

/** A divisor of 0 gives 0. */
export const quotient = (sum: number, divisor: number) => (divisor === 0 ? 0 : sum / divisor);

/**
 * The shape that losses have when they are weighted, if weights and mask, as far as there are any, have one value
 * for each loss, in the losses' order; undefined if something has to be repeated.
 */
export function shapeOfColumns(
  losses: readonly number[],
  ...columns: readonly (RowTensor | undefined)[]
): readonly number[] | undefined {
  const size = sizeOf(losses);
  let shape = losses;
  for (const column of columns) {
    if (column === undefined) continue;
    if (column.data.length !== size) return undefined;
    const [own, others] = withSameRank(column.shape, shape);
    if (!sameShape(own, others)) return undefined;
    shape = own;
  }
  // A scalar is not averaged.
  return shape.length > 0 ? shape : undefined;
}

/** What the sum of weighted losses of `size` rows, each with a weight or a mask, is divided by. */
export function divisorOfColumn(
  { weights, kept }: Sums,
  isMasked: boolean,
  size: number,
  reduction: Reduction,
): number {
  if (!isMean(reduction)) return 1;
  if (reduction === "mean_with_sample_weight") return weights;
  // Where nothing is kept the sum is 0, or NaN: that no mask hides.
  return isMasked && kept > 0 ? kept : size;
}
