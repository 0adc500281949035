// Cases of margins, class weights and ignored rows: golden/README.md tells the format.
import { readFileSync } from "node:fs";
import type { FloatDtype, Reduction } from "maxmargin";
import type { GoldenArray } from "./golden.js";
import { type AnyLossName, parametersOf } from "./losses.js";

export interface MarginCase {
  readonly name: string;
  readonly loss: AnyLossName;
  readonly margin: number;
  readonly power: 1 | 2;
  readonly reduction: Reduction;
  readonly dtype: FloatDtype;
  readonly class_weight: readonly number[] | null;
  readonly ignore_class: number | null;
  readonly y_true: GoldenArray;
  readonly y_pred: GoldenArray;
  readonly sample_weight: GoldenArray | null;
  readonly expected: GoldenArray;
  readonly gradient: readonly number[] | null;
}

export const marginCases = (
  JSON.parse(readFileSync(new URL("../golden/margin.json", import.meta.url), "utf8")) as {
    cases: MarginCase[];
  }
).cases;

/** The parameters of a case that its loss has. */
export const parametersOfCase = ({ loss, margin, power }: MarginCase) =>
  Object.fromEntries(parametersOf[loss].map((name) => [name, { margin, power }[name]]));

/** Whether a number is what was expected, within the tolerance of the cases. */
export const isNear = (dtype: FloatDtype, got: number, expected: number) =>
  Math.abs(got - expected) <=
  (dtype === "float64" ? 1e-12 : 2e-6) * Math.max(1, Math.abs(expected));
