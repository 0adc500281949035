import { tensor } from "maxmargin";
import { describe, expect, test } from "vitest";
import { dataOf, type LabelDtype } from "./support/data.js";
import { forEachImplementation } from "./support/implementations.js";
import { functions, lossOf, makeLoss, makeMetric } from "./support/losses.js";
import { halfUlp, isWithin } from "./support/oracle.js";

/** From one vector up to many chunks. */
const sizes = [1, 5, 64, 65, 200, 8192, 8193, 70_001];

/** Every second label is 1. */
function alternating(n: number, zero = 0): number[] {
  return Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 1 : zero));
}

/** The losses of rows of one value each are the terms themselves. */
function expectTerms(
  fn: "hinge" | "squared_hinge",
  dtype: LabelDtype,
  labels: ArrayLike<number>,
  predictions: Float32Array,
  expected: ArrayLike<number>,
): void {
  const shape = [predictions.length, 1];
  const yTrue = tensor(dataOf(dtype, labels), shape, dtype);
  const { data } = functions[fn](yTrue, tensor(predictions, shape));
  expect(data).toHaveLength(expected.length);
  const wrong = data.findIndex((term, i) => !Object.is(term, expected[i]));
  expect(wrong < 0 ? "" : `term ${wrong}: ${data[wrong]}, not ${expected[wrong]}`).toBe("");
}

const constant = (n: number, value: number) => new Float32Array(n).fill(value);

