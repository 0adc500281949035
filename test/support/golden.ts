import { readFileSync } from "node:fs";
import {
  CategoricalHinge,
  type Dtype,
  type FloatDtype,
  Hinge,
  type Reduction,
  SquaredHinge,
  type Tensor,
  tensor,
} from "maxmargin";
import { dataOf, valuesOf } from "./data.js";
import { functions, type LossName } from "./losses.js";

type Value = number | boolean | "NaN" | "Infinity" | "-Infinity" | "-0";

export interface GoldenArray {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: readonly Value[];
}

/** A case as Keras answered it: golden/README.md tells the format. */
export interface GoldenCase {
  readonly name: string;
  readonly fn?: LossName;
  readonly class?: keyof typeof classes;
  readonly dtype: FloatDtype | null;
  readonly reduction?: Reduction;
  readonly y_true: GoldenArray;
  readonly y_pred: GoldenArray;
  readonly sample_weight: GoldenArray | Value | null;
  readonly mask: GoldenArray | null;
  readonly expected: GoldenArray | null;
  /** What Keras gives where its numpy backend cannot grow weights in place (decision 6). */
  readonly expected_immutable?: GoldenArray;
  /** What Keras gives where float64 stays float64 (decision 1). */
  readonly expected_x64?: GoldenArray;
  readonly error: string | null;
}

const classes = { Hinge, SquaredHinge, CategoricalHinge } as const;

export function goldenCases(file: string): GoldenCase[] {
  const text = readFileSync(new URL(`../golden/${file}`, import.meta.url), "utf8");
  return (JSON.parse(text) as { cases: GoldenCase[] }).cases;
}

export const isArray = (value: GoldenArray | Value | null): value is GoldenArray =>
  typeof value === "object" && value !== null;

/** What Keras answers, or null where it fails. */
export function expectedOf(golden: GoldenCase): GoldenArray | null {
  return golden.expected_x64 ?? golden.expected_immutable ?? golden.expected;
}

/** `Number` reads "NaN", "Infinity", "-Infinity" and "-0" as they are meant. */
export function numbersOf({ data }: GoldenArray): number[] {
  return data.map(Number);
}

export function tensorOf(array: GoldenArray): Tensor {
  return tensor(dataOf(array.dtype, numbersOf(array)), array.shape, array.dtype);
}

/** Weights or a mask as arguments. */
export function argumentOf(value: GoldenArray | Value | null): Tensor | number | null {
  if (isArray(value)) return tensorOf(value);
  return value === null ? null : Number(value);
}

/** What this library answers: the one place that knows how a case is called. */
export function answerTo(golden: GoldenCase): Tensor {
  const { fn, class: className, reduction, sample_weight, mask } = golden;
  const yTrue = tensorOf(golden.y_true);
  const yPred = tensorOf(golden.y_pred);
  // Plain functions ignore masks.
  if (fn !== undefined) return functions[fn](yTrue, yPred);
  if (className === undefined || reduction === undefined) throw new Error("no such case");
  const loss = new classes[className]({ reduction, dtype: golden.dtype });
  const result = loss.value(yTrue, yPred, {
    sampleWeight: argumentOf(sample_weight),
    mask: argumentOf(mask),
  });
  if (typeof result !== "number") return result;
  return tensor(dataOf(loss.dtype, [result]), [], loss.dtype);
}

/**
 * How far answers may differ, by 1 or the value if that is more: float32 sums of one backend from those of
 * another, float64 by its own precision. Keras rounds every step to float16, and we the last one only: half a
 * unit in the last place for each of up to five steps, the sums of which are not more than the result.
 */
const tolerances: Partial<Record<Dtype, number>> = {
  float32: 1.2e-6,
  float64: 1e-12,
  float16: 5 * 2 ** -11,
};

/** Whether a number is what was expected, as exactly as a dtype allows. */
export function agrees(dtype: Dtype, got: number, expected: number): boolean {
  if (!Number.isFinite(expected)) return Object.is(got, expected);
  return Math.abs(got - expected) <= (tolerances[dtype] ?? 0) * Math.max(1, Math.abs(expected));
}

/** What is wrong with an answer. */
export function disagreements(
  answer: Pick<Tensor, "data" | "shape" | "dtype">,
  expected: GoldenArray,
): string[] {
  if (answer.dtype !== expected.dtype) return [`dtype ${answer.dtype}, not ${expected.dtype}`];
  if (JSON.stringify(answer.shape) !== JSON.stringify(expected.shape)) {
    return [`shape [${answer.shape}], not [${expected.shape}]`];
  }
  const values = valuesOf(expected.dtype, dataOf(expected.dtype, numbersOf(expected)));
  const got = valuesOf(answer.dtype, answer.data);
  if (got.length !== values.length) return [`${got.length} values, not ${values.length}`];
  return values.flatMap((value, i) =>
    agrees(expected.dtype, got[i], value) ? [] : [`value ${i}: ${got[i]}, not ${value}`],
  );
}
