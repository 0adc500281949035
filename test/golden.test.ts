import { describe, expect, test } from "vitest";
import {
  answerTo,
  disagreements,
  expectedOf,
  type GoldenCase,
  goldenCases,
  isSupported,
} from "./support/golden.js";
import { forEachImplementation } from "./support/implementations.js";

/** How many cases there are, and how many of them can be answered: the others need other dtypes. */
const files = [
  { file: "functions_float32.json", cases: 225, supported: 225 },
  { file: "labels.json", cases: 147, supported: 135 },
  { file: "special_values.json", cases: 384, supported: 162 },
  { file: "shapes.json", cases: 576, supported: 576 },
  { file: "reductions.json", cases: 330, supported: 156 },
  { file: "sample_weight.json", cases: 585, supported: 522 },
  { file: "mask.json", cases: 318, supported: 276 },
];

const scalars = ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight"];
const emptyBatches = [
  "empty-0x1",
  "empty-0x3",
  "empty-batch-scalar-weight",
  "empty-batch-empty-weight",
];
const named = (prefixes: readonly string[]) =>
  prefixes.flatMap((prefix) => scalars.map((reduction) => `${prefix}/${reduction}`));

/** Where we decide otherwise than Keras, case by case, with our answer. CONTRIBUTING.md has the reasons. */
const decisions: Readonly<Record<string, number>> = {
  // Sums are kept in double and rounded once: a mean that fits into float32 is not infinite.
  "hinge/float32-row-sum-overflow": 3e38,
  "squared_hinge/float32-row-sum-overflow-squared": Math.fround(1.5e19) ** 2,
  "Hinge/float32-row-sum-overflow/sum_over_batch_size": 3e38,
  "Hinge/float32-batch-sum-overflow/sum_over_batch_size": 3e38,
  "SquaredHinge/float32-row-sum-overflow-squared/sum_over_batch_size": Math.fround(1.5e19) ** 2,
  "CategoricalHinge/float32-batch-sum-overflow/sum_over_batch_size": 3e38,
  // An empty batch reduces to 0, where Keras hands back the empty array.
  ...Object.fromEntries(
    named([
      ...["Hinge", "SquaredHinge"].map((name) => `${name}/empty-0x0`),
      ...["Hinge", "SquaredHinge", "CategoricalHinge"].flatMap((name) =>
        emptyBatches.map((batch) => `${name}/${batch}`),
      ),
    ]).map((name) => [name, 0]),
  ),
};

describe("Keras's own answers", () => {
  test.each(files)("$file is complete", ({ file, cases, supported }) => {
    const all = goldenCases(file);
    expect(all).toHaveLength(cases);
    expect(all.filter(isSupported)).toHaveLength(supported);
    expect(new Set(all.map(({ name }) => name)).size).toBe(cases);
  });

  test("every decision is about a case that there is", () => {
    const names = files.flatMap(({ file }) => goldenCases(file).filter(isSupported));
    const known = new Set(names.map(({ name }) => name));
    expect(Object.keys(decisions).filter((name) => !known.has(name))).toEqual([]);
    expect(Object.keys(decisions)).toHaveLength(62);
  });

  test("a comparison finds what is wrong", () => {
    const expected = { dtype: "float32", shape: [4], data: [1, "NaN", "Infinity", 1000] } as const;
    const answer = (shape: number[], ...data: number[]) =>
      ({ dtype: "float32", shape, data: Float32Array.from(data) }) as const;
    expect(disagreements(answer([4], 1.000001, NaN, Infinity, 1000.001), expected)).toEqual([]);
    expect(disagreements(answer([4], 1.000002, NaN, Infinity, 1000), expected)).toHaveLength(1);
    expect(disagreements(answer([4], NaN, 1, -Infinity, Infinity), expected)).toHaveLength(4);
    expect(disagreements(answer([2, 2], 1, NaN, Infinity, 1000), expected)).toHaveLength(1);
    expect(
      disagreements({ ...expected, data: new Float64Array(4), dtype: "float64" }, expected),
    ).toHaveLength(1);
  });

  forEachImplementation(() => {
    describe.each(files)("$file", ({ file }) => {
      test.each(goldenCases(file).filter(isSupported))("$name", (golden: GoldenCase) => {
        const expected = expectedOf(golden);
        const decided = decisions[golden.name];
        if (expected === null) {
          expect(() => answerTo(golden)).toThrow(/: expected .*, received /);
        } else if (decided !== undefined) {
          const { data } = answerTo(golden);
          expect([...data]).toEqual([Math.fround(decided)]);
          expect(disagreements(answerTo(golden), expected)).not.toEqual([]);
        } else {
          expect(disagreements(answerTo(golden), expected)).toEqual([]);
        }
      });
    });
  });
});
