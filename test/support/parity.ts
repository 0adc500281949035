// What parity is tested with: batches whose results show any difference between two ways of computing them, and the bits of
// what is seen of them.
import { type FloatDtype, type Tensor, tensor } from "maxmargin";
import {
  type AnyDtype,
  dataOf,
  filled,
  floatDtypes,
  generator,
  type inPlaceDtypes,
  integerBelow,
  isUnsigned,
  type Random,
  randomPredictions,
  repeated,
} from "./data.js";
import {
  classes,
  functions,
  type LossName,
  lossNames,
  lossOf,
  scalarReductions,
} from "./losses.js";
import { nearTie, rowLosses, type Summation } from "./ties.js";

export type Dtype = (typeof inPlaceDtypes)[number];

export interface Batch {
  readonly title: string;
  readonly yTrue: Tensor;
  readonly yPred: Tensor;
}

// ---- What can be seen of a result

const wide = new Float64Array(1);
const wideBits = new BigUint64Array(wide.buffer);

/** The bits of a number. JavaScript knows but one NaN: what bits it shows is up to the engine. */
function bitsOf(value: number): bigint {
  wide[0] = value;
  return Number.isNaN(value) ? -1n : wideBits[0];
}

export interface Result {
  readonly rows: Uint32Array;
  readonly mean: bigint;
}

/** The bytes of a function's losses, and the bits of a class's mean. */
export function resultOf(loss: LossName, { yTrue, yPred }: Batch): Result {
  const { data } = functions[loss](yTrue, yPred);
  return {
    rows: new Uint32Array(data.buffer, data.byteOffset, data.length),
    mean: bitsOf(lossOf(loss, "sum_over_batch_size").value(yTrue, yPred)),
  };
}

// ---- Inputs. Tables of prime lengths: blocks, chunks or rows that were swapped would show.

const random = generator(7);
const predictionTable = randomPredictions(251, random);
const labelTable = filled(new Float32Array(127), () => (random() < 0.5 ? 0 : 1));

function signsOf(n: number, negative: number): Float32Array {
  return repeated(
    labelTable.map((label) => (label === 1 ? 1 : negative)),
    n,
  );
}

/** Labels that are read as they are, labels that become signs, and one that spoils it. */
export const labelKinds: Readonly<Record<string, (dtype: Dtype, n: number) => Tensor["data"]>> = {
  "0 and 1": (dtype, n) => dataOf(dtype, signsOf(n, 0)),
  "no 0": (dtype, n) => {
    const negative = { float32: -1, int8: -1, uint8: 3, bool: 255 }[dtype];
    return dataOf(dtype, signsOf(n, negative));
  },
};

function nanOf(bits: number): number[] {
  return [bits, bits | 0x80000000];
}

/** What floating-point numbers have in store. Each changes ordinary predictions for these labels. */
export const predictionKinds: Readonly<
  Record<string, (values: Float32Array, labels: ArrayLike<number>) => void>
> = {
  ordinary() {},
  "signed zeros and subnormals"(values) {
    const table = [
      0, -0, 1e-45, -1e-45, 1.1754942e-38, -1.1754942e-38, 1.17549435e-38, 1, -1, 1e-30,
    ];
    for (let i = 0; i < values.length; i++) if (i % 3 !== 0) values[i] = table[i % 10];
  },
  "sums beyond float32"(values) {
    const table = [3e38, -3e38, 3.4028234e38, -3.4028234e38, 1e38, -1e38, 1e30];
    for (let i = 0; i < values.length; i++) if (i % 5 !== 0) values[i] = table[i % 7];
  },
  "one sum beyond float32"(values) {
    for (let i = 0; i < values.length; i += 8) values[i] = i % 1009 < 40 ? 3.2e38 : values[i];
  },
  "squares beyond float32"(values) {
    const table = [2e19, -2e19, 1.8e19, -1.8e19, 1e19];
    for (let i = 0; i < values.length; i += 11) values[i] = table[i % 5];
  },
  "infinities that agree with their labels"(values, labels) {
    for (let i = 0; i < values.length; i += 67) values[i] = labels[i] > 0 ? Infinity : -Infinity;
  },
  "few infinities"(values) {
    for (let i = 13; i < values.length; i += 1009) values[i] = i % 2 === 0 ? Infinity : -Infinity;
  },
  "many infinities"(values) {
    for (let i = 0; i < values.length; i += 3) values[i] = i % 2 === 0 ? Infinity : -Infinity;
  },
  "few NaNs"(values) {
    const bits = new Uint32Array(values.buffer);
    const table = [0x7fc00000, 0x7fc00001, 0x7f800001, 0x7fabcdef, 0x7fffffff].flatMap(nanOf);
    for (let i = 5; i < values.length; i += 1013) bits[i] = table[(i >> 1) % table.length];
  },
  "a NaN at the end"(values) {
    new Uint32Array(values.buffer)[values.length - 1] = 0xff812345;
  },
  "a NaN at the begin"(values) {
    new Uint32Array(values.buffer)[0] = 0x7f800001;
  },
};

