import { described, wrongKind, wrongValue } from "../errors.js";
import { kindOf, lengthOf, type TypedArray } from "../typed-arrays.js";

type Shape = readonly number[];

/** A shape as messages show it. */
export const shown = (shape: Shape) => `[${shape.join(", ")}]`;

/** The number of values of a shape. */
export const sizeOf = (shape: Shape) => shape.reduce((size, dimension) => size * dimension, 1);

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

/** The strides of row-major values, in values. */
export function rowMajorStrides(shape: Shape): readonly number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] as number;
  }
  return strides;
}

/** More dimensions than anybody needs, and an end for arrays that contain themselves. */
export const maxRank = 64;

/** An array as long as a shape, such as a shape, or strides. */
function axesOf(value: unknown, argument: string, expected: string): readonly unknown[] {
  const isTyped = kindOf(value) !== undefined;
  if (!isTyped && !Array.isArray(value)) throw wrongKind(argument, expected, described(value));
  const axes = value as readonly unknown[];
  // Of a proxy the length may be anything, another one each time, and endless.
  const rank = isTyped ? lengthOf(value as TypedArray) : Number(axes.length);
  if (!(rank <= maxRank)) {
    throw wrongValue(argument, `at most ${maxRank} dimensions`, String(rank));
  }
  const copy: unknown[] = [];
  for (let axis = 0; axis < rank; axis++) copy.push(axes[axis]);
  return copy;
}

/** An integer, which may come as a bigint. */
export function readInteger(value: unknown, argument: string, expected = "an integer"): number {
  const integer = typeof value === "bigint" ? Number(value) : value;
  if (typeof integer !== "number") throw wrongKind(argument, "a number", described(value));
  if (!Number.isSafeInteger(integer)) throw wrongValue(argument, expected, described(value));
  return integer;
}

/** Reads a shape once, whatever object it is, and checks every dimension. */
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

/** Reads strides once, and checks that there is an integer for each axis. */
export function readStrides(strides: unknown, rank: number, argument: string): readonly number[] {
  const steps = axesOf(strides, argument, "an array of integers").map((each, axis) =>
    readInteger(each, `${argument}[${axis}]`),
  );
  if (steps.length === rank) return steps;
  throw wrongValue(argument, `an integer for each of the ${rank} axes`, `${steps.length}`);
}

/** Where a value is in a tensor: `[2][0]`. */
export function placeOf(index: number, shape: readonly number[]): string {
  let rest = index;
  return shape.reduceRight((inner, dimension) => {
    const place = `[${rest % dimension}]${inner}`;
    rest = Math.floor(rest / dimension);
    return place;
  }, "");
}
