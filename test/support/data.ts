import type { Dtype, FloatDtype, Tensor } from "maxmargin";
import { decode, encode, roundNarrow } from "./narrow.js";

/** What all random data follow from. Names of tests show it: MAXMARGIN_TEST_SEED=… repeats a failure. */
const { MAXMARGIN_TEST_SEED = "20250101" } = process.env;
export const seed = Number(MAXMARGIN_TEST_SEED);

/** The same for the same seed and salt. */
export function generator(salt = 0): Random {
  return randomFrom(seed + Math.imul(salt, 0x9e3779b9));
}

export type Random = () => number;

/** Uniform in [0, 1). (mulberry32) */
export function randomFrom(start: number): Random {
  let state = start | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function integerBelow(n: number, random: Random): number {
  return Math.floor(random() * n);
}

export function pick<T>(from: ArrayLike<T>, random: Random): T {
  return from[integerBelow(from.length, random)] as T;
}

/** `values` filled one after the other: `from` of an array-like takes ten times as long. */
export function filled<T extends Float32Array | Int8Array | Uint8Array | number[]>(
  values: T,
  next: (i: number) => number,
): T {
  for (let i = 0; i < values.length; i++) values[i] = next(i);
  return values;
}

/** Around 0, most of them within the margin of hinge. */
export function randomPredictions(n: number, random: Random): Float32Array {
  return filled(new Float32Array(n), () => (random() + random() + random() - 1.5) * 2);
}

export const floatDtypes = ["float16", "bfloat16", "float32", "float64"] as const;
export const dtypes = [
  ...(["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"] as const),
  ...floatDtypes,
] as const;

export type AnyDtype = (typeof dtypes)[number];

/** The label dtypes of whole test suites; dtypes.test.ts has the others. */
export const labelDtypes = [
  ...(["float32", "int8", "uint8", "bool", "int32", "int64", "float64"] as const),
] as const;
export type LabelDtype = (typeof labelDtypes)[number];
export const inPlaceDtypes = ["float32", "int8", "uint8", "bool"] as const;

export const isUnsigned = (dtype: Dtype) => dtype === "bool" || dtype.startsWith("uint");
export const smallestLabel = (dtype: Dtype) => (isUnsigned(dtype) ? 0 : -1);

const arrays = {
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** An array of numbers as data of that dtype. */
export function dataOf(dtype: Dtype, values: ArrayLike<number>): Tensor["data"] {
  if (dtype === "int64") return BigInt64Array.from(Array.from(values, BigInt));
  if (dtype === "float16" || dtype === "bfloat16") {
    return Uint16Array.from(values, (value) => encode(dtype, value));
  }
  return arrays[dtype].from(values);
}

/** Data of a dtype as numbers. */
export function valuesOf(dtype: Dtype, data: Tensor["data"]): number[] {
  const numbers = Array.from(data as Float64Array, Number);
  if (dtype === "bool") return numbers.map((value) => (value === 0 ? 0 : 1));
  return dtype === "float16" || dtype === "bfloat16"
    ? numbers.map((bits) => decode(dtype, bits))
    : numbers;
}

/** The nearest number that a dtype holds. Integers become the narrow ones by way of float32. */
export function roundedTo(as: FloatDtype, value: number, from: Dtype): number {
  if (as === "float64") return value;
  if (as === "float32") return Math.fround(value);
  return roundNarrow(as, from === "float64" ? value : Math.fround(value));
}

/** Data of a dtype as numbers that another holds. */
export function castValues(dtype: Dtype, data: Tensor["data"], as: FloatDtype): number[] {
  return valuesOf(dtype, data).map((value) => roundedTo(as, value, dtype));
}

/** What float32 kernels make of labels of that dtype. */
export function asFloat32(dtype: Dtype, data: Tensor["data"]): Float32Array {
  return Float32Array.from(valuesOf(dtype, data));
}

/** What stands at i is what stands at i % table.length: with prime lengths, swapped blocks show. */
export function repeated(table: ArrayLike<number>, n: number): Float32Array {
  return filled(new Float32Array(n), (i) => table[i % table.length]);
}
