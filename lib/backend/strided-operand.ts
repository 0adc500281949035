import type { RawArray } from "../tensor/cast.js";
import { eachRun, gather, type Layout } from "../tensor/gather.js";
import type { Operand } from "./call.js";

/** An operand with strides. */
export interface StridedOperand extends Operand {
  readonly strides: readonly number[];
}

/** Whether an operand has strides. */
export const isStrided = (operand: Operand): operand is StridedOperand =>
  operand.strides !== undefined;

/** Returns the axes over which an operand has strides, and its layout over them. */
function layoutOf(
  { strides, offset }: StridedOperand,
  shape: readonly number[] | undefined,
): { readonly axes: readonly number[]; readonly layout: Layout } {
  // The one row of a batch without other axes has one value, which is repeated for its parts.
  const axes = shape === undefined || shape.length === 0 ? [1] : shape;
  return { axes, layout: { strides: strides.slice(0, axes.length), offset } };
}

/**
 * Copies n values of an operand, from logical index `start` on, to the beginning of `to`.
 *
 * @param shape - the shape of the operand.
 */
export function gatherOperand(
  operand: StridedOperand,
  shape: readonly number[] | undefined,
  start: number,
  n: number,
  to: RawArray,
): void {
  const { axes, layout } = layoutOf(operand, shape);
  gather({ values: operand.values, ...layout }, axes, start, to, n);
}

/**
 * Adds n derivatives to those of repeated predictions, which are doubles.
 *
 * @param start - the logical index of the first.
 */
export function addDerivatives(
  operand: StridedOperand,
  shape: readonly number[] | undefined,
  start: number,
  n: number,
  derivatives: ArrayLike<number>,
): void {
  const { axes, layout } = layoutOf(operand, shape);
  const sums = operand.values as Float64Array;
  eachRun(layout, axes, start, n, (from, step, count, at) => {
    for (let i = 0; i < count; i++) sums[from + i * step] += derivatives[at + i];
  });
}