export const sizeOf = (shape: readonly number[]) =>
  shape.reduce((n, dimension) => n * dimension, 1);

export function batchOf(
  dtype: Dtype,
  labelKind: string,
  predictionKind: string,
  shape: readonly number[],
): Batch {
  const n = sizeOf(shape);
  const labels = labelKinds[labelKind](dtype, n);
  const predictions = repeated(predictionTable, n);
  predictionKinds[predictionKind](predictions, labels as ArrayLike<number>);
  return {
    title: `${predictionKind}, ${dtype} labels (${labelKind}), [${shape.join(", ")}]`,
    yTrue: tensor(labels, shape, dtype),
    yPred: tensor(predictions, shape),
  };
}

function around(...boundaries: number[]): number[] {
  return boundaries.flatMap((n) => [n - 1, n, n + 1]);
}

export const fewThousands = [
  ...new Set([1, ...around(2, 4, 8, 16, 32, 48, 64, 128, 192, 512, 2048, 8192)]),
];

/** Of 65536 values on, 2, of 98304 on 3, of 229376 on 7 threads share the work. */
export const lengths = [...fewThousands, ...around(16384, 65536, 98304, 131072, 229376), 300_007];

export const widths = [
  1, 2, 3, 7, 8, 9, 10, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 1000, 4096, 4097,
  8191, 8192, 8193, 20000,
];

/** Few rows, rows around the tiles and groups in which they are computed, and enough for threads. */
export function rowCountsOf(width: number): number[] {
  const group = Math.max(1, Math.floor(8192 / width));
  const tile = Math.max(8, Math.floor(2048 / width / 8) * 8);
  const counts = [1, 2, 7, 8, 9, tile, tile + 1, group - 1, group, group + 1, 3 * group + 5];
  return [
    ...new Set([
      ...counts.filter((rows) => rows > 0 && rows * width <= 2e5),
      Math.ceil(7e4 / width),
    ]),
  ];
}

/** Labels that are neither 0 nor 1. */
export const spoilers: ReadonlyArray<readonly [Dtype, number]> = [
  ["float32", -1],
  ["float32", 0.5],
  ["float32", 2],
  ["float32", NaN],
  ["float32", 1e-45],
  ["float32", -1e-45],
  ["float32", Infinity],
  ["float32", -Infinity],
  ["float32", 1 + 2 ** -23],
  ["float32", 1 - 2 ** -24],
  ["float32", -0],
  ["int8", -1],
  ["int8", 2],
  ["int8", -128],
  ["uint8", 2],
  ["uint8", 255],
  ["bool", 2],
  ["bool", 255],
];

/** Labels of 0 and 1 with one spoiler: in the two samples that are looked at first, beside them, and far from both. */
export function spoiledBatches(dtype: Dtype, spoiler: number, shape: readonly number[]): Batch[] {
  const { yTrue, yPred } = batchOf(dtype, "0 and 1", "ordinary", shape);
  const n = yPred.data.length;
  const places = [0, 63, 64, Math.floor(n / 2), n - 65, n - 64, n - 1];
  return [...new Set(places)]
    .filter((place) => place >= 0 && place < n)
    .map((place) => {
      const data = dataOf(dtype, yTrue.data as Float32Array);
      data[place] = spoiler;
      return {
        title: `labels with ${spoiler} at ${place}, ${dtype}, [${shape.join(", ")}]`,
        yTrue: tensor(data, shape, dtype),
        yPred,
      };
    });
}

/** Categorical hinge knows no spoilers; NaN and infinities are labels like any other to it. */
export function lossesSpoiledBy(spoiler: number): readonly LossName[] {
  return Number.isFinite(spoiler) ? ["hinge", "squared_hinge"] : lossNames;
}

/** A batch whose result hangs on the order of additions: a column is one sum; otherwise each row is. */
export function tieBatch(summation: Summation, shape: readonly number[], random: Random): Batch {
  const width = summation === rowLosses ? sizeOf(shape) : (shape.at(-1) as number);
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i += width) {
    values.set(nearTie(summation, width, random), i);
  }
  const labels = new Int8Array(values.length).fill(summation.label);
  const title = `${summation.title} near a tie, [${shape.join(", ")}]`;
  return { title, yTrue: tensor(labels, shape), yPred: tensor(values, shape) };
}

