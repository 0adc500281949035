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
import { type LabelDtype, labelsOf } from "./data.js";
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
  readonly expected: GoldenArray | null;
  readonly error: string | null;
}

const classes = { Hinge, SquaredHinge, CategoricalHinge } as const;

export function goldenCases(file: string): GoldenCase[] {
  const text = readFileSync(new URL(`../golden/${file}`, import.meta.url), "utf8");
  return (JSON.parse(text) as { cases: GoldenCase[] }).cases;
}

/** What there is so far: float32 predictions, computed in float32. */
export function isSupported({ dtype, y_pred }: GoldenCase): boolean {
  return y_pred.dtype === "float32" && (dtype ?? "float32") === "float32";
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
export function answerTo({ fn, class: className, reduction, y_true, y_pred }: GoldenCase): Tensor {
  const yTrue = tensorOf(y_true);
  const yPred = tensorOf(y_pred);
  if (fn !== undefined) return functions[fn](yTrue, yPred);
  if (className === undefined || reduction === undefined) throw new Error("no such case");
  const result = new classes[className]({ reduction }).apply(yTrue, yPred);
  return typeof result === "number" ? tensor(Float32Array.of(result), []) : result;
}

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
