import { broadcastShape, Walk, withSameRank } from "./broadcast.js";
import type { RowTensor } from "./tensor.js";
import type { Reduction } from "./validate.js";

/** Numbers in double with a shape: losses before they are rounded, or weights. */
export interface Doubles {
  readonly values: ArrayLike<number>;
  readonly shape: readonly number[];
}

/** Weights as float32 would hold them, which is what Keras casts them to. */
export function toWeights({ data, shape }: RowTensor): Doubles {
  if (data instanceof Float32Array) return { values: data, shape };
  const values = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) values[i] = Number(data[i]);
  return { values, shape };
}

/** A mask as weights of 0 and 1. */
export function toMask({ data, shape }: RowTensor): Doubles {
  const values = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) values[i] = Number(data[i]) === 0 ? 0 : 1;
  return { values, shape };
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum;
}

/**
 * Where a mean is asked for, kept values weigh as much more as the others weigh less: the divisor stays
 * the number of all. The size is the mask's own, before it is broadcast.
 */
export function scaledMask(mask: Doubles, reduction: Reduction): Doubles {
  if (reduction !== "mean" && reduction !== "sum_over_batch_size") return mask;
  const kept = sumOf(mask.values);
  const scale = kept === 0 ? 0 : mask.values.length / kept;
  return { values: Float64Array.from(mask.values, (value) => value * scale), shape: mask.shape };
}

/**
 * a times b, element by element, with ranks fixed as Keras does and the rest broadcast. Messages call b
 * `argument` and a `other`.
 */
export function product(a: Doubles, b: Doubles, argument: string, other = "the losses"): Doubles {
  const [own, others] = withSameRank(a.shape, b.shape);
  const shape = broadcastShape(others, own, argument, other);
  const size = shape.reduce((all, dimension) => all * dimension, 1);
  const values = new Float64Array(size);
  const left = new Walk(own, shape);
  const right = new Walk(others, shape);
  for (let i = 0; i < size; i++, left.next(), right.next()) {
    values[i] = (a.values[left.offset] as number) * (b.values[right.offset] as number);
  }
  return { values, shape };
}

/** Losses as one number. A scalar is what it is, and a divisor of 0 gives 0. */
export function reduced(
  { values, shape }: Doubles,
  weights: Doubles | undefined,
  reduction: Reduction,
): number {
  if (shape.length === 0) return values[0] as number;
  const sum = sumOf(values);
  if (reduction === "sum") return sum;
  const divisor =
    reduction === "mean_with_sample_weight" && weights !== undefined
      ? sumOf(weights.values)
      : values.length;
  return divisor === 0 ? 0 : sum / divisor;
}
