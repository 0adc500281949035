// Reads strided arrays in row-major order.

import type { TypedArray } from "../typed-arrays.js";

/** A memory layout: value [i, j, …] is at `offset + i * strides[0] + j * strides[1] + …`. */
export interface Layout {
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Copies n values of a strided array, from logical index `start` on, to the beginning of `to`. */
export function gather(
  { values, strides, offset }: Layout & { readonly values: TypedArray },
  shape: readonly number[],
  start: number,
  to: TypedArray,
  n: number,
): void {
  eachRun({ strides, offset }, shape, start, n, (from, step, count, at) => {
    for (let i = 0; i < count; i++) to[at + i] = values[from + i * step] as never;
  });
}

/**
 * Calls use(from, step, count, at) for every run along the last axis of n logical values from index
 * `start` on. Value `at + i` of the n is at `from + i * step`.
 */
export function eachRun(
  { strides, offset }: Layout,
  shape: readonly number[],
  start: number,
  n: number,
  use: (from: number, step: number, count: number, at: number) => void,
): void {
  const last = shape.length - 1;
  const width = shape[last] as number;
  const step = strides[last] as number;
  const index = indexOf(start, shape);
  let from = offset;
  for (let axis = 0; axis <= last; axis++) {
    from += (index[axis] as number) * (strides[axis] as number);
  }
  for (let at = 0; at < n; ) {
    const left = width - (index[last] as number);
    const count = Math.min(left, n - at);
    use(from, step, count, at);
    at += count;
    from -= (index[last] as number) * step;
    index[last] = 0;
    for (let axis = last - 1; axis >= 0; axis--) {
      from += strides[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if (index[axis] !== shape[axis]) break;
      from -= (index[axis] as number) * (strides[axis] as number);
      index[axis] = 0;
    }
  }
}

/** Returns the index of the value at a row-major position. */
function indexOf(position: number, shape: readonly number[]): number[] {
  const index = new Array<number>(shape.length);
  let rest = position;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const dimension = shape[axis] as number;
    index[axis] = rest % dimension;
    rest = Math.floor(rest / dimension);
  }
  return index;
}