// ---- All pairs of dtypes, with weights and masks

/** Any bits that a dtype can have, or ordinary values: 0 and 1, -1 and 1, reals. */
function anyData(dtype: AnyDtype, n: number, style: string, random: Random): Tensor["data"] {
  if (style === "any bits") {
    const bytes = filled(new Uint8Array(8 * n), () => integerBelow(256, random));
    const data = dataOf(dtype, []);
    const Values = data.constructor as new (
      buffer: ArrayBuffer,
      at: number,
      n: number,
    ) => typeof data;
    return new Values(bytes.buffer, 0, n);
  }
  const numbers = filled(new Array<number>(n), () => {
    if (style === "0 and 1") return integerBelow(2, random);
    if (style === "signs") return isUnsigned(dtype) ? 3 : 2 * integerBelow(2, random) - 1;
    const value = (random() - 0.5) * 6;
    return floatDtypes.some((float) => float === dtype) ? value : Math.trunc(Math.abs(value));
  });
  return dataOf(dtype, numbers);
}

export const styles = [
  ["0 and 1", "reals"],
  ["signs", "reals"],
  ["any bits", "reals"],
  ["0 and 1", "any bits"],
] as const;

export interface WeightedBatch extends Batch {
  readonly weighting: { readonly sampleWeight: Tensor; readonly mask: Tensor };
}

function joined(parts: readonly ArrayBufferView[]): Buffer {
  return Buffer.concat(
    parts.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
  );
}

/** The bytes of all that the classes and the functions give. */
export function bytesOfAll({ yTrue, yPred, weighting }: WeightedBatch): Buffer {
  const parts: ArrayBufferView[] = [];
  const numbers: number[] = [];
  for (const name of lossNames) {
    parts.push(functions[name](yTrue, yPred).data);
    for (const dtype of floatDtypes) {
      const Class = classes[name];
      parts.push(new Class({ dtype }).call(yTrue, yPred).data);
      parts.push(new Class({ dtype, reduction: null }).value(yTrue, yPred, weighting).data);
      numbers.push(new Class({ dtype }).value(yTrue, yPred));
      for (const reduction of scalarReductions) {
        numbers.push(new Class({ dtype, reduction }).value(yTrue, yPred, weighting));
      }
    }
  }
  parts.push(BigInt64Array.from(numbers, bitsOf));
  return joined(parts);
}

/** The bytes of losses and gradients, at once and off the event loop. */
export async function bytesOfGradients(
  { yTrue, yPred, weighting }: WeightedBatch,
  dtypes: readonly FloatDtype[],
): Promise<Buffer> {
  const parts: ArrayBufferView[] = [];
  const numbers: number[] = [];
  for (const name of lossNames) {
    for (const dtype of dtypes) {
      for (const reduction of ["sum", "mean_with_sample_weight"] as const) {
        const loss = new classes[name]({ dtype, reduction });
        const own = loss.valueAndGradient(yTrue, yPred, weighting);
        const later = await loss.valueAndGradientAsync(yTrue, yPred, weighting);
        parts.push(own.gradient.data, later.gradient.data);
        numbers.push(own.value, later.value, await loss.valueAsync(yTrue, yPred, weighting));
      }
      parts.push(new classes[name]({ dtype }).gradient(yTrue, yPred).data);
    }
  }
  parts.push(BigInt64Array.from(numbers, bitsOf));
  return joined(parts);
}

export function pairOf(
  labels: AnyDtype,
  predictions: AnyDtype,
  [rows, width]: readonly number[],
  [labelStyle, predictionStyle]: readonly [string, string],
): WeightedBatch {
  const random = generator(rows + width);
  const n = rows * width;
  const yTrue = tensor(anyData(labels, n, labelStyle, random), [rows, width], labels);
  const yPred = tensor(
    anyData(predictions, n, predictionStyle, random),
    [rows, width],
    predictions,
  );
  const sampleWeight = tensor(
    filled(new Float32Array(rows), () => random()),
    [rows],
  );
  const mask = tensor(
    Uint8Array.from({ length: rows }, (_, i) => Number(i % 3 !== 1)),
    [rows],
    "bool",
  );
  return {
    title: `[${rows}, ${width}], ${labelStyle} with ${predictionStyle}`,
    yTrue,
    yPred,
    weighting: { sampleWeight, mask },
  };
}
