// float16 and bfloat16 as their definitions say, by looking up a table of all their values: another way than
// the library's own.

export type NarrowDtype = "float16" | "bfloat16";

const layouts = {
  float16: { fraction: 10, bias: 15, largest: 31 },
  bfloat16: { fraction: 7, bias: 127, largest: 255 },
} as const;

export function decode(dtype: NarrowDtype, bits: number): number {
  const { fraction, bias, largest } = layouts[dtype];
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits & 0x7fff) >> fraction;
  const rest = (bits & (2 ** fraction - 1)) / 2 ** fraction;
  if (exponent === largest) return rest === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0
    ? sign * rest * 2 ** (1 - bias)
    : sign * (1 + rest) * 2 ** (exponent - bias);
}

/** The finite values from 0 on: their indices are their bits. */
const magnitudes = (dtype: NarrowDtype) => {
  const { fraction, largest } = layouts[dtype];
  return Float64Array.from({ length: largest << fraction }, (_, bits) => decode(dtype, bits));
};
const tables = { float16: magnitudes("float16"), bfloat16: magnitudes("bfloat16") };

/** The bits of the nearest value; of two, of the even one. NaN has the bits that results have. */
export function encode(dtype: NarrowDtype, value: number): number {
  const table = tables[dtype];
  if (Number.isNaN(value)) return dtype === "float16" ? 0x7e00 : 0x7fc0;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  let low = 0;
  let high = table.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (table[middle] <= magnitude) low = middle;
    else high = middle;
  }
  // What would come next stands for infinity.
  const last = table.length - 1;
  const next = low < last ? table[low + 1] : 2 * table[last] - table[last - 1];
  const below = magnitude - table[low];
  const above = next - magnitude;
  return sign | (below < above || (below === above && low % 2 === 0) ? low : low + 1);
}

export const roundNarrow = (dtype: NarrowDtype, value: number) =>
  decode(dtype, encode(dtype, value));

/** The distance from a value to the next. */
export function ulp(dtype: NarrowDtype, value: number): number {
  const bits = encode(dtype, Math.abs(value));
  const table = tables[dtype];
  return bits + 1 < table.length ? table[bits + 1] - table[bits] : table[bits] - table[bits - 1];
}
