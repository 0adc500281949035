import { described, wrongKind, wrongValue } from "../errors.js";
import { kindOf, lengthOf, type TypedArray } from "../typed-arrays.js";

type Shape = readonly number[];

/** Formats a shape for messages. */
export const shown = (shape: Shape) => `[${shape.join(", ")}]`;

/** Returns the number of values of a shape. */
export const sizeOf = (shape: Shape) => shape.reduce((size, dimension) => size * dimension, 1);

export function sameShape(a: Shape, b: Shape): boolean {
  // A loop, because `every` costs more than the values of a small batch.
  let same = a.length === b.length;
  for (let axis = 0; same && axis < a.length; axis++) same = a[axis] === b[axis];
  return same;
}

/** Returns a shape without its last axis. A loop, because `slice` is slow on frozen arrays. */
export function rowShape(shape: Shape): number[] {
  const rows: number[] = [];
  for (let axis = 0; axis < shape.length - 1; axis++) rows.push(shape[axis] as number);
  return rows;
}

/** Returns the strides of row-major values, in values. */
export function rowMajorStrides(shape: Shape): readonly number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] as number;
  }
  return strides;
}

/**
 * Whether values with these strides are row-major, and none is repeated. The stride of an axis of
 * size 1 does not matter.
 */
export function isRowMajor(shape: Shape, strides: readonly number[]): boolean {
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] as number;
    if (size !== 1 && strides[axis] !== stride) return false;
    stride *= size;
  }
  return true;
}

/** The maximum rank, which also stops recursion on cyclic arrays. */
export const maxRank = 64;

/** Copies an array with an element per axis, such as a shape or strides. */
function axesOf(value: unknown, argument: string, expected: string): readonly unknown[] {
  const isTyped = kindOf(value) !== undefined;
  if (!isTyped && !Array.isArray(value)) throw wrongKind(argument, expected, described(value));
  const axes = value as readonly unknown[];
  // The length of a proxy can be anything, and different each time: it is read once and checked.
  const rank = isTyped ? lengthOf(value as TypedArray) : Number(axes.length);
  if (!(rank <= maxRank)) {
    throw wrongValue(argument, `at most ${maxRank} dimensions`, String(rank));
  }
  const copy: unknown[] = [];
  for (let axis = 0; axis < rank; axis++) copy.push(axes[axis]);
  return copy;
}

/** Reads an integer, which can be a bigint. */
export function readInteger(value: unknown, argument: string, expected = "an integer"): number {
  const integer = typeof value === "bigint" ? Number(value) : value;
  if (typeof integer !== "number") throw wrongKind(argument, "a number", described(value));
  if (!Number.isSafeInteger(integer)) throw wrongValue(argument, expected, described(value));
  return integer;
}

/** Reads every element of a shape once, and checks it. */
export function readShape(shape: unknown, argument: string): readonly number[] {
  let size = 1;
  const dimensions = axesOf(shape, argument, "an array of dimensions").map((each, axis) => {
    const dimension = readInteger(each, `${argument}[${axis}]`, "an integer from 0");
    if (dimension < 0) throw wrongValue(`${argument}[${axis}]`, "an integer from 0", `${each}`);
    size *= dimension;
    return dimension;
  });
  if (!Number.isSafeInteger(size)) {
    throw wrongValue(argument, "a product below 2 ** 53", `[${dimensions.join(", ")}]`);
  }
  return Object.freeze(dimensions);
}

/** Reads every element of strides once, and checks that there is an integer for each axis. */
export function readStrides(strides: unknown, rank: number, argument: string): readonly number[] {
  const steps = axesOf(strides, argument, "an array of integers").map((each, axis) =>
    readInteger(each, `${argument}[${axis}]`),
  );
  if (steps.length === rank) return steps;
  // @stdlib/ndarray states a stride of 0 for no axis.
  if (rank === 0 && steps.length === 1 && steps[0] === 0) return [];
  throw wrongValue(argument, `an integer for each of the ${rank} axes`, `${steps.length}`);
}

/** Formats the index of a value as code: `[2][0]`. */
export function placeOf(index: number, shape: readonly number[]): string {
  let rest = index;
  return shape.reduceRight((inner, dimension) => {
    const place = `[${rest % dimension}]${inner}`;
    rest = Math.floor(rest / dimension);
    return place;
  }, "");
}
