// float16 and bfloat16 as bits: encoded, decoded and rounded.
import type { FloatDtype } from "./dtypes.js";

/** Binary floating point with `digits` significant bits, the hidden one among them. */
interface Format {
  /** The largest finite value. */
  readonly max: number;
  /** The bits of infinity and of NaN. */
  readonly infinity: number;
  readonly nan: number;
  /** The low bits of float32 that the format lacks, after its exponent bias was adapted. */
  readonly dropped: number;
  /** The factor that turns a value into the float32 number whose bits begin with its own. */
  readonly toSingle: number;
  /**
   * For each exponent of a double, 1.5 * 2 ** 52 units of the format: adding them to a double in
   * that range and subtracting them again rounds it to whole units, ties to even.
   */
  readonly shifts: Float64Array;
}

function shiftsOf(digits: number, minExponent: number, maxExponent: number): Float64Array {
  const shifts = new Float64Array(2048);
  for (let biased = 0; biased <= maxExponent + 1023; biased++) {
    const exponent = Math.max(biased - 1023, minExponent);
    shifts[biased] = 1.5 * 2 ** (exponent + 53 - digits);
  }
  return shifts;
}

const half: Format = {
  max: 65504,
  infinity: 0x7c00,
  nan: 0x7e00,
  dropped: 13,
  toSingle: 2 ** -112,
  shifts: shiftsOf(11, -14, 15),
};

const brain: Format = {
  max: 255 * 2 ** 120,
  infinity: 0x7f80,
  nan: 0x7fc0,
  dropped: 16,
  toSingle: 1,
  shifts: shiftsOf(8, -126, 127),
};

export type NarrowDtype = Extract<FloatDtype, "float16" | "bfloat16">;

const formatOf = (dtype: NarrowDtype) => (dtype === "float16" ? half : brain);

const blockSize = 1024;
const doubles = new Float64Array(blockSize);
const doubleWords = new Uint32Array(doubles.buffer);
const highWord = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 1 : 0;
const singles = new Float32Array(blockSize);
const singleBits = new Uint32Array(singles.buffer);

/** Returns the nearest whole unit to the magnitude of a double, or a number beyond the maximum. */
function roundedMagnitude({ shifts }: Format, i: number): number {
  const exponent = ((doubleWords[2 * i + highWord] as number) >>> 20) & 0x7ff;
  const shift = shifts[exponent] as number;
  return Math.abs(doubles[i] as number) + shift - shift;
}

/** Rounds to the nearest value of a dtype, ties to even. */
export function roundToNarrow(dtype: NarrowDtype, value: number): number {
  const format = formatOf(dtype);
  doubles[0] = value;
  const magnitude = roundedMagnitude(format, 0);
  const nearest = magnitude > format.max ? Infinity : magnitude;
  return value < 0 || Object.is(value, -0) ? -nearest : nearest;
}

/**
 * Encodes n numbers, and writes them from `first` on. Blocks of them go through arrays of doubles and
 * of float32, whose bits are read: single numbers would wait for each other's bits.
 */
export function encode(
  dtype: NarrowDtype,
  numbers: ArrayLike<number>,
  n: number,
  out: Uint16Array,
  first: number,
): void {
  const format = formatOf(dtype);
  for (let start = 0; start < n; start += blockSize) {
    const count = Math.min(blockSize, n - start);
    for (let i = 0; i < count; i++) doubles[i] = numbers[start + i] as number;
    encodeBlock(format, count, out, first + start);
  }
}

function encodeBlock(format: Format, n: number, out: Uint16Array, at: number): void {
  const { infinity, nan, dropped, toSingle } = format;
  for (let i = 0; i < n; i++) singles[i] = roundedMagnitude(format, i) * toSingle;
  for (let i = 0; i < n; i++) {
    const sign = ((doubleWords[2 * i + highWord] as number) >>> 16) & 0x8000;
    const magnitude = (singleBits[i] as number) >>> dropped;
    // Bits above those of infinity are of numbers beyond the maximum, or of NaN.
    if (magnitude <= infinity) out[at + i] = sign | magnitude;
    else out[at + i] = Number.isNaN(doubles[i]) ? nan : sign | infinity;
  }
}

/** The values of all bits of a dtype, once it has been read: a table is faster than arithmetic. */
const tables: Partial<Record<NarrowDtype, Float32Array>> = {};

function tableOf(dtype: NarrowDtype): Float32Array {
  const { infinity, dropped, toSingle } = formatOf(dtype);
  const table = new Float32Array(2 ** 16);
  const tableBits = new Uint32Array(table.buffer);
  for (let bits = 0; bits < table.length; bits++) {
    const magnitude = bits & 0x7fff;
    const single = ((bits & 0x8000) << 16) | (magnitude << dropped);
    tableBits[bits] = magnitude < infinity ? single : single | 0x7f800000;
    table[bits] = (table[bits] as number) / toSingle;
  }
  return table;
}

/** Decodes n values from `at` on. */
export function decode(
  dtype: NarrowDtype,
  values: Uint16Array,
  at: number,
  n: number,
  to: Float32Array | Float64Array,
): void {
  tables[dtype] ??= tableOf(dtype);
  const table = tables[dtype];
  let i = 0;
  // V8 checks arrays anew in every step of a loop, so each step is of four values.
  for (; i <= n - 4; i += 4) {
    to[i] = table[values[at + i]];
    to[i + 1] = table[values[at + i + 1]];
    to[i + 2] = table[values[at + i + 2]];
    to[i + 3] = table[values[at + i + 3]];
  }
  for (; i < n; i++) to[i] = table[values[at + i]];
}
