// Reads values that are not row-major, or not at the start of their array.

import { described, oneOf, wrongKind, wrongValue } from "../errors.js";
import { kindOf, lengthOf, newArray, sliceOf, type TypedArray } from "../typed-arrays.js";
import { readInteger, readStrides, sizeOf } from "./shapes.js";

type Shape = readonly number[];

/** A memory layout: value [i, j, …] is at `offset + i * strides[0] + j * strides[1] + …`. */
export interface Layout {
  readonly strides: readonly number[];
  readonly offset: number;
  /**
   * The property that states it: `stride`, `strides` or `offset`; undefined if the values fill the
   * data.
   */
  readonly from: string | undefined;
}

/** An object that may describe its memory layout. */
type Described = Readonly<Record<string, unknown>>;

/** Returns the value of a property, or the result of a method of that name. */
export function asked(object: Described, key: string): unknown {
  const value = object[key];
  return typeof value === "function" ? (value as () => unknown).call(object) : value;
}

/** Does the same, and returns undefined for null, which some libraries use for a missing value. */
const askedIfAny = (object: Described, key: string) => asked(object, key) ?? undefined;

/** The names of orders; true for column-major. */
const orders = new Map<unknown, boolean>([
  ...["row-major", "C", "c"].map((name) => [name, false] as const),
  ...["column-major", "F", "f"].map((name) => [name, true] as const),
]);

/** Whether values are column-major: neighbours in memory are neighbours along the first axis. */
function isColumnMajor(object: Described, path: string): boolean {
  const order = askedIfAny(object, "order");
  const flags = ["fortranOrder", "fortran_order"].flatMap((key) => {
    const flag = askedIfAny(object, key);
    if (flag === undefined || typeof flag === "boolean") return flag ?? [];
    throw wrongKind(`${path}${key}`, "a boolean", described(flag));
  });
  if (order !== undefined) {
    const flag = orders.get(order);
    if (flag === undefined) {
      const wrong = typeof order === "string" ? wrongValue : wrongKind;
      throw wrong(`${path}order`, oneOf(["row-major", "column-major", "C", "F"]), described(order));
    }
    flags.push(flag);
  }
  if (new Set(flags).size > 1) {
    throw wrongValue(`${path}order`, "the order that fortranOrder tells", described(order));
  }
  return flags[0] ?? false;
}

/** Returns the strides of values without gaps. */
function dense(shape: Shape, columnMajor: boolean): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  const axes = [...shape.keys()];
  let step = 1;
  for (const axis of columnMajor ? axes : axes.reverse()) {
    strides[axis] = step;
    step *= shape[axis] as number;
  }
  return strides;
}

/**
 * Reads the memory layout of an object; undefined if it states nothing but row-major order from the
 * start.
 *
 * @param path - the prefix of its property names in messages.
 */
export function readLayout(object: Described, shape: Shape, path: string): Layout | undefined {
  const [from, given] = readGiven(object, shape, path);
  const at = askedIfAny(object, "offset");
  const offset = at === undefined ? 0 : readInteger(at, `${path}offset`, "an integer from 0");
  if (offset < 0) throw wrongValue(`${path}offset`, "an integer from 0", described(at));
  // Strides override the order: views in some libraries keep the order of the array they are views
  // of.
  const columnMajor = given === undefined && isColumnMajor(object, path);
  if (given === undefined && !columnMajor && at === undefined) return undefined;
  const strides = given ?? dense(shape, columnMajor);
  return { strides, offset, from: from ?? (at === undefined ? undefined : "offset") };
}

/** Reads the strides of an object, and the name of their property. */
function readGiven(
  object: Described,
  shape: Shape,
  path: string,
): [string, readonly number[]] | [undefined, undefined] {
  const [first, second] = ["stride", "strides"].flatMap((key) => {
    const value = askedIfAny(object, key);
    if (value === undefined) return [];
    return [[key, readStrides(value, shape.length, `${path}${key}`)] as [string, number[]]];
  });
  if (first === undefined) return [undefined, undefined];
  if (second !== undefined && first[1].some((step, axis) => step !== second[1][axis])) {
    throw wrongValue(`${path}strides`, "the integers of stride", `[${second[1].join(", ")}]`);
  }
  return first;
}

/** Whether values are row-major without gaps. The stride of an axis of size 1 does not matter. */
function isDense(shape: Shape, strides: readonly number[]): boolean {
  const expected = dense(shape, false);
  return shape.every((dimension, axis) => dimension === 1 || strides[axis] === expected[axis]);
}

/** Returns the first and the last index that a layout reaches. */
function reachOf(shape: Shape, { strides, offset }: Layout): readonly [number, number] {
  let [first, last] = [offset, offset];
  for (const [axis, stride] of strides.entries()) {
    const step = ((shape[axis] as number) - 1) * stride;
    if (step < 0) first += step;
    else last += step;
  }
  return [first, last];
}

/**
 * Returns row-major values: in place if they already have this order, otherwise a copy.
 *
 * @param path - the prefix of property names in messages.
 * @throws RangeError if the layout reaches beyond the data.
 */
export function arranged(data: TypedArray, shape: Shape, layout: Layout, path: string): TypedArray {
  const size = sizeOf(shape);
  const length = lengthOf(data);
  // The caller checks the length.
  if (layout.from === undefined && length !== size) return data;
  if (size === 0) return sliceOf(data, 0, 0);
  const { strides, offset, from } = layout;
  const [first, last] = reachOf(shape, layout);
  if (first < 0 || last >= length) {
    const isOffset = from === "offset";
    throw wrongValue(
      `${path}${from}`,
      `${isOffset ? "an offset" : "strides, in values and not in bytes,"} within the ${length} values of data`,
      isOffset ? `${offset} with ${size} values` : `[${strides.join(", ")}] from ${offset} on`,
    );
  }
  if (isDense(shape, strides)) {
    return offset === 0 && length === size ? data : sliceOf(data, offset, size);
  }
  const copy = newArray(kindOf(data) as string, size);
  gather(data, copy, shape, layout);
  // A detached array can still report its old length: see `checkLength`.
  if (data[last] === undefined) throw wrongValue(`${path}data`, `${length} values`, "none");
  return copy;
}

/** Copies all values of a layout, which lies within `from`, in row-major order. */
function gather(from: TypedArray, to: TypedArray, shape: Shape, { strides, offset }: Layout): void {
  let at = 0;
  const copy = (axis: number, start: number) => {
    const [n, step] = [shape[axis] as number, strides[axis] as number];
    if (axis < shape.length - 1) {
      for (let i = 0; i < n; i++) copy(axis + 1, start + i * step);
    } else {
      for (let i = 0; i < n; i++) to[at++] = from[start + i * step] as never;
    }
  };
  copy(0, offset);
}
