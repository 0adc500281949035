// Labels that no encoding has: the message names the first one of the batch.

import { availableParallelism } from "node:os";
import { callAsync, gradient, gradientAsync, setNumThreads, type Tensor, tensor } from "maxmargin";
import { afterAll, describe, expect, test } from "vitest";
import { writtenEncoding } from "./support/class-labels.js";
import { dataOf } from "./support/data.js";
import { forEachImplementation } from "./support/implementations.js";
import {
  type AnyLossName,
  allLossNames,
  classLossNames,
  functions,
  makeLoss,
  makeMetric,
} from "./support/losses.js";

/** Every call of a loss, its function and its metric. */
function callsOf(loss: AnyLossName, options: object, yTrue: Tensor, yPred: Tensor) {
  const mean = makeLoss(loss, options);
  const unreduced = makeLoss(loss, { ...options, reduction: null });
  const metric = makeMetric(loss, options);
  const of = functions[loss];
  const weighting = { sampleWeight: 0.5, mask: 1 };
  const now: (() => unknown)[] = [
    () => mean.value(yTrue, yPred),
    () => mean.value(yTrue, yPred, weighting),
    () => unreduced.value(yTrue, yPred),
    () => mean.call(yTrue, yPred),
    () => mean.valueAndGradient(yTrue, yPred),
    () => unreduced.gradient(yTrue, yPred, weighting),
    () => of(yTrue, yPred, options),
    () => gradient(of, yTrue, yPred, options),
    () => metric.updateState(yTrue, yPred),
    () => metric.updateState(yTrue, yPred, weighting),
  ];
  const later: (() => Promise<unknown>)[] = [
    () => mean.valueAsync(yTrue, yPred),
    () => unreduced.valueAsync(yTrue, yPred, weighting),
    () => mean.valueAndGradientAsync(yTrue, yPred),
    () => callAsync(of, yTrue, yPred, options),
    () => gradientAsync(of, yTrue, yPred, options),
    () => metric.updateStateAsync(yTrue, yPred),
  ];
  return { now, later, metric };
}

/** Expects the same RangeError of all calls, and a metric whose state has not changed. */
async function expectRefusal(
  loss: AnyLossName,
  options: object,
  yTrue: Tensor,
  yPred: Tensor,
  message: string,
): Promise<void> {
  const { now, later, metric } = callsOf(loss, options, yTrue, yPred);
  metric.setState({ total: 3, count: 2 });
  const before = metric.getState();
  for (const call of now) expect(call).toThrow(new RangeError(message));
  for (const call of later) await expect(call()).rejects.toThrow(new RangeError(message));
  expect(metric.getState()).toEqual(before);
}

const scores = (shape: readonly number[]) =>
  tensor(new Float32Array(shape.reduce((n, m) => n * m, 1)).fill(0.5), shape);