forEachImplementation(() => {
  describe.each(sizes)("%d labels", (n) => {
    const predictions = constant(n, 0.25);

    test.each(["float32", "int8", "uint8", "bool", "int32", "int64", "float64"] as const)(
      "0 and 1 stand for -1 and 1: %s",
      (dtype) => {
        const signs = alternating(n, -1).map((y) => 1 - y * 0.25);
        expectTerms("hinge", dtype, alternating(n), predictions, signs);
        expectTerms(
          "squared_hinge",
          dtype,
          alternating(n),
          predictions,
          signs.map((term) => term * term),
        );
      },
    );

    test("all ones and all zeros are 0/1 labels, and -0 is a 0", () => {
      expectTerms("hinge", "float32", constant(n, 1), predictions, Array(n).fill(0.75));
      expectTerms("hinge", "float32", constant(n, 0), predictions, Array(n).fill(1.25));
      expectTerms("hinge", "float32", constant(n, -0), predictions, Array(n).fill(1.25));
    });

    test("a byte of a bool is true unless it is 0", () => {
      const bytes = Array.from({ length: n }, (_, i) => [0, 1, 2, 128, 255][i % 5]);
      const expected = bytes.map((byte) => (byte === 0 ? 1.25 : 0.75));
      expectTerms("hinge", "bool", bytes, predictions, expected);
      // The same bytes as numbers are no 0/1 labels.
      if (n >= 3) {
        expectTerms(
          "hinge",
          "uint8",
          bytes,
          predictions,
          bytes.map((byte) => Math.max(0, 1 - byte * 0.25)),
        );
      }
    });

    const spoilers: ReadonlyArray<readonly [LabelDtype, number]> = [
      ["float32", -1],
      ["float32", -2],
      ["float32", 0.25],
      ["float32", 0.5],
      ["float32", 1 - 2 ** -24],
      ["float32", 2 ** -32],
      ["float32", 2],
      ["float32", 1 + 2 ** -23],
      ["float32", 1e-45],
      ["float32", Infinity],
      ["float32", NaN],
      ["int8", -1],
      ["int8", 2],
      ["int8", -128],
      ["uint8", 2],
      ["uint8", 3],
      ["uint8", 255],
      ["int32", -1],
      ["int64", -1],
      ["float64", 0.5],
    ];
    test.each(spoilers)("one other label leaves all labels unchanged: %s %d", (dtype, spoiler) => {
      const places = new Set([0, n >> 1, n - 1]);
      for (const place of places) {
        const labels = alternating(n);
        labels[place] = spoiler;
        const expected = labels.map((y) => Math.max(0, Math.fround(1 - Math.fround(y) * 0.25)));
        expectTerms("hinge", dtype, labels, predictions, expected);
        const value = expected.reduce((sum, term) => sum + term, 0) / n;
        const result = lossOf("hinge", "sum").value(dataOf(dtype, labels), predictions);
        expect(isWithin(result, { value, error: 4 * halfUlp * value }), `${result}`).toBe(true);
      }
    });

    test.each(spoilers)("one other label is refused by labels: binary: %s %d", (dtype, spoiler) => {
      const loss = makeLoss("hinge", { labels: "binary" });
      const metric = makeMetric("hinge", { labels: "binary" });
      for (const place of new Set([0, n >> 1, n - 1])) {
        const labels = alternating(n);
        labels[place] = spoiler;
        const yTrue = dataOf(dtype, labels);
        const message = `yTrue[${place}]: expected 0 or 1, received`;
        expect(() => loss.value(yTrue, predictions)).toThrow(message);
        expect(() => loss.call(yTrue, predictions)).toThrow(message);
        expect(() => loss.gradient(yTrue, predictions)).toThrow(message);
        expect(() => metric.updateState(yTrue, predictions)).toThrow(message);
      }
    });
  });

  test.each([
    -2,
    -1,
    2 ** -1074,
    2 ** -80,
    0.25,
    0.5,
    1 - 2 ** -53,
    1 + 2 ** -52,
    2,
    Infinity,
    NaN,
  ])("one other float64 label is refused by labels: binary in float64: %d", (spoiler) => {
    const loss = makeLoss("hinge", { labels: "binary", dtype: "float64" });
    for (const n of sizes) {
      const labels = Float64Array.from(alternating(n));
      const predictions = new Float64Array(n).fill(0.25);
      expect(loss.value(labels, predictions)).toBeGreaterThan(0);
      labels[n >> 1] = spoiler;
      const message = `yTrue[${n >> 1}]: expected 0 or 1, received`;
      expect(() => loss.value(labels, predictions)).toThrow(message);
      expect(() => loss.call(labels, predictions)).toThrow(message);
    }
  });

  test("one other label counts in every row and at every rank", () => {
    const labels = Float32Array.of(0, 1, 1, 0, 0, 0, 1, -1);
    const predictions = constant(8, 3);
    for (const shape of [
      [2, 4],
      [4, 2],
      [2, 2, 2],
      [1, 2, 2, 2],
    ]) {
      const width = shape[shape.length - 1];
      const expected = Array.from({ length: 8 / width }, (_, row) => {
        let sum = 0;
        for (let i = 0; i < width; i++) sum += Math.max(0, 1 - labels[row * width + i] * 3);
        return sum / width;
      });
      const { data } = functions.hinge(tensor(labels, shape), tensor(predictions, shape));
      expect([...data]).toEqual(expected);
    }
  });

  test("a label 0 that stays 0 is a loss of 1 whatever the finite prediction", () => {
    const predictions = Float32Array.of(0, 1, -1, 3e38, -3e38, 1e-45, 0.5);
    const labels = Float32Array.of(0, 0, 0, 0, 0, 0, -1);
    expectTerms("hinge", "float32", labels, predictions, [1, 1, 1, 1, 1, 1, 1.5]);
  });

  test("float64 labels are detected after the cast to float32", () => {
    const predictions = constant(4, 0.25);
    const signed = [0.75, 1.25, 0.75, 1.25];
    expectTerms("hinge", "float64", [1 + 1e-9, 0, 1, 0], predictions, signed);
    expectTerms("hinge", "float64", [1, 1e-60, 1, 0], predictions, signed);
    expectTerms("hinge", "float64", [1, 1e-40, 1, 0], predictions, [0.75, 1, 0.75, 1]);
  });

  test("int64 labels beyond 2 ** 53 are rounded to float32", () => {
    const yTrue = BigInt64Array.of(2n ** 62n + 1n, -(2n ** 63n));
    const yPred = Float32Array.of(2 ** -62, 2 ** -63);
    expect(lossOf("hinge", "sum").value(yTrue, yPred)).toBe(1);
  });

  test("categorical hinge never converts labels, even if they are not one-hot", () => {
    const yPred = tensor(Float32Array.of(0.5, 0.25, -1), [1, 3]);
    const of = (...labels: number[]) =>
      functions.categorical_hinge(tensor(Float32Array.from(labels), [1, 3]), yPred).data[0];
    // neg = max(0, 0.25, -1), pos = 0.5
    expect(of(1, 0, 0)).toBe(0.75);
    // neg = max(0, 0.5, -2), pos = 0.5 - 0.25 + 1
    expect(of(1, -1, -1)).toBe(0.25);
    // The true class takes part in the max as 0.
    expect(
      functions.categorical_hinge(
        tensor(Float32Array.of(1, 0, 0), [1, 3]),
        tensor(Float32Array.of(0.5, -1, -2), [1, 3]),
      ).data[0],
    ).toBe(0.5);
    expect(of(0, 0, 0)).toBe(1.5);
    expect(of(1, 1, 1)).toBe(1.25);
  });
});
