import { type Dtype, type Tensor, tensor } from "maxmargin";

/** What all random data follow from. Names of tests show it: MAXMARGIN_TEST_SEED=… repeats a failure. */
const { MAXMARGIN_TEST_SEED = "20250101" } = process.env;
export const seed = Number(MAXMARGIN_TEST_SEED);

/** Uniform in [0, 1), the same for the same seed and salt. (mulberry32) */
export function generator(salt = 0): () => number {
  let state = (seed + Math.imul(salt, 0x9e3779b9)) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export type Random = ReturnType<typeof generator>;

export function integerBelow(n: number, random: Random): number {
  return Math.floor(random() * n);
}

export function pick<T>(from: ArrayLike<T>, random: Random): T {
  return from[integerBelow(from.length, random)] as T;
}

/** `values` filled one after the other: `from` of an array-like takes ten times as long. */
export function filled<T extends Float32Array | Int8Array | number[]>(
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

/** The label dtypes that kernels read in place, and those that are converted to float32 first. */
export const labelDtypes = [
  "float32",
  "int8",
  "uint8",
  "bool",
  "int32",
  "int64",
  "float64",
] as const;
export type LabelDtype = (typeof labelDtypes)[number];
export const inPlaceDtypes = ["float32", "int8", "uint8", "bool"] as const;

export const smallestLabel = (dtype: LabelDtype) =>
  dtype === "uint8" || dtype === "bool" ? 0 : -1;

/** An array of numbers as labels of that dtype. */
export function labelsOf(dtype: LabelDtype, values: ArrayLike<number>): Tensor["data"] {
  switch (dtype) {
    case "float32":
      return Float32Array.from(values);
    case "float64":
      return Float64Array.from(values);
    case "int8":
      return Int8Array.from(values);
    case "int32":
      return Int32Array.from(values);
    case "int64":
      return BigInt64Array.from(Array.from(values, BigInt));
    case "uint8":
    case "bool":
      return Uint8Array.from(values);
  }
}

/** What the kernels make of labels of that dtype. */
export function asFloat32(dtype: LabelDtype, data: Tensor["data"]): Float32Array {
  const floats = new Float32Array(data.length);
  return dtype === "bool"
    ? filled(floats, (i) => (data[i] === 0 ? 0 : 1))
    : filled(floats, (i) => Number(data[i]));
}

export function labelTensor(dtype: LabelDtype, data: Tensor["data"], shape: readonly number[]) {
  return tensor(data, shape, dtype satisfies Dtype);
}

/** What stands at i is what stands at i % table.length: with prime lengths, swapped blocks show. */
export function repeated(table: ArrayLike<number>, n: number): Float32Array {
  return filled(new Float32Array(n), (i) => table[i % table.length]);
}
