import { readFileSync } from "node:fs";
import {
  CategoricalHinge,
  type Dtype,
  Hinge,
  type Reduction,
  SquaredHinge,
  type Tensor,
  tensor,
} from "maxmargin";
import { type LabelDtype, labelDtypes, labelsOf } from "./data.js";
import { functions, type LossName } from "./losses.js";

type Value = number | boolean | "NaN" | "Infinity" | "-Infinity" | "-0";

interface GoldenArray {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly Value[];
}

/** A case as Keras answered it: golden/README.md tells the format. */
export interface GoldenCase {
  readonly name: string;
  readonly fn?: LossName;
  readonly class?: keyof typeof classes;
  readonly dtype: string | null;
  readonly reduction?: Reduction;
  readonly y_true: GoldenArray;
  readonly y_pred: GoldenArray;
  readonly sample_weight: GoldenArray | Value | null;
  readonly mask: GoldenArray | null;
  readonly expected: GoldenArray | null;
  /** What Keras gives where its numpy backend cannot grow weights in place (decision 6). */
  readonly expected_immutable?: GoldenArray;
  readonly error: string | null;
}

const classes = { Hinge, SquaredHinge, CategoricalHinge } as const;

export function goldenCases(file: string): GoldenCase[] {
  const text = readFileSync(new URL(`../golden/${file}`, import.meta.url), "utf8");
  return (JSON.parse(text) as { cases: GoldenCase[] }).cases;
}

const isArray = (value: GoldenArray | Value | null): value is GoldenArray =>
  typeof value === "object" && value !== null;

/** What there is so far: float32 predictions, computed in float32, and the dtypes of labels. */
export function isSupported({ dtype, y_true, y_pred, sample_weight }: GoldenCase): boolean {
  const others = [y_true, sample_weight].filter(isArray);
  return (
    y_pred.dtype === "float32" &&
    (dtype ?? "float32") === "float32" &&
    others.every((array) => labelDtypes.includes(array.dtype as LabelDtype))
  );
}

/** What Keras answers, or null where it fails. */
export function expectedOf({ expected, expected_immutable }: GoldenCase): GoldenArray | null {
  return expected_immutable ?? expected;
}

/** `Number` reads "NaN", "Infinity", "-Infinity" and "-0" as they are meant. */
function numbersOf({ data }: GoldenArray): number[] {
  return data.map(Number);
}

function tensorOf(array: GoldenArray): Tensor {
  const dtype = array.dtype as LabelDtype;
  return tensor(labelsOf(dtype, numbersOf(array)), array.shape, dtype satisfies Dtype);
}

/** What this library answers: the one place that knows how a case is called. */
export function answerTo(golden: GoldenCase): Tensor {
  const { fn, class: className, reduction, sample_weight, mask } = golden;
  const yTrue = tensorOf(golden.y_true);
  const yPred = tensorOf(golden.y_pred);
  // Plain functions ignore masks.
  if (fn !== undefined) return functions[fn](yTrue, yPred);
  if (className === undefined || reduction === undefined) throw new Error("no such case");
  const result = new classes[className]({ reduction }).apply(yTrue, yPred, {
    sampleWeight: isArray(sample_weight) ? tensorOf(sample_weight) : numberOrNull(sample_weight),
    mask: mask && tensorOf(mask),
  });
  return typeof result === "number" ? tensor(Float32Array.of(result), []) : result;
}

const numberOrNull = (value: Value | null) => (value === null ? null : Number(value));

/** What is wrong with an answer. Values may differ by what float32 sums differ by among backends. */
export function disagreements(answer: Tensor, expected: GoldenArray): string[] {
  if (answer.dtype !== expected.dtype) return [`dtype ${answer.dtype}, not ${expected.dtype}`];
  if (JSON.stringify(answer.shape) !== JSON.stringify(expected.shape)) {
    return [`shape [${answer.shape}], not [${expected.shape}]`];
  }
  const values = Float32Array.from(numbersOf(expected));
  if (answer.data.length !== values.length) {
    return [`${answer.data.length} values, not ${values.length}`];
  }
  return [...values].flatMap((value, i) => {
    const got = Number(answer.data[i]);
    const agrees = Number.isFinite(value)
      ? Math.abs(got - value) <= 1.2e-6 * Math.max(1, Math.abs(value))
      : Object.is(got, value);
    return agrees ? [] : [`value ${i}: ${got}, not ${value}`];
  });
}
