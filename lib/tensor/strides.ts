// Reads values that are not row-major, or not at the start of their array.

import { described, oneOf, wrongKind, wrongValue } from "../errors.js";
import { lengthOf, sliceOf } from "../typed-arrays.js";
import type { TensorData } from "./dtypes.js";
import type { Layout } from "./gather.js";
import { isRowMajor, readInteger, readStrides, rowMajorStrides, sizeOf } from "./shapes.js";

type Shape = readonly number[];

/** A layout that an object states. */
export interface StatedLayout extends Layout {
  /**
   * The property that states it: `stride`, `strides` or `offset`; undefined if the values fill the
   * data.
   */
  readonly from: string | undefined;
}

/** Values in an array, with their layout; undefined if they are row-major and fill the array. */
export interface Placed {
  readonly data: TensorData;
  readonly layout: Layout | undefined;
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

/** Returns the strides of column-major values: those of row-major values with all axes reversed. */
const columnMajorStrides = (shape: Shape) => [...rowMajorStrides([...shape].reverse())].reverse();

/**
 * Reads the memory layout of an object; undefined if it states nothing but row-major order from the
 * start.
 *
 * @param path - the prefix of its property names in messages.
 */
export function readLayout(
  object: Described,
  shape: Shape,
  path: string,
): StatedLayout | undefined {
  const [from, given] = readGiven(object, shape, path);
  const at = askedIfAny(object, "offset");
  const offset = at === undefined ? 0 : readInteger(at, `${path}offset`, "an integer from 0");
  if (offset < 0) throw wrongValue(`${path}offset`, "an integer from 0", described(at));
  // Strides override the order: views in some libraries keep the order of the array they are views
  // of.
  const columnMajor = given === undefined && isColumnMajor(object, path);
  if (given === undefined && !columnMajor && at === undefined) return undefined;
  const strides = given ?? (columnMajor ? columnMajorStrides(shape) : rowMajorStrides(shape));
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
 * Finds the values of a layout in an array. Row-major values need no layout then, and the array
 * reaches from the first value to the last one.
 *
 * @param path - the prefix of property names in messages.
 * @throws RangeError if the layout reaches beyond the data.
 */
export function placed(data: TensorData, shape: Shape, stated: StatedLayout, path: string): Placed {
  const size = sizeOf(shape);
  const length = lengthOf(data);
  // The caller checks the length.
  if (stated.from === undefined && length !== size) return { data, layout: undefined };
  if (size === 0) return { data: sliceOf(data, 0, 0) as TensorData, layout: undefined };
  const { strides, offset, from } = stated;
  const [first, last] = reachOf(shape, stated);
  if (first < 0 || last >= length) {
    const isOffset = from === "offset";
    throw wrongValue(
      `${path}${from}`,
      `${isOffset ? "an offset" : "strides, in values and not in bytes,"} within the ${length} values of data`,
      isOffset ? `${offset} with ${size} values` : `[${strides.join(", ")}] from ${offset} on`,
    );
  }
  // A detached array can still report its old length: see `checkLength`.
  if (data[last] === undefined) throw wrongValue(`${path}data`, `${length} values`, "none");
  const reach = last - first + 1;
  const own = reach === length ? data : (sliceOf(data, first, reach) as TensorData);
  const isPlain = isRowMajor(shape, strides);
  return { data: own, layout: isPlain ? undefined : { strides, offset: offset - first } };
}
