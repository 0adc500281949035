// Casts values to other dtypes: the twin of native/dtype.cpp.

import { bufferOf, byteOffsetOf, kindOf, lengthOf } from "../typed-arrays.js";
import { codes, type Dtype, type FloatDtype } from "./dtypes.js";

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

const double = new Float64Array(1);
const doubleWords = new Uint32Array(double.buffer);
const highWord = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 1 : 0;
const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** Binary floating point with `digits` significant bits, the hidden one among them. */
interface Format {
  readonly digits: number;
  readonly minExponent: number;
  readonly max: number;
}
const half: Format = { digits: 11, minExponent: -14, max: 65504 };
const brain: Format = { digits: 8, minExponent: -126, max: 255 * 2 ** 120 };

/** Rounds to the nearest value of the format, ties to even. */
function roundedTo({ digits, minExponent, max }: Format, value: number): number {
  const magnitude = Math.abs(value);
  if (!(magnitude > 0)) return value;
  let nearest = Infinity;
  if (magnitude <= 2 * max) {
    double[0] = magnitude;
    const exponent = Math.max((doubleWords[highWord] as number) >>> 20, minExponent + 1023) - 1023;
    // Adding 1.5 * 2 ** 52 units in double rounds to whole units.
    const shift = 1.5 * 2 ** (exponent + 53 - digits);
    nearest = magnitude + shift - shift;
    if (nearest > max) nearest = Infinity;
  }
  return value < 0 ? -nearest : nearest;
}

function roundedToCode(as: number, value: number): number {
  if (as === codes.float32) return Math.fround(value);
  if (as === codes.float64) return value;
  return roundedTo(as === codes.float16 ? half : brain, value);
}

/** Rounds to the nearest value that a dtype holds, ties to even. */
export function roundTo(dtype: FloatDtype, value: number): number {
  return dtype === "float32" ? Math.fround(value) : roundedToCode(codes[dtype], value);
}

function fromHalf(bits: number): number {
  const magnitude = bits & 0x7fff;
  const sign = bits & 0x8000 ? -1 : 1;
  if (magnitude > 0x7c00) return Number.NaN;
  if (magnitude === 0x7c00) return sign * Infinity;
  singleBits[0] = magnitude << 13;
  return sign * ((single[0] as number) * 2 ** 112);
}

function fromBrain(bits: number): number {
  singleBits[0] = bits << 16;
  return single[0] as number;
}

function toHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const nearest = roundedTo(half, value);
  const sign = nearest < 0 || Object.is(nearest, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(nearest);
  if (magnitude > half.max) return sign | 0x7c00;
  // Scaled to the exponent bias of float32, and so to its subnormals too.
  single[0] = magnitude * 2 ** -112;
  return sign | ((singleBits[0] as number) >>> 13);
}

function toBrain(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  single[0] = roundedTo(brain, value);
  return (singleBits[0] as number) >>> 16;
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

const isNarrow = (as: number) => as === codes.float16 || as === codes.bfloat16;

/** Casts n values from `at` on from dtype `from` to dtype `as`. Both are codes. */
export function cast(
  from: number,
  values: RawArray,
  at: number,
  n: number,
  as: number,
  to: Computed,
): void {
  if (from === codes.int64) {
    castInt64(values, at, n, to);
  } else if (from === codes.bool) {
    for (let i = 0; i < n; i++) to[i] = values[at + i] === 0 ? 0 : 1;
  } else if (from === codes.float16) {
    for (let i = 0; i < n; i++) to[i] = fromHalf(values[at + i] as number);
  } else if (from === codes.bfloat16) {
    for (let i = 0; i < n; i++) to[i] = fromBrain(values[at + i] as number);
  } else if (from === codes.float64 && isNarrow(as)) {
    for (let i = 0; i < n; i++) to[i] = roundedToCode(as, values[at + i] as number);
    return;
  } else {
    for (let i = 0; i < n; i++) to[i] = values[at + i] as number;
  }
  // Integers are rounded to float32 before the two narrow formats, as in numpy. All formats hold
  // 8-bit integers exactly.
  if (isNarrow(as) && from !== as && from > codes.uint8)
    for (let i = 0; i < n; i++) to[i] = roundedToCode(as, to[i] as number);
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
function unifyNaN(values: Float32Array | Float64Array, first: number, n: number): void {
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
    const encoded = as === codes.float16 ? toHalf : toBrain;
    for (let i = 0; i < n; i++) out[first + i] = encoded(results[i] as number);
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
