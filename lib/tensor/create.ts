import { described, oneOf, wrongValue } from "../errors.js";
import { floatx } from "./config.js";
import { handedOut } from "./dense.js";
import {
  type Arrays,
  codes,
  type Dtype,
  type DtypeOf,
  dtypesOf,
  type TensorData,
} from "./dtypes.js";
import { fittingDtype, withDtype } from "./interop.js";
import { rowMajorOf } from "./row-major.js";
import { readShape } from "./shapes.js";
import { checkLength, RowTensor, type Tensor } from "./tensor.js";
import { type Nested, type TensorLike, toTensor } from "./tensor-like.js";

/** Returns values in a dtype: by default their own, or `floatx()` for JavaScript numbers. */
function inDtype(values: RowTensor, dtype: Dtype | undefined): RowTensor {
  const { data, shape, source } = values;
  if (source === "list" || source === "nested") {
    const own = values.dtype === "bool" ? "bool" : floatx();
    if (dtype !== undefined && !Object.hasOwn(codes, dtype)) {
      throw wrongValue("dtype", oneOf(Object.keys(codes)), described(dtype));
    }
    return withDtype(values, dtype ?? own, "");
  }
  if (dtype === undefined) return values;
  const held = { data, dtypes: dtypesOf(data) as readonly Dtype[] };
  return new RowTensor(data, shape, fittingDtype(held, dtype, ""));
}

/**
 * Gives values a shape. Row-major values in a typed array are not copied: later writes to `data`
 * are visible in the tensor.
 *
 * @param data - a typed array; a tensor of this or another library, whose values are copied unless
 *   they are row-major; or a number or nested arrays, which are copied into an array of the dtype.
 * @param shape - the dimensions; their product is the number of values. Without it a typed array
 *   has rank 1, nested arrays have the shape of their nesting, and a tensor keeps its own.
 * @param dtype - for numbers and nested arrays any dtype, by default `floatx()`; otherwise one that
 *   the typed array can hold: `"bool"` to read a `Uint8Array` as false (0) and true (anything
 *   else), `"float16"` or `"bfloat16"` to read a `Uint16Array` as the bits of such numbers.
 * @returns a tensor of that shape.
 * @throws TypeError if `data` or `shape` is of a wrong kind; RangeError if a dimension is negative
 *   or not an integer, if `data` has another length than `shape` requires, or if `dtype` does not
 *   fit `data`.
 * @example
 * ```ts
 * import { tensor } from "maxmargin";
 *
 * const yPred = tensor(Float32Array.of(0.6, 0.4, 0.4, 0.6), [2, 2]);
 * yPred.shape; //=> [2, 2]
 * yPred.dtype; //=> "float32"
 * tensor(Uint16Array.of(0x3c00, 0xc000), [2], "float16").toArray(); //=> [1, -2]
 * tensor([1, 0, 0, 1], [2, 2], "int8").data; //=> Int8Array [1, 0, 0, 1]
 * ```
 */
export function tensor<D extends Dtype>(
  data: Arrays[D] | Exclude<Nested, bigint>,
  shape: ArrayLike<number> | undefined,
  dtype: D,
): Tensor<D>;
export function tensor<A extends TensorData>(
  data: A,
  shape?: ArrayLike<number>,
): Tensor<DtypeOf<A>>;
export function tensor(data: TensorLike, shape?: ArrayLike<number>, dtype?: Dtype): Tensor;
export function tensor(data: TensorLike, shape?: ArrayLike<number>, dtype?: Dtype): Tensor {
  const values = inDtype(rowMajorOf(toTensor(data, "data"), "data"), dtype);
  if (shape === undefined) return withShape(values, values.shape);
  return withShape(values, readShape(shape, "shape"));
}

function withShape({ data, dtype, source }: RowTensor, shape: readonly number[]): Tensor {
  const rows = new RowTensor(data, shape, dtype, source);
  checkLength(rows, "data");
  return handedOut(rows);
}

/**
 * Gives values the shape `[n, 1]`: one score, or one label, per sample. A bare array of n values is
 * one row instead.
 *
 * @param data - n values: a typed array, which is not copied, a list of numbers, or a tensor of
 *   rank 1.
 * @returns a tensor of shape `[n, 1]`.
 * @throws TypeError or RangeError as {@link tensor}, and RangeError if `data` has more or fewer
 *   axes than one.
 * @example
 * ```ts
 * import { column, hinge } from "maxmargin";
 *
 * const scores = Float32Array.of(0.5, -2);
 * hinge(column([1, -1]), column(scores)).data; //=> Float32Array [0.5, 0]
 * ```
 */
export function column<A extends TensorData>(data: A): Tensor<DtypeOf<A>>;
export function column(data: TensorLike): Tensor;
export function column(data: TensorLike): Tensor {
  const values = inDtype(rowMajorOf(toTensor(data, "data"), "data"), undefined);
  const { shape } = values;
  if (shape.length !== 1) throw wrongValue("data", "one axis", `shape [${shape.join(", ")}]`);
  return withShape(values, [shape[0] as number, 1]);
}
