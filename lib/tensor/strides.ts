// Values that are not row-major, or not at the start of their memory.

import { described, oneOf, wrongKind, wrongValue } from "../errors.js";
import { kindOf, lengthOf, newArray, sliceOf, type TypedArray } from "../typed-arrays.js";
import { readInteger, readStrides, sizeOf } from "./shapes.js";

type Shape = readonly number[];

/** Where values lie: value [i, j, …] at `offset + i * strides[0] + j * strides[1] + …`. */
export interface Layout {
  readonly strides: readonly number[];
  readonly offset: number;
  /** The property that tells: `stride`, `strides`, `offset`, or undefined where the data are nothing but the values. */
  readonly from: string | undefined;
}

/** An object that may say how its values lie. */
type Described = Readonly<Record<string, unknown>>;

/** The value of a property, or what the method of that name returns. */
export function asked(object: Described, key: string): unknown {
  const value = object[key];
  return typeof value === "function" ? (value as () => unknown).call(object) : value;
}

/** The same; undefined for null, which some libraries have where there is nothing to say. */
const askedIfAny = (object: Described, key: string) => asked(object, key) ?? undefined;

/** The names of orders, and whether they are column-major. */
const orders = new Map<unknown, boolean>([
  ...["row-major", "C", "c"].map((name) => [name, false] as const),
  ...["column-major", "F", "f"].map((name) => [name, true] as const),
]);

/** Whether the values next to each other are those of the first axis. */
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

/** The strides of values without gaps. */
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
 * Reads how the values of an object lie; undefined if that is row-major, from the start, as nothing else is said.
 *
 * @param path - what stands before the names of its properties in messages.
 */
export function readLayout(object: Described, shape: Shape, path: string): Layout | undefined {
  const [from, given] = readGiven(object, shape, path);
  const at = askedIfAny(object, "offset");
  const offset = at === undefined ? 0 : readInteger(at, `${path}offset`, "an integer from 0");
  if (offset < 0) throw wrongValue(`${path}offset`, "an integer from 0", described(at));
  // Views of libraries keep the order of the memory that they look at: their strides are what counts.
  const columnMajor = given === undefined && isColumnMajor(object, path);
  if (given === undefined && !columnMajor && at === undefined) return undefined;
  const strides = given ?? dense(shape, columnMajor);
  return { strides, offset, from: from ?? (at === undefined ? undefined : "offset") };
}

/** The strides that an object gives, and the name of their property. */
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

/** Whether values are row-major without gaps. The stride of an axis of 1 makes no difference. */
function isDense(shape: Shape, strides: readonly number[]): boolean {
  const expected = dense(shape, false);
  return shape.every((dimension, axis) => dimension === 1 || strides[axis] === expected[axis]);
}

/** The first and the last place in memory that a layout reaches. */
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
 * Row-major values: in their own memory if they are there in that order, otherwise a copy.
 *
 * @param path - what stands before the names of properties in messages.
 * @throws RangeError if the layout leaves the data.
 */
export function arranged(data: TypedArray, shape: Shape, layout: Layout, path: string): TypedArray {
  const size = sizeOf(shape);
  const length = lengthOf(data);
  // Whether the length is right is for the caller to check.
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
  // See `checkLength` about lengths that are those of before the buffer was detached.
  if (data[last] === undefined) throw wrongValue(`${path}data`, `${length} values`, "none");
  return copy;
}

/** Writes all values of a layout, which lie within `from`, one after the other. */
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
