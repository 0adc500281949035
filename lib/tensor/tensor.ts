import { wrongValue } from "../errors.js";
import { bufferOf, byteOffsetOf, lengthOf } from "../typed-arrays.js";
import type { RawArray } from "./cast.js";
import { type Arrays, codes, type Dtype, isFloat16Array, type TensorData } from "./dtypes.js";
import type { Layout } from "./gather.js";

/** A number, or numbers in nested arrays. */
export type NestedNumbers = number | NestedNumbers[];

/**
 * Row-major numbers with a shape: `data.length` is the product of `shape`. The array is shared with
 * the code that created the tensor. `JSON.stringify` writes `{ data, shape, dtype }`, with the
 * numbers of `data` in one list, and writes NaN and the infinities, which JSON lacks, as `"NaN"`,
 * `"Infinity"` and `"-Infinity"`: `Number` restores them.
 */
export interface Tensor<D extends Dtype = Dtype> {
  /** The values, row by row. */
  readonly data: Arrays[D];
  /** The number of values along each axis; `[]` for a single number. */
  readonly shape: readonly number[];
  /** The dtype of the values. */
  readonly dtype: D;

  /**
   * Copies the values into nested arrays of numbers.
   *
   * @returns arrays nested as deep as `shape` is long, or a number for the shape `[]`. Bits of
   *   float16 and bfloat16 are decoded, bool becomes 0 and 1, and int64 is rounded to the nearest
   *   double.
   * @example
   * ```ts
   * import { tensor } from "maxmargin";
   *
   * tensor(Int8Array.of(1, 0, 0, 1), [2, 2]).toArray(); //=> [[1, 0], [0, 1]]
   * ```
   */
  toArray(): NestedNumbers;
}

/**
 * A tensor of one of several dtypes: TypeScript learns from its `dtype` which array its `data` is.
 */
export type TensorOf<D extends Dtype> = D extends Dtype ? Tensor<D> : never;

/**
 * The origin of a tensor's dtype: declared by the user or an object; the default of the kind of
 * array; or none, for numbers in a list with a shape or in nested arrays.
 */
export type Source = "declared" | "array" | "list" | "nested";

/**
 * The internal form of a tensor. It stores its rows and width, which small batches would otherwise
 * spend time on.
 */
export class RowTensor {
  /** The product of all dimensions but the last; 1 at rank 0 and 1. */
  readonly rows: number;
  /** The last dimension; 1 at rank 0. */
  readonly width: number;
  /** The code of the dtype: see `codes`. */
  readonly code: number;
  /** The length that the data must have. */
  readonly length: number;

  constructor(
    readonly data: TensorData,
    readonly shape: readonly number[],
    readonly dtype: Dtype,
    readonly source: Source = "declared",
    /** The layout of values that are not row-major. It reaches the last of the data. */
    readonly layout?: Layout | undefined,
  ) {
    const last = shape.length - 1;
    let rows = 1;
    for (let axis = 0; axis < last; axis++) rows *= shape[axis] as number;
    this.rows = rows;
    this.code = codes[dtype];
    this.width = last < 0 ? 1 : (shape[last] as number);
    this.length = layout === undefined ? rows * this.width : lengthOf(data);
  }

  /**
   * The data, as {@link storedIn} returns them. To be read only after the last user code of a call has
   * run.
   */
  get stored(): RawArray {
    return storedIn(this.data, this.dtype);
  }

  /**
   * Whether the data are as long as the shape or the layout says; a detached or shrunk buffer makes
   * them shorter.
   */
  get isWhole(): boolean {
    const { data, length } = this;
    // Reading values runs no user code. The length alone is not enough: optimized code of V8 in Node
    // 20 and 22 that has also seen views of resizable buffers reports the old length for a detached
    // array.
    return data[length] === undefined && (length === 0 || data[length - 1] !== undefined);
  }
}

/** Returns an array of a dtype, as bits if it is a `Float16Array`. */
export function storedIn(data: TensorData, dtype: Dtype): RawArray {
  if (dtype !== "float16" || !isFloat16Array(data)) return data as RawArray;
  return new Uint16Array(bufferOf(data), byteOffsetOf(data), lengthOf(data));
}

/** Throws unless a tensor is whole. */
export function checkLength(tensor: RowTensor, argument: string): void {
  if (!tensor.isWhole) throw wrongLength(tensor, argument);
}

function wrongLength({ data, length: expected, shape }: RowTensor, argument: string): RangeError {
  const length = bufferOf(data).byteLength === 0 ? 0 : lengthOf(data);
  return wrongValue(
    argument,
    `${expected} values for its shape [${shape.join(", ")}]`,
    `${length}${length === 0 ? " (was the buffer detached?)" : ""}`,
  );
}