forEachImplementation(() => {
  describe.each(allLossNames)("class ids of %s", (loss) => {
    test.each([
      ["int8", 3],
      ["int32", -1],
      ["int8", -128],
      ["uint8", 255],
      ["uint16", 65_535],
      ["int32", 2 ** 31 - 1],
      ["int32", -(2 ** 31)],
      ["uint32", 2 ** 31],
      ["uint32", 2 ** 32 - 1],
      ["int64", 2 ** 31],
      ["int64", 2 ** 32],
      ["int64", 2 ** 52],
      ["int64", -(2 ** 32)],
      ["float32", 0.5],
      ["float32", 2.0000002384185791],
      ["float32", -1],
      ["float32", Number.NaN],
      ["float64", Infinity],
      ["float64", -Infinity],
      ["float64", 2 ** 32],
      ["float64", 1e300],
      ["float64", 1e-300],
      ["float16", 1.5],
      ["bfloat16", Number.NaN],
    ] as const)("%s %d", async (dtype, id) => {
      const labels = dataOf(dtype, [0, 2, 1, id, id === 3 ? 7 : 3]);
      const message = `yTrue[3]: expected a class id from 0 to 2, received ${id}`;
      const yTrue = tensor(labels, [5], dtype);
      await expectRefusal(loss, { labels: "sparse" }, yTrue, scores([5, 3]), message);
    });

    test("in the first and the last place, and in labels of any rank", async () => {
      const options = { labels: "sparse" };
      for (const [rows, at, place] of [
        [[4], 0, "[0]"],
        [[4], 3, "[3]"],
        [[2, 3], 4, "[1][1]"],
        [[2, 3, 1], 4, "[1][1][0]"],
        [[2, 1, 3, 2], 7, "[1][0][0][1]"],
      ] as const) {
        const n = rows.reduce((product: number, each: number) => product * each, 1);
        const ids = new Int32Array(n);
        ids[at] = 9;
        if (at + 1 < n) ids[at + 1] = 8;
        const shape = rows.length === 3 ? [2, 3, 4] : [...rows, 4];
        const message = `yTrue${place}: expected a class id from 0 to 3, received 9`;
        await expectRefusal(loss, options, tensor(ids, rows), scores(shape), message);
      }
    });

    test("the first one of a strided tensor, in row-major order of its shape", async () => {
      const ids = { data: Int32Array.of(0, 7, 0, 9, 0, 0), shape: [2, 3], strides: [1, 2] };
      const own = makeLoss(loss, { labels: "sparse" });
      const message = "yTrue[1][0]: expected a class id from 0 to 3, received 7";
      expect(() => own.value(ids, scores([2, 3, 4]))).toThrow(new RangeError(message));
    });

    test("-0 is 0", () => {
      const options = { labels: "sparse", reduction: "sum" };
      const [own, other] = [-0, 0].map((id) =>
        makeLoss(loss, options).value(Float32Array.of(id, 1), scores([2, 3])),
      );
      expect(own).toBe(other);
    });
  });

  describe("the last of many rows", () => {
    afterAll(() => setNumThreads(availableParallelism()));

    test.each(allLossNames)("%s", async (loss) => {
      const rows = 100_000;
      const yPred = scores([rows, 3]);
      for (const [places, threads] of [
        [[rows - 1], 1],
        [[rows - 1], 2],
        [[70_001, rows - 1], 2],
      ] as const) {
        setNumThreads(threads);
        const ids = new Int32Array(rows);
        for (const [i, place] of places.entries()) ids[place] = 3 + i;
        const message = `yTrue[${places[0]}]: expected a class id from 0 to 2, received 3`;
        await expectRefusal(loss, { labels: "sparse" }, tensor(ids, [rows]), yPred, message);
      }
    });
  });

  describe.each(classLossNames)("one-hot labels of %s", (loss) => {
    test.each([
      ["two ones", [0, 1, 1]],
      ["no one", [0, 0, 0]],
      ["a 2", [0, 2, 0]],
      ["a one and a 2", [1, 2, 0]],
      ["a one and -1", [1, -1, 0]],
      ["a soft label", [0.5, 0.5, 0]],
      ["a NaN", [1, Number.NaN, 0]],
      ["nothing but NaN", [Number.NaN, Number.NaN, Number.NaN]],
      ["infinities that add up to nothing", [1, Infinity, -Infinity]],
    ])("%s", async (_, row) => {
      const options = { labels: "onehot" };
      for (const [shape, place, before, behind] of [
        [[4, 3], "[2]", 2, 1],
        [[2, 2, 3], "[1][0]", 2, 1],
        [[300, 3], "[299]", 299, 0],
      ] as const) {
        const rows = [...Array(before).fill([0, 0, 1]), row, ...Array(behind).fill([7, 7, 7])];
        const yTrue = tensor(Float32Array.from(rows.flat()), shape);
        const received = `[${Float32Array.from(row).join(", ")}]`;
        const message = `yTrue${place}: expected a row with one 1 among zeros, received ${received}`;
        await expectRefusal(loss, options, yTrue, scores(shape), message);
      }
    });

    test("in rows of more than a chunk", async () => {
      for (const [first, second] of [
        [3, 8192],
        [8192, 9999],
        [8193, 0],
      ]) {
        const labels = new Int8Array(20_000);
        labels[first] = labels[10_000 + 5] = labels[second] = 1;
        const yTrue = tensor(labels, [2, 10_000]);
        const shown = Array.from(labels.subarray(0, 10)).join(", ");
        const message = `yTrue[0]: expected a row with one 1 among zeros, received [${shown}, ...]`;
        await expectRefusal(loss, { labels: "onehot" }, yTrue, scores([2, 10_000]), message);
      }
    });
  });

  describe.each(allLossNames.filter((name) => writtenEncoding(name) === "signed"))(
    "binary labels of %s",
    (loss) => {
      test.each([
        ["int8", -1],
        ["float32", 2],
        ["float32", 0.5],
        ["float64", Number.NaN],
        ["float64", 1 + 2 ** -52],
        ["float64", 1e-300],
        ["uint8", 255],
        ["float32", Infinity],
      ] as const)("%s %d", async (dtype, label) => {
        for (const [shape, at, place] of [
          [[2, 3], 4, "[1][1]"],
          [[2, 3], 0, "[0][0]"],
          [[9000, 1], 8999, "[8999][0]"],
          [[2, 9000], 17_000, "[1][8000]"],
        ] as const) {
          const values = new Float64Array(shape[0] * shape[1]);
          values[at] = label;
          const yTrue = tensor(dataOf(dtype, values), shape, dtype);
          const message = `yTrue${place}: expected 0 or 1, received ${label}`;
          const predictions = tensor(new Float64Array(values.length), shape);
          const options = { labels: "binary" };
          const { now, later, metric } = callsOf(
            loss,
            { ...options, dtype: "float64" },
            yTrue,
            predictions,
          );
          // Functions have no dtype.
          const calls = now.filter((_, i) => i !== 6 && i !== 7);
          for (const call of calls) expect(call).toThrow(new RangeError(message));
          for (const call of [later[0], later[1], later[2], later[5]]) {
            await expect(call()).rejects.toThrow(new RangeError(message));
          }
          expect(metric.count).toBe(0);
          expect(() => functions[loss](yTrue, predictions, options as object)).toThrow(
            new RangeError(message),
          );
        }
      });

      test("0 and 1 are -1 and 1", () => {
        const yPred = scores([2, 3]);
        const binary = makeLoss(loss, { labels: "binary" });
        const signed = makeLoss(loss, { labels: "signed" });
        for (const labels of [
          [0, 1, 1, 0, 0, 1],
          [0, 0, 0, 0, 0, 0],
          [1, 1, 1, 1, 1, 1],
        ]) {
          const signs = labels.map((label) => 2 * label - 1);
          const [own, other] = [
            binary.valueAndGradient(tensor(Int8Array.from(labels), [2, 3]), yPred),
            signed.valueAndGradient(tensor(Int8Array.from(signs), [2, 3]), yPred),
          ];
          expect(own).toEqual(other);
        }
        // Signed labels of 0 and 1 are used unchanged.
        const zeros = tensor(new Int8Array(6), [2, 3]);
        expect(signed.value(zeros, yPred)).toBe(1);
        expect(makeLoss(loss, { labels: "auto" }).value(zeros, yPred)).not.toBe(1);
      });
    },
  );
});
