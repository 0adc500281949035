import { tensor } from "maxmargin";
import { describe, expect, test } from "vitest";
import { valuesOf } from "./support/data.js";
import {
  answerTo,
  disagreements,
  expectedOf,
  type GoldenCase,
  goldenCases,
} from "./support/golden.js";
import { forEachImplementation } from "./support/implementations.js";

/** The files and how many cases they have. */
const files = {
  "functions_float32.json": 225,
  "labels.json": 147,
  "dtypes.json": 343,
  "special_values.json": 384,
  "shapes.json": 576,
  "reductions.json": 330,
  "sample_weight.json": 585,
  "mask.json": 318,
} as const;
const fileNames = Object.keys(files) as (keyof typeof files)[];

const means = ["sum_over_batch_size", "mean", "mean_with_sample_weight"];
const scalars = ["sum", ...means];
const emptyBatches = [
  "empty-0x1",
  "empty-0x3",
  "empty-batch-scalar-weight",
  "empty-batch-empty-weight",
];
const named = (prefixes: readonly string[]) =>
  prefixes.flatMap((prefix) => scalars.map((reduction) => `${prefix}/${reduction}`));

/** Where we decide otherwise than Keras, case by case, with our answer. docs/semantics.md has the reasons. */
const decisions: Readonly<Record<string, readonly number[]>> = {
  // 2. Sums are kept in double and rounded once: a mean that fits into float32 is not infinite.
  "hinge/float32-row-sum-overflow": [3e38],
  "squared_hinge/float32-row-sum-overflow-squared": [Math.fround(1.5e19) ** 2],
  "Hinge/float32-row-sum-overflow/sum_over_batch_size": [3e38],
  "Hinge/float32-batch-sum-overflow/sum_over_batch_size": [3e38],
  "SquaredHinge/float32-row-sum-overflow-squared/sum_over_batch_size": [Math.fround(1.5e19) ** 2],
  "CategoricalHinge/float32-batch-sum-overflow/sum_over_batch_size": [3e38],
  // 3. float16 is rounded once, at the end: neither steps nor sums are infinite where the result is not.
  "hinge/float16-product-overflow/1x3": [26672],
  "squared_hinge/float16-row-sum-over-65504/1x600": [25904],
  "squared_hinge/float16-square-overflow/2x2": [45312, 0.40625],
  ...Object.fromEntries(
    Object.entries({ Hinge: 251, SquaredHinge: 63008, CategoricalHinge: 751 }).flatMap(
      ([name, mean]) =>
        means.map((reduction) => [
          `${name}/float16-batch-sum-over-65504/270x1/${reduction}`,
          [mean],
        ]),
    ),
  ),
  // 4. Integer predictions are cast to float32: labels are not truncated, products do not wrap.
  "hinge/int-preds-int32/labels-real/2x3": [0.40633333, 0.7133333],
  "hinge/int-preds-int64/labels-real/2x3": [1.0846666, 1.2743334],
  "hinge/int-preds-int8/labels-real/2x3": [1.1746668, 1.26],
  "hinge/int-preds-uint8/labels-real/2x3": [0.50366664, 0.227],
  "hinge/int-preds-bool/labels-real/2x3": [1, 1.1126667],
  "hinge/int-preds-int16/labels-real/2x3": [2.6223333, 3.4289999],
  "hinge/int-preds-int8-wrap/1x3": [45],
  "hinge/int-preds-int32-wrap/1x2": [4],
  "squared_hinge/int-preds-int32/labels-real/2x3": [2.990611, 11.596886],
  "squared_hinge/int-preds-int64/labels-real/2x3": [11.002086, 0.6666667],
  "squared_hinge/int-preds-int8/labels-real/2x3": [1.4117881, 1.9113321],
  "squared_hinge/int-preds-uint8/labels-real/2x3": [0.21164167, 0.035861336],
  "squared_hinge/int-preds-bool/labels-real/2x3": [0.41500834, 1.782443],
  "squared_hinge/int-preds-int16/labels-real/2x3": [2.2707002, 3.134734],
  "squared_hinge/int-preds-int8-wrap/1x3": [5559],
  "squared_hinge/int-preds-int32-wrap/1x2": [32],
  "categorical_hinge/int-preds-int32/labels-real/2x3": [3.7940001, 0.34399998],
  "categorical_hinge/int-preds-int64/labels-real/2x3": [1.9720001, 13.226],
  "categorical_hinge/int-preds-int8/labels-real/2x3": [0, 8.287],
  "categorical_hinge/int-preds-uint8/labels-real/2x3": [0, 2.4929998],
  "categorical_hinge/int-preds-bool/labels-real/2x3": [0, 3.3179998],
  "categorical_hinge/int-preds-int16/labels-real/2x3": [7.177, 0],
  "categorical_hinge/int-preds-int8-wrap/1x3": [0],
  "categorical_hinge/int-preds-int32-wrap/1x2": [0],
  // 5. An empty batch reduces to 0, where Keras hands back the empty array.
  ...Object.fromEntries(
    named([
      ...["Hinge", "SquaredHinge"].map((name) => `${name}/empty-0x0`),
      ...["Hinge", "SquaredHinge", "CategoricalHinge"].flatMap((name) =>
        emptyBatches.map((batch) => `${name}/${batch}`),
      ),
    ]).map((name) => [name, [0]]),
  ),
};

