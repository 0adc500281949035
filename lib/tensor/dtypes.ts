import { kindOf, viewIn } from "../typed-arrays.js";

/** The name of an element type, as in Keras and numpy. */
export type Dtype = keyof Arrays;

/** The dtypes of computations and results. */
export type FloatDtype = "float16" | "bfloat16" | "float32" | "float64";

/** `Float16Array`, if the TypeScript library declares it. */
type Float16Data = typeof globalThis extends { Float16Array: { prototype: infer Data } }
  ? Data
  : never;

/** The typed array that holds each dtype. */
export interface Arrays {
  bool: Uint8Array;
  int8: Int8Array;
  uint8: Uint8Array | Uint8ClampedArray;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  /** Bits, if the runtime has no `Float16Array`. */
  float16: Uint16Array | Float16Data;
  /** Bits. */
  bfloat16: Uint16Array;
  float32: Float32Array;
  float64: Float64Array;
}

/** A typed array that a tensor can hold. */
export type TensorData = Arrays[Dtype];

/** The default dtype of a typed array. */
export type DtypeOf<A extends TensorData> = A extends Float32Array
  ? "float32"
  : A extends Float64Array
    ? "float64"
    : A extends Float16Data
      ? "float16"
      : A extends BigInt64Array
        ? "int64"
        : A extends Int32Array
          ? "int32"
          : A extends Uint32Array
            ? "uint32"
            : A extends Int16Array
              ? "int16"
              : A extends Uint16Array
                ? "uint16"
                : A extends Int8Array
                  ? "int8"
                  : "uint8";

/** The numbers of dtypes in native/dtype.h. */
export const codes: Readonly<Record<Dtype, number>> = {
  bool: 0,
  int8: 1,
  uint8: 2,
  int16: 3,
  uint16: 4,
  int32: 5,
  uint32: 6,
  int64: 7,
  float16: 8,
  bfloat16: 9,
  float32: 10,
  float64: 11,
};

/** The dtypes that each kind of typed array can hold, the default first. */
const held: Readonly<Record<string, readonly Dtype[]>> = {
  Float32Array: ["float32"],
  Float64Array: ["float64"],
  Float16Array: ["float16"],
  Int8Array: ["int8"],
  Uint8Array: ["uint8", "bool"],
  Uint8ClampedArray: ["uint8", "bool"],
  Int16Array: ["int16"],
  Uint16Array: ["uint16", "float16", "bfloat16"],
  Int32Array: ["int32"],
  Uint32Array: ["uint32"],
  BigInt64Array: ["int64"],
};

/** Returns the dtypes that a typed array can hold; undefined if a tensor cannot hold the value. */
export function dtypesOf(data: unknown): readonly Dtype[] | undefined {
  const kind = kindOf(data);
  return kind === undefined ? undefined : held[kind];
}

export const isFloat16Array = (data: unknown) => kindOf(data) === "Float16Array";

/** Returns a view of the kind of `data` in another buffer. */
export const arrayLike = (
  data: TensorData,
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
) => viewIn(kindOf(data) as string, buffer, byteOffset, length) as TensorData;

const floats: readonly Dtype[] = ["float16", "bfloat16", "float32", "float64"];

/** The first comparison is for small batches, of which most have this dtype. */
export const isFloat = (dtype: Dtype): dtype is FloatDtype =>
  dtype === "float32" || floats.includes(dtype);
