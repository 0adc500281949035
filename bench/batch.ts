import { type Dtype, type Tensor, tensor } from "maxmargin";
import type { Values } from "./baselines.js";
import type { Case, LabelDtype } from "./cases.js";

/** The arrays of a case. */
export interface Batch {
  /** What the library gets, with the shape [rows, width], or [rows] for class ids; or as bare arrays. */
  readonly yTrue: Tensor | Tensor["data"];
  readonly yPred: Tensor | Tensor["data"];
  /** The same numbers as plain JavaScript can read them: float16, bfloat16 and int64 are converted, untimed. */
  readonly plain: { readonly yTrue: Values; readonly yPred: Values };
  /** Options of a call, and the factors that they come to. */
  readonly options: { readonly sampleWeight?: Tensor; readonly mask?: Tensor } | undefined;
  readonly factors: Values | undefined;
  /** The same bytes as the read probe takes them; those of weights follow the predictions'. */
  readonly bytesOf: readonly [Uint8Array, Uint8Array];
  readonly rows: number;
  readonly width: number;
  readonly bytes: number;
}

/** More random values than a branch predictor can learn; longer arrays repeat them. */
const period = 1_000_003;

function* randomNumbers(): Generator<number, never> {
  for (let state = 1; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

function repeat(values: Stored, length: number): void {
  for (let done = length; done < values.length; done *= 2) values.copyWithin(done, 0, done);
}

const plainArrays = {
  float64: Float64Array,
  float32: Float32Array,
  float16: Float32Array,
  bfloat16: Float32Array,
  bool: Uint8Array,
  int8: Int8Array,
  int32: Int32Array,
  int64: Int32Array,
} as const;

const storedArrays = {
  ...plainArrays,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int64: BigInt64Array,
} as const;
type Stored = Values | Uint16Array | BigInt64Array;

const float = new Float32Array(1);
const floatBits = new Uint32Array(float.buffer);

/** The bits of a number that float16 holds, and is neither subnormal there nor beyond it. */
function halfBits(value: number): number {
  float[0] = value;
  const bits = floatBits[0];
  return value === 0 ? 0 : ((bits >>> 16) & 0x8000) | (((bits & 0x7fffffff) >>> 13) - (112 << 10));
}

function brainBits(value: number): number {
  float[0] = value;
  return floatBits[0] >>> 16;
}

/** Plain numbers as the library gets them. */
function stored(dtype: LabelDtype, plain: Values, distinct: number): Stored {
  if (dtype !== "float16" && dtype !== "bfloat16" && dtype !== "int64") return plain;
  const values = new storedArrays[dtype](plain.length);
  for (let i = 0; i < distinct; i++) {
    if (values instanceof BigInt64Array) values[i] = BigInt(plain[i]);
    else values[i] = dtype === "float16" ? halfBits(plain[i]) : brainBits(plain[i]);
  }
  repeat(values, distinct);
  return values;
}

/** Multiples of 1/64 between -2 and 2 are numbers in every dtype, and none is so small that float16 lacks it. */
const onGrid = (value: number) => Math.round(value * 64) / 64;

/** Weights from 1 to 2, or a mask that keeps three of four rows. */
function factorsOf(weighting: "weights" | "mask", rows: number): Float32Array | Uint8Array {
  return weighting === "mask"
    ? new Uint8Array(rows).map((_, row) => (row % 4 === 3 ? 0 : 1))
    : new Float32Array(rows).map((_, row) => 1 + (row % 7) / 7);
}

/** Predictions between -2 and 2, and labels. */
export function makeBatch({
  labels,
  labelDtype,
  predictionDtype,
  weighting,
  input,
  result,
  ...wanted
}: Case): Batch {
  const width = input === "arrays" ? wanted.n : Math.min(wanted.width, wanted.n);
  const rows = Math.floor(wanted.n / width);
  const n = rows * width;
  const isNarrow = predictionDtype === "float16" || predictionDtype === "bfloat16";
  const yPred: Values = new plainArrays[predictionDtype](n);
  const areIds = labels === "sparse";
  const yTrue: Values = new plainArrays[labelDtype](areIds ? rows : n);

  const random = randomNumbers();
  const next = () => random.next().value;
  const distinct = Math.min(rows, Math.ceil(period / width)) * width;
  for (let i = 0; i < distinct; i++) {
    const prediction = (next() - 0.5) * 4;
    yPred[i] = isNarrow ? onGrid(prediction) : prediction;
    if (labels === "signed") yTrue[i] = next() < 0.5 ? 1 : -1;
    if (labels === "binary") yTrue[i] = next() < 0.5 ? 1 : 0;
  }
  if (labels === "onehot") {
    for (let i = 0; i < distinct; i += width) yTrue[i + Math.floor(next() * width)] = 1;
  }
  const distinctRows = distinct / width;
  // int8 has 128 of them.
  const classes = labelDtype === "int8" ? Math.min(width, 128) : width;
  if (areIds)
    for (let row = 0; row < distinctRows; row++) yTrue[row] = Math.floor(next() * classes);
  const distinctLabels = areIds ? distinctRows : distinct;
  repeat(yPred, distinct);
  repeat(yTrue, distinctLabels);

  const data = [
    stored(labelDtype, yTrue, distinctLabels),
    stored(predictionDtype, yPred, distinct),
  ];
  const [ownTrue, ownPred] =
    input === "arrays"
      ? data
      : [
          tensor(data[0], areIds ? [rows] : [rows, width], labelDtype satisfies Dtype),
          tensor(data[1], [rows, width], predictionDtype satisfies Dtype),
        ];
  const [trueBytes, predBytes] = data.map(
    ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  );
  const factors = weighting === "unweighted" ? undefined : factorsOf(weighting, rows);
  return {
    yTrue: ownTrue,
    yPred: ownPred,
    plain: { yTrue, yPred },
    options:
      factors &&
      (weighting === "mask"
        ? { mask: tensor(factors, [rows], "bool") }
        : { sampleWeight: tensor(factors, [rows]) }),
    factors,
    bytesOf: [trueBytes, predBytes],
    rows,
    width,
    bytes:
      trueBytes.length +
      predBytes.length * (result === "gradient" ? 2 : 1) +
      (factors?.byteLength ?? 0),
  };
}