/** 10. Labels of categorical hinge that would be repeated along the classes are refused: they are nearly always class ids. */
const refusals: readonly string[] = [
  "categorical_hinge/y_true-2x1/y_pred-2x3",
  "CategoricalHinge/y_true-2x1/y_pred-2x3/sum_over_batch_size",
  "CategoricalHinge/y_true-2x1/y_pred-2x3/None",
  "categorical_hinge/y_true-1/y_pred-2x3",
  "CategoricalHinge/y_true-1/y_pred-2x3/sum_over_batch_size",
  "CategoricalHinge/y_true-1/y_pred-2x3/None",
  "categorical_hinge/y_true-4/y_pred-4x1",
  "categorical_hinge/y_true-4x1/y_pred-4",
  "categorical_hinge/y_true-scalar/y_pred-2x3",
  "CategoricalHinge/y_true-scalar/y_pred-2x3/sum_over_batch_size",
  "CategoricalHinge/y_true-scalar/y_pred-2x3/None",
  "categorical_hinge/y_true-2x3x1/y_pred-3",
  "CategoricalHinge/y_true-2x3x1/y_pred-3/sum_over_batch_size",
  "CategoricalHinge/y_true-2x3x1/y_pred-3/None",
  "categorical_hinge/y_true-4x1/y_pred-4x5",
  "CategoricalHinge/y_true-4x1/y_pred-4x5/sum_over_batch_size",
  "CategoricalHinge/y_true-4x1/y_pred-4x5/None",
  "categorical_hinge/y_true-1/y_pred-5",
  "CategoricalHinge/y_true-1/y_pred-5/sum_over_batch_size",
  "CategoricalHinge/y_true-1/y_pred-5/None",
];

describe("Keras's own answers", () => {
  test.each(fileNames)("%s is complete", (file) => {
    const all = goldenCases(file);
    expect(all).toHaveLength(files[file]);
    expect(new Set(all.map(({ name }) => name)).size).toBe(files[file]);
  });

  test("every decision is about an existing case", () => {
    const names = fileNames.flatMap((file) => goldenCases(file).map(({ name }) => name));
    const known = new Set(names);
    expect(Object.keys(decisions).filter((name) => !known.has(name))).toEqual([]);
    expect(refusals.filter((name) => !known.has(name))).toEqual([]);
    expect(Object.keys(decisions)).toHaveLength(98);
  });

  test("a comparison finds wrong answers", () => {
    const expected = { dtype: "float32", shape: [4], data: [1, "NaN", "Infinity", 1000] } as const;
    const answer = (shape: number[], ...data: number[]) => tensor(Float32Array.from(data), shape);
    expect(disagreements(answer([4], 1.000001, NaN, Infinity, 1000.001), expected)).toEqual([]);
    expect(disagreements(answer([4], 1.000002, NaN, Infinity, 1000), expected)).toHaveLength(1);
    expect(disagreements(answer([4], NaN, 1, -Infinity, Infinity), expected)).toHaveLength(4);
    expect(disagreements(answer([2, 2], 1, NaN, Infinity, 1000), expected)).toHaveLength(1);
    expect(disagreements(tensor(new Float64Array(4), [4]), expected)).toHaveLength(1);
  });

  forEachImplementation(() => {
    describe.each(fileNames)("%s", (file) => {
      test.each(goldenCases(file))("$name", (golden: GoldenCase) => {
        const expected = expectedOf(golden);
        const decided = decisions[golden.name];
        if (expected === null) {
          expect(() => answerTo(golden)).toThrow(/: expected .*, received /);
        } else if (refusals.includes(golden.name)) {
          expect(() => answerTo(golden)).toThrow(
            /^yTrue: expected one-hot labels of shape .*; for class ids set labels: "sparse"/,
          );
        } else if (decided !== undefined) {
          const answer = answerTo(golden);
          expect(valuesOf(answer.dtype, answer.data)).toEqual(decided.map(Math.fround));
          expect(answer.dtype).toBe(expected.dtype);
          expect(disagreements(answer, expected)).not.toEqual([]);
        } else {
          expect(disagreements(answerTo(golden), expected)).toEqual([]);
        }
      });
    });
  });
});
