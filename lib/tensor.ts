import { isSharedArrayBuffer } from "node:util/types";
import { overlap } from "./backend.js";
import { type Results, resultsOf, type Stored } from "./cast.js";
import { floatx } from "./config.js";
import {
  type Arrays,
  arrayKinds,
  codes,
  type Dtype,
  type DtypeOf,
  dtypesOf,
  type FloatDtype,
  isFloat16Array,
  type TensorData,
} from "./dtypes.js";
import { described, oneOf, wrongKind, wrongValue } from "./errors.js";

/**
 * Numbers with a shape: row-major, `data.length` is the product of `shape`. The data are shared with
 * whoever made the tensor, never copied.
 */
export interface Tensor<D extends Dtype = Dtype> {
  readonly data: Arrays[D];
  readonly shape: readonly number[];
  readonly dtype: D;
}

/** A tensor of one of several dtypes: TypeScript learns from its `dtype` which array its `data` is. */
export type TensorOf<D extends Dtype> = D extends Dtype ? Tensor<D> : never;

/** Numbers or booleans, nested to any depth; the lists of one depth have one length. */
export type Nested = number | boolean | readonly Nested[];

/**
 * What every loss takes: a typed array (rank 1), a {@link Tensor}, any `{ data, shape }` object, a number
 * (rank 0) or nested arrays.
 */
export type TensorLike =
  | TensorData
  | { readonly data: TensorData; readonly shape: readonly number[]; readonly dtype?: Dtype }
  | Nested;

/** The dtype that a function returns for predictions of a type; one of four where `floatx()` decides. */
export type ResultDtype<P> = P extends { readonly dtype: infer D }
  ? OwnFloat<D>
  : P extends { readonly data: infer A extends TensorData }
    ? "dtype" extends keyof P
      ? FloatDtype
      : OwnFloat<DtypeOf<A>>
    : P extends TensorData
      ? OwnFloat<DtypeOf<P>>
      : FloatDtype;
type OwnFloat<D> = D extends FloatDtype ? D : FloatDtype;

/** A tensor that knows its rows, so that a call need not work them out again. */
export class RowTensor implements Tensor {
  /** The product of all dimensions but the last; 1 at rank 0 and 1. */
  readonly rows: number;
  /** The last dimension; 1 at rank 0. */
  readonly width: number;
  /** The kernels' number of the dtype. */
  readonly code: number;

  /** @param isNested - whether the data are of nested arrays or a number, and the dtype is nobody's choice. */
  constructor(
    readonly data: TensorData,
    readonly shape: readonly number[],
    readonly dtype: Dtype,
    readonly isNested = false,
  ) {
    const last = shape.length - 1;
    let rows = 1;
    for (let axis = 0; axis < last; axis++) rows *= shape[axis] as number;
    this.rows = rows;
    this.code = codes[dtype];
    this.width = last < 0 ? 1 : (shape[last] as number);
  }

  /** The data, of a `Float16Array` the bits. To be asked for when no foreign code can run any longer. */
  get stored(): Stored {
    const { data } = this;
    if (this.dtype !== "float16" || !isFloat16Array(data)) return data as Stored;
    return new Uint16Array(data.buffer, data.byteOffset, data.length);
  }
}

/** The names of the arrays that hold results of a dtype. */
const resultArrays: Readonly<Record<FloatDtype, readonly string[]>> = {
  float16: ["Uint16Array", "Float16Array"],
  bfloat16: ["Uint16Array"],
  float32: ["Float32Array"],
  float64: ["Float64Array"],
};

/**
 * Checks an array that results are to be written to, when no foreign code can run any longer.
 *
 * @returns the array, of a `Float16Array` the bits.
 */
export function checkOut(
  out: unknown,
  dtype: FloatDtype,
  size: number,
  inputs: readonly RowTensor[],
): Results {
  const names = resultArrays[dtype];
  if (!dtypesOf(out)?.includes(dtype)) {
    throw wrongKind("out", `a ${names.join(" or a ")}`, described(out));
  }
  const tensor = new RowTensor(out as TensorData, [size], dtype);
  checkLength(tensor, "out");
  const { buffer, byteOffset, byteLength } = tensor.data;
  for (const input of inputs) {
    const { data } = input;
    const isApart =
      data.buffer !== buffer
        ? !overlapAcrossBuffers(tensor, input)
        : data.byteOffset >= byteOffset + byteLength ||
          byteOffset >= data.byteOffset + data.byteLength;
    if (!isApart) throw wrongValue("out", "memory of its own", "that of yTrue or yPred");
  }
  return tensor.stored as Results;
}

