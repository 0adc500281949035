// Values as another dtype holds them: the twin of native/dtypes.cpp.
import { codes, type Dtype, type FloatDtype } from "./dtypes.js";

/** Typed arrays as computed with: float16 and bfloat16 are bits. */
export type Stored =
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

/** As they are when the library is loaded: whoever gets hold of results before they are there could take their memory. */
const arrays = [
  ...[Uint8Array, Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[BigInt64Array, Uint16Array, Uint16Array, Float32Array, Float64Array],
];

/** An array for n values of the dtype with a code. */
export function newStored(code: number, n: number): Stored {
  return new (arrays[code] as new (n: number) => Stored)(n);
}

/** n values of the dtype with a code, from a byte of a buffer on. */
export function storedIn(
  code: number,
  buffer: ArrayBufferLike,
  byteOffset: number,
  n: number,
): Stored {
  const Kind = arrays[code] as new (buffer: ArrayBufferLike, offset: number, n: number) => Stored;
  return new Kind(buffer, byteOffset, n);
}

/** How many bytes a value of the dtype with a code has. */
export const bytesOf = (code: number) => (arrays[code] as typeof Int8Array).BYTES_PER_ELEMENT;

/** What terms are computed of. */
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

/** To the nearest value of the format, ties to even. */
function roundedTo({ digits, minExponent, max }: Format, value: number): number {
  const magnitude = Math.abs(value);
  if (!(magnitude > 0)) return value;
  let nearest = Infinity;
  if (magnitude <= 2 * max) {
    double[0] = magnitude;
    const exponent = Math.max((doubleWords[highWord] as number) >>> 20, minExponent + 1023) - 1023;
    // Whatever double adds to 1.5 * 2 ** 52 units loses what is finer than a unit.
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

/** The nearest value that a dtype holds, ties to even. */
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
  // With the exponent's bias of float32, and so its subnormals.
  single[0] = magnitude * 2 ** -112;
  return sign | ((singleBits[0] as number) >>> 13);
}

function toBrain(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  single[0] = roundedTo(brain, value);
  return (singleBits[0] as number) >>> 16;
}

/** Writes n 64-bit integers as numbers: their halves, as each value would be a BigInt first. The sum rounds once. */
function castInt64(values: Stored, at: number, n: number, to: Computed): void {
  const start = values.byteOffset + 8 * at;
  const high = new Int32Array(values.buffer, start, 2 * n);
  const low = new Uint32Array(values.buffer, start, 2 * n);
  for (let i = 0; i < n; i++) {
    to[i] = high[2 * i + highWord] * 2 ** 32 + low[2 * i + 1 - highWord];
  }
}

const isNarrow = (as: number) => as === codes.float16 || as === codes.bfloat16;

/** Writes n values from `at` on, of dtype `from`, as a dtype `as` holds them. Both are codes. */
export function cast(
  from: number,
  values: Stored,
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
  // Integers become the two narrow formats by way of float32, as numpy's do. Bytes are in all of them.
  if (isNarrow(as) && from !== as && from > codes.uint8)
    for (let i = 0; i < n; i++) to[i] = roundedToCode(as, to[i] as number);
}

/** All values of an array, as a dtype holds them, in double. */
export function castToDoubles(dtype: Dtype, values: Stored, as: FloatDtype): Float64Array {
  const doubles = new Float64Array(values.length);
  if (as !== "float64") {
    // By way of float32, where that is what integers are cast by.
    const singles = new Float32Array(values.length);
    cast(codes[dtype], values, 0, values.length, codes[as], singles);
    doubles.set(singles);
  } else {
    cast(codes[dtype], values, 0, values.length, codes[as], doubles);
  }
  return doubles;
}

const quietNaN = 0x7fc00000;
const wideQuietNaN = 0x7ff8000000000000n;

/** Processors have NaNs of many bits; a result has one. Arrays of another realm are of no class that is known here. */
function unifyNaN(values: Float32Array | Float64Array, first: number, n: number): void {
  const start = values.byteOffset + first * values.BYTES_PER_ELEMENT;
  if (values.BYTES_PER_ELEMENT === 8) {
    const bits = new BigUint64Array(values.buffer, start, n);
    for (let i = 0; i < n; i++) if (Number.isNaN(values[first + i])) bits[i] = wideQuietNaN;
  } else {
    const bits = new Uint32Array(values.buffer, start, n);
    for (let i = 0; i < n; i++) if (Number.isNaN(values[first + i])) bits[i] = quietNaN;
  }
}

/** Results of a dtype: float16 and bfloat16 as bits. */
export type Results = Float32Array | Float64Array | Uint16Array;

export function newResults(dtype: FloatDtype, n: number): Results {
  return newStored(codes[dtype], n) as Results;
}

/** Writes n results, from `first` on, rounded to the dtype with the code `as` unless `out` holds doubles. */
export function writeResults(
  as: number,
  results: ArrayLike<number>,
  n: number,
  out: Results,
  first: number,
): void {
  if (out.BYTES_PER_ELEMENT === 2) {
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

/** Numbers rounded to a dtype. */
export function resultsOf(dtype: FloatDtype, values: ArrayLike<number>): Results {
  const results = newResults(dtype, values.length);
  writeResults(codes[dtype], values, values.length, results, 0);
  return results;
}
