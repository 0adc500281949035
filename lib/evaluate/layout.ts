import { wrongValue } from "../errors.js";
import { rowMajorStrides, shown, sizeOf } from "../tensor/shapes.js";
import type { RowTensor } from "../tensor/tensor.js";

type Shape = readonly number[];

/** Axes of an operand: sizes, and distances in its array between neighbours along each axis. */
export interface Axes {
  readonly shape: Shape;
  readonly strides: readonly number[];
}

/**
 * Strides of the arrays of a batch over its logical shape: of labels, predictions, and weights and
 * mask if there are any, and at last of a gradient. A stride of 0 repeats values.
 */
export interface Layout {
  /** The axes of the rows, then the axis that is reduced. */
  readonly shape: Shape;
  readonly strides: readonly (readonly number[])[];
}

/** Returns the axes of row-major values. */
export const rowMajor = (shape: Shape): Axes => ({ shape, strides: rowMajorStrides(shape) });

/** Returns the axes of a tensor. */
export const axesOf = ({ shape, layout }: RowTensor): Axes =>
  layout === undefined ? rowMajor(shape) : { shape, strides: layout.strides };

/** Drops the last axis. */
export const rowAxes = ({ shape, strides }: Axes): Axes => ({
  shape: shape.slice(0, -1),
  strides: strides.slice(0, -1),
});

/** Appends an axis, by default of size 1. */
export const withAxis = ({ shape, strides }: Axes, size = 1, stride = 0): Axes => ({
  shape: [...shape, size],
  strides: [...strides, stride],
});

/** Adapts the rank of an operand: drops its last axis, appends one of size 1, or does nothing. */
export type RankFix = (axes: Axes) => Axes;

export const unchanged: RankFix = (axes) => axes;

/**
 * Applies Keras's rule for ranks that differ by one if the longer shape ends in 1: a rank-1 shape
 * gets another axis of size 1; otherwise the longer shape loses its last axis.
 */
export function rankFixes(a: Shape, b: Shape): readonly [RankFix, RankFix] {
  const fixes = (longer: Shape, shorter: Shape): readonly [RankFix, RankFix] | undefined => {
    if (longer.length !== shorter.length + 1 || longer.at(-1) !== 1) return undefined;
    return shorter.length === 1 ? [unchanged, withAxis] : [rowAxes, unchanged];
  };
  const own = fixes(a, b);
  if (own !== undefined) return own;
  const swapped = fixes(b, a);
  return swapped === undefined ? [unchanged, unchanged] : [swapped[1], swapped[0]];
}

/**
 * The most values that two shapes may broadcast to. Repeated values take no memory, so a mistake,
 * such as weights of shape [n, 1] for losses of shape [n], would otherwise compute for hours.
 */
const mostRepeated = 2 ** 32;

/**
 * Broadcasts two shapes by numpy's rule: they are aligned at the last axis, and a missing
 * dimension, or one of size 1, is repeated.
 *
 * @throws RangeError that names `argument`, to which the first shape belongs, and `other`, if they
 *   do not broadcast, or to too many values.
 */
export function broadcastShape(a: Shape, b: Shape, argument: string, other: string): Shape {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw wrongValue(argument, `a shape that broadcasts with ${other}, ${shown(b)}`, shown(a));
    }
    shape.push(left === 1 ? right : left);
  }
  const size = sizeOf(shape);
  if (size > mostRepeated && size > sizeOf(a) && size > sizeOf(b)) {
    throw wrongValue(
      argument,
      `a shape that broadcasts with ${other}, ${shown(b)}, to at most 2 ** 32 values`,
      shown(a),
    );
  }
  return shape;
}

/** Returns the strides of an operand over a shape that it broadcasts to. */
export function stridesOver(shape: Shape, own: Axes): readonly number[] {
  const missing = shape.length - own.shape.length;
  return shape.map((_, axis) => {
    const dimension = own.shape[axis - missing];
    return dimension === undefined || dimension === 1 ? 0 : (own.strides[axis - missing] as number);
  });
}

/** Whether memory runs through an axis and the one before it in one stride, in all operands. */
function areContiguous({ shape, strides }: Layout, before: number, axis: number): boolean {
  const size = shape[axis] as number;
  for (const own of strides) {
    if (own[before] !== (own[axis] as number) * size) return false;
  }
  return true;
}

/**
 * Merges neighbouring row axes that are contiguous in all operands, and drops axes of size 1. The
 * last axis stays, and at least one row axis.
 */
export function collapsed(layout: Layout): Layout {
  const { shape, strides } = layout;
  const last = shape.length - 1;
  // The axes that stay, each the last of those that are merged into it.
  const axes: number[] = [];
  const sizes: number[] = [];
  for (let axis = 0; axis < last; axis++) {
    const size = shape[axis] as number;
    if (size === 1) continue;
    const before = axes.at(-1);
    if (before !== undefined && areContiguous(layout, before, axis)) {
      axes[axes.length - 1] = axis;
      sizes[sizes.length - 1] = (sizes.at(-1) as number) * size;
    } else {
      axes.push(axis);
      sizes.push(size);
    }
  }
  const isOneRow = axes.length === 0;
  if (axes.length === last && !isOneRow) return layout;
  const kept = (own: readonly number[]) => {
    const result = axes.map((axis) => own[axis] as number);
    if (isOneRow) result.push(0);
    result.push(own[last] as number);
    return result;
  };
  if (isOneRow) sizes.push(1);
  return { shape: [...sizes, shape[last] as number], strides: strides.map(kept) };
}