/**
 * Returns whether arrays of different buffers have memory in common. Several SharedArrayBuffers stand for the
 * same memory after it was cloned, or after it has grown.
 */
function overlapAcrossBuffers(a: RowTensor, b: RowTensor): boolean {
  const areShared = isSharedArrayBuffer(a.data.buffer) && isSharedArrayBuffer(b.data.buffer);
  return areShared && overlap(a.stored, b.stored) === true;
}

declare const Float16Array: new (buffer: ArrayBufferLike) => Arrays["float16"];

/**
 * Results as a tensor: in the array that they were written to, if one was given; float16 otherwise in a
 * `Float16Array` if that is what `like` has.
 */
export function resultTensor<D extends FloatDtype>(
  dtype: D,
  results: Results,
  shape: readonly number[],
  like: RowTensor,
  out?: unknown,
): TensorOf<D> {
  const own =
    dtype === "float16" && isFloat16Array(like.data) ? new Float16Array(results.buffer) : results;
  const data = out === undefined ? own : (out as TensorData);
  return new RowTensor(data, Object.freeze(shape), dtype) as Tensor<Dtype> as TensorOf<D>;
}

/** More dimensions than anybody needs, and an end for arrays that contain themselves. */
const maxRank = 64;

/** Reads a shape once, whatever object it is, and checks every dimension. */
function shapeOf(shape: unknown, argument: string): readonly number[] {
  if (!Array.isArray(shape)) throw wrongKind(argument, "an array of dimensions", described(shape));
  // Of a proxy the length may be anything, another one each time, and endless.
  const rank = Number(shape.length);
  if (!(rank <= maxRank)) {
    throw wrongValue(argument, `at most ${maxRank} dimensions`, String(rank));
  }
  const dimensions: number[] = [];
  let size = 1;
  for (let axis = 0; axis < rank; axis++) {
    const dimension: unknown = shape[axis];
    if (typeof dimension !== "number") {
      throw wrongKind(`${argument}[${axis}]`, "a number", described(dimension));
    }
    if (!Number.isSafeInteger(dimension) || dimension < 0) {
      throw wrongValue(`${argument}[${axis}]`, "an integer from 0", String(dimension));
    }
    dimensions.push(dimension);
    size *= dimension;
  }
  if (!Number.isSafeInteger(size)) {
    throw wrongValue(argument, "a product below 2 ** 53", `[${dimensions.join(", ")}]`);
  }
  return Object.freeze(dimensions);
}

/** Throws unless the data are as long as the shape says; a detached or shrunk buffer makes them shorter. */
export function checkLength(tensor: RowTensor, argument: string): void {
  const expected = tensor.rows * tensor.width;
  const { data } = tensor;
  // The length alone will not do: V8 of Node 20 and 22 has optimized code that takes a detached array, once
  // it has also seen views of resizable buffers, to be as long as before. Its values are gone all the same.
  if (data.length === expected && (expected === 0 || data[expected - 1] !== undefined)) return;
  const length = data.buffer.byteLength === 0 ? 0 : data.length;
  throw wrongValue(
    argument,
    `${expected} values for its shape [${tensor.shape.join(", ")}]`,
    `${length}${length === 0 ? " (was the buffer detached?)" : ""}`,
  );
}

/** An array whose buffer was detached is as long as an empty one, but no view can be made of its buffer. */
function checkAttached({ buffer }: TensorData, argument: string): void {
  try {
    new Uint8Array(buffer);
  } catch {
    throw wrongValue(argument, "an array with its buffer", "one whose buffer was detached");
  }
}

function fromNested(nested: unknown, argument: string): RowTensor {
  const lengths: unknown[] = [];
  for (let level = nested; Array.isArray(level); level = level[0]) {
    if (lengths.push(level.length) > maxRank) {
      throw wrongValue(argument, `at most ${maxRank} dimensions`, "deeper nesting");
    }
  }
  const shape = shapeOf(lengths, argument);
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  // An array of JavaScript that grew as long as this one may would end the process.
  let values = new Float64Array(Math.min(size, 1024));
  let count = 0;
  let areBooleans = true;
  const path: number[] = [];
  const place = (depth: number) =>
    `${argument}${path
      .map((i) => `[${i}]`)
      .slice(0, depth)
      .join("")}`;
  const collect = (item: unknown, depth: number) => {
    if (depth < shape.length) {
      const length = shape[depth] as number;
      if (!Array.isArray(item) || item.length !== length) {
        throw wrongValue(place(depth), `an array of length ${length}`, described(item));
      }
      for (let i = 0; i < length; i++) {
        path[depth] = i;
        collect(item[i], depth + 1);
      }
    } else if (typeof item === "number" || typeof item === "boolean") {
      if (count === values.length) {
        const shorter = values;
        values = new Float64Array(Math.min(size, 2 * count));
        values.set(shorter);
      }
      values[count++] = Number(item);
      areBooleans &&= typeof item === "boolean";
    } else {
      throw wrongKind(place(depth), "a number or a boolean", described(item));
    }
  };
  collect(nested, 0);
  return areBooleans && count > 0
    ? new RowTensor(Uint8Array.from(values), shape, "bool", true)
    : new RowTensor(values, shape, "float64", true);
}

