import { describe, expect, test } from "vitest";
import {
  answerTo,
  disagreements,
  type GoldenCase,
  goldenCases,
  isSupported,
} from "./support/golden.js";
import { forEachImplementation } from "./support/implementations.js";

/** How many cases there are, and how many of them can be answered. */
const files = [
  { file: "functions_float32.json", cases: 225, supported: 225 },
  // The others have float64 predictions.
  { file: "labels.json", cases: 147, supported: 135 },
];

describe("Keras's own answers", () => {
  test.each(files)("$file is complete", ({ file, cases, supported }) => {
    const all = goldenCases(file);
    expect(all).toHaveLength(cases);
    expect(all.filter(isSupported)).toHaveLength(supported);
    expect(new Set(all.map(({ name }) => name)).size).toBe(cases);
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
        const { expected, error } = golden;
        if (expected === null) throw new Error(`Keras has no answer: ${error}`);
        expect(disagreements(answerTo(golden), expected)).toEqual([]);
      });
    });
  });
});
