// Casts values to other dtypes: the twin of native/dtype.cpp.

import { bufferOf, byteOffsetOf, copyTo, kindOf, lengthOf } from "../typed-arrays.js";
import { codes, type Dtype, type FloatDtype } from "./dtypes.js";
import { decode, encode, type NarrowDtype, roundToNarrow } from "./narrow.js";

/** Typed arrays as backends read them: float16 and bfloat16 are bits. */
export type RawArray =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** Captured at load, so that replaced constructors cannot observe or detach results. */
const arrays = [
  ...[Uint8Array, Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[BigInt64Array, Uint16Array, Uint16Array, Float32Array, Float64Array],
];

/** Creates an array for n values of the dtype with this code. */
export function newRawArray(code: number, n: number): RawArray {
  return new (arrays[code] as new (n: number) => RawArray)(n);
}

/** Returns a view of n values of the dtype with this code, from a byte of a buffer on. */
export function rawArrayIn(
  code: number,
  buffer: ArrayBufferLike,
  byteOffset: number,
  n: number,
): RawArray {
  const Kind = arrays[code] as new (buffer: ArrayBufferLike, offset: number, n: number) => RawArray;
  return new Kind(buffer, byteOffset, n);
}

/** Returns the size in bytes of the dtype with this code. */
export const bytesOf = (code: number) => (arrays[code] as typeof Int8Array).BYTES_PER_ELEMENT;

/** Arrays that terms are computed from. */
export type Computed = Float32Array | Float64Array;

/**
 * Rounds to float32 unless the arithmetic is wide. Rounding twice does no harm: double holds
 * products and sums of two float32 numbers exactly enough.
 */
export const rounded = (wide: boolean, value: number) => (wide ? value : Math.fround(value));

/** Which of the two halves of a double, as 32-bit words, has its sign and exponent. */
export const highWord = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 1 : 0;

/** Rounds to the nearest value that a dtype holds, ties to even. */
export function roundTo(dtype: FloatDtype, value: number): number {
  if (dtype === "float32") return Math.fround(value);
  return dtype === "float64" ? value : roundToNarrow(dtype, value);
}

/**
 * Writes n 64-bit integers as numbers. They are read in halves, because each value would be a
 * BigInt otherwise. The sum rounds once.
 */
function castInt64(values: RawArray, at: number, n: number, to: Computed): void {
  const start = byteOffsetOf(values) + 8 * at;
  const high = new Int32Array(bufferOf(values), start, 2 * n);
  const low = new Uint32Array(bufferOf(values), start, 2 * n);
  for (let i = 0; i < n; i++) {
    to[i] = high[2 * i + highWord] * 2 ** 32 + low[2 * i + 1 - highWord];
  }
}

/** The dtypes that are stored as bits. */
function narrowDtype(code: number): NarrowDtype | undefined {
  if (code === codes.float16) return "float16";
  return code === codes.bfloat16 ? "bfloat16" : undefined;
}

/** Copying few values one by one takes less time than creating a view of them. */
const fewValues = 128;

/**
 * Copies n numbers from `at` on. The engine's own loops convert any dtype at the same speed, while
 * V8's code for an access to a typed array slows down with each kind that it has seen.
 */
function copyNumbers(from: number, values: RawArray, at: number, n: number, to: Computed): void {
  if (n < fewValues) {
    for (let i = 0; i < n; i++) to[i] = values[at + i] as number;
    return;
  }
  const start = byteOffsetOf(values) + at * bytesOf(from);
  copyTo(to, rawArrayIn(from, bufferOf(values), start, n));
}

/** Casts n values from `at` on from dtype `from` to dtype `as`. Both are codes. */
export function cast(
  from: number,
  values: RawArray,
  at: number,
  n: number,
  as: number,
  to: Computed,
): void {
  const stored = narrowDtype(from);
  const wanted = narrowDtype(as);
  if (stored !== undefined) {
    decode(stored, values as Uint16Array, at, n, to);
  } else if (from === codes.int64) {
    castInt64(values, at, n, to);
  } else if (from === codes.float64 && wanted !== undefined) {
    for (let i = 0; i < n; i++) to[i] = roundToNarrow(wanted, values[at + i] as number);
    return;
  } else {
    copyNumbers(from, values, at, n, to);
    if (from === codes.bool) for (let i = 0; i < n; i++) to[i] = +(to[i] !== 0);
  }
  // Integers are rounded to float32 before the two narrow formats, as in numpy. All formats hold
  // 8-bit integers exactly.
  if (wanted !== undefined && from !== as && from > codes.uint8)
    for (let i = 0; i < n; i++) to[i] = roundToNarrow(wanted, to[i] as number);
}

/** Casts all values of an array to a dtype, and returns them in double. */
export function castToDoubles(dtype: Dtype, values: RawArray, as: FloatDtype): Float64Array {
  const n = lengthOf(values);
  const doubles = new Float64Array(n);
  if (as !== "float64") {
    // Integers are rounded to float32 first.
    const singles = new Float32Array(n);
    cast(codes[dtype], values, 0, n, codes[as], singles);
    doubles.set(singles);
  } else {
    cast(codes[dtype], values, 0, n, codes[as], doubles);
  }
  return doubles;
}

const quietNaN = 0x7fc00000;
const wideQuietNaN = 0x7ff8000000000000n;

/**
 * Gives every NaN the same bits, as processors produce many. `instanceof` would miss arrays of
 * other realms.
 */
export function unifyNaN(values: Float32Array | Float64Array, first: number, n: number): void {
  if (kindOf(values) === "Float64Array") {
    const bits = new BigUint64Array(bufferOf(values), byteOffsetOf(values) + 8 * first, n);
    for (let i = 0; i < n; i++) if (Number.isNaN(values[first + i])) bits[i] = wideQuietNaN;
  } else {
    const bits = new Uint32Array(bufferOf(values), byteOffsetOf(values) + 4 * first, n);
    for (let i = 0; i < n; i++) if (Number.isNaN(values[first + i])) bits[i] = quietNaN;
  }
}

/** Results of a dtype: float16 and bfloat16 as bits. */
export type Results = Float32Array | Float64Array | Uint16Array;

export function newResults(dtype: FloatDtype, n: number): Results {
  return newRawArray(codes[dtype], n) as Results;
}

/**
 * Writes n results, from `first` on, rounded to the dtype with the code `as` unless `out` holds
 * doubles.
 */
export function writeResults(
  as: number,
  results: ArrayLike<number>,
  n: number,
  out: Results,
  first: number,
): void {
  if (kindOf(out) === "Uint16Array") {
    encode(narrowDtype(as) as NarrowDtype, results, n, out as Uint16Array, first);
    return;
  }
  let sum = 0;
  for (let i = 0; i < n; i++) {
    out[first + i] = results[i] as number;
    sum += results[i] as number;
  }
  if (Number.isNaN(sum)) unifyNaN(out as Float32Array | Float64Array, first, n);
}

/** Rounds numbers to a dtype. */
export function resultsOf(dtype: FloatDtype, values: ArrayLike<number>): Results {
  const results = newResults(dtype, values.length);
  writeResults(codes[dtype], values, values.length, results, 0);
  return results;
}