/** `path` is what stands before `data` and `shape` in messages. */
function withShape(data: unknown, shape: unknown, dtype: unknown, path: string): RowTensor {
  const possible = dtypesOf(data);
  if (possible === undefined) {
    throw wrongKind(`${path}data`, `one of ${arrayKinds}`, described(data));
  }
  if (dtype !== undefined && !possible.includes(dtype as Dtype)) {
    throw wrongValue(`${path}dtype`, `${oneOf(possible)} for ${described(data)}`, described(dtype));
  }
  const tensor = new RowTensor(
    data as TensorData,
    shapeOf(shape, `${path}shape`),
    (dtype as Dtype | undefined) ?? (possible[0] as Dtype),
  );
  checkLength(tensor, `${path}data`);
  return tensor;
}

/**
 * Any tensor-like as a tensor, without copying typed arrays. `argument` is its name in messages. The
 * length has to be checked once more when no foreign code can run any longer: {@link checkLength}.
 */
export function toTensor(value: unknown, argument: string): RowTensor {
  if (value instanceof RowTensor) return value;
  const dtypes = dtypesOf(value);
  if (dtypes !== undefined) {
    const data = value as TensorData;
    if (data.length === 0) checkAttached(data, argument);
    return new RowTensor(data, [data.length], dtypes[0] as Dtype);
  }
  if (typeof value === "number" || typeof value === "boolean" || Array.isArray(value)) {
    return fromNested(value, argument);
  }
  if (typeof value === "object" && value !== null && "data" in value && "shape" in value) {
    const like = value as { data: unknown; shape: unknown; dtype?: unknown };
    return withShape(like.data, like.shape, like.dtype, `${argument}.`);
  }
  throw wrongKind(
    argument,
    `a typed array (${arrayKinds}), a tensor, { data, shape }, a number or nested arrays`,
    described(value),
  );
}

/**
 * Gives a typed array a shape, without copying it: what is later written into `data` is seen by the
 * tensor.
 *
 * @param data - row-major values: a typed array, or a number or nested arrays, which are copied into an
 *   array of the dtype that `floatx()` gives.
 * @param shape - the dimensions; their product is `data.length`. Without it a typed array has rank 1 and
 *   nested arrays have the shape of their nesting.
 * @param dtype - `"bool"` to read a `Uint8Array` as false (0) and true (anything else), `"float16"` or
 *   `"bfloat16"` to read a `Uint16Array` as the bits of such numbers; otherwise the typed array's own dtype.
 * @returns a tensor of that shape that shares `data`.
 * @throws TypeError if `data` or `shape` is of a wrong kind; RangeError if a dimension is negative or not
 *   an integer, if `data` has another length than `shape` asks for, or if `dtype` does not fit `data`.
 * @example
 * ```ts
 * import { tensor } from "maxmargin";
 *
 * const yPred = tensor(Float32Array.of(0.6, 0.4, 0.4, 0.6), [2, 2]);
 * yPred.shape; //=> [2, 2]
 * yPred.dtype; //=> "float32"
 * tensor(Uint16Array.of(0x3c00, 0xc000), [2], "float16").dtype; //=> "float16"
 * ```
 */
export function tensor<D extends Dtype>(
  data: Arrays[D],
  shape: readonly number[] | undefined,
  dtype: D,
): Tensor<D>;
export function tensor<A extends TensorData>(
  data: A,
  shape?: readonly number[],
): Tensor<DtypeOf<A>>;
export function tensor(data: TensorData | Nested, shape?: readonly number[], dtype?: Dtype): Tensor;
export function tensor(
  data: TensorData | Nested,
  shape?: readonly number[],
  dtype?: Dtype,
): Tensor {
  const values = toTensor(data, "data");
  const isNumbers = values.isNested && values.dtype === "float64";
  const own = isNumbers ? resultsOf(floatx(), values.data as Float64Array) : values.data;
  const known = isNumbers ? floatx() : values.dtype;
  return withShape(
    own,
    shape === undefined ? values.shape : shape,
    dtype === undefined ? known : dtype,
    "",
  );
}
