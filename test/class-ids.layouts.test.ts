// Class ids and predictions in memory of any layout, broadcast weights, and calls of every kind.
import {
  callAsync,
  gradientAsync,
  type Tensor,
  type TensorLike,
  tensor,
  valueAndGradient,
} from "maxmargin";
import { describe, expect, test } from "vitest";
import {
  bitsOfAll,
  type ClassBatch,
  classBatch,
  idsOf,
  otherBits,
  parametersAt,
} from "./support/class-batches.js";
import { written, writtenEncoding } from "./support/class-labels.js";
import { dataOf, generator } from "./support/data.js";
import { forEachImplementation } from "./support/implementations.js";
import { allLossNames, functions, makeLoss, makeMetric } from "./support/losses.js";
import { expectSame } from "./support/same.js";

/** Values with strides, and the memory around them filled with something else. */
function strided(values: ArrayLike<number>, shape: readonly number[], strides: readonly number[]) {
  const rank = shape.length;
  const offset = shape.reduce(
    (sum, n, axis) => sum + (strides[axis] < 0 ? -strides[axis] * (n - 1) : 0),
    1,
  );
  const length = shape.reduce((sum, n, axis) => sum + Math.abs(strides[axis]) * (n - 1), 3);
  const data = new Int32Array(length).fill(-7);
  for (let i = 0; i < values.length; i++) {
    let rest = i;
    let at = offset;
    for (let axis = rank - 1; axis >= 0; axis--) {
      at += (rest % shape[axis]) * strides[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    data[at] = values[i];
  }
  return { data, shape, strides, offset };
}

/** The predictions with their axes in reverse order in memory. */
function transposed({ scores, shape, yPred }: ClassBatch) {
  const strides = shape.map((_, axis) =>
    shape.slice(0, axis).reduce((product, n) => product * n, 1),
  );
  const turned = new Float64Array(scores.length);
  scores.forEach((score, i) => {
    let rest = i;
    let at = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += (rest % shape[axis]) * strides[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    turned[at] = score;
  });
  return { data: dataOf(yPred.dtype, turned), shape, strides, dtype: yPred.dtype };
}

const shapes = [
  [7, 3],
  [40, 10],
  [5, 129],
  [2, 3, 4],
  [3, 2, 2, 5],
  [2, 8193],
] as const;

forEachImplementation(() => {
  describe.each(allLossNames)("%s", (loss) => {
    const batches = shapes.map((shape, i) => ({
      batch: classBatch("ties", i % 2 === 0 ? "float32" : "float64", shape, generator(51)),
      options: { ...parametersAt(loss, i), labels: "sparse" },
    }));

    test("ids of any strides", () => {
      for (const { batch, options } of batches) {
        const { ids, yPred } = batch;
        const rows = batch.shape.slice(0, -1);
        const expected = bitsOfAll(loss, { ...options, dtype: yPred.dtype }, idsOf(batch), yPred);
        const rowMajor = rows.map((_, axis) => rows.slice(axis + 1).reduce((n, m) => n * m, 1));
        const fortran = rows.map((_, axis) => rows.slice(0, axis).reduce((n, m) => n * m, 1));
        for (const strides of [
          rowMajor.map((stride) => 2 * stride),
          rowMajor.map((stride) => -stride),
          fortran,
          fortran.map((stride, axis) => (axis === 0 ? -3 : 3) * stride),
        ]) {
          const own = strided(ids, rows, strides);
          const column = { ...own, shape: [...rows, 1], strides: [...strides, 5] };
          for (const labels of [own, column]) {
            const bits = bitsOfAll(loss, { ...options, dtype: yPred.dtype }, labels, yPred);
            expect(otherBits(expected, bits), `${batch.title}, ${strides}`).toEqual([]);
          }
        }
      }
    });

    test("transposed predictions", () => {
      for (const { batch, options } of batches) {
        const own = { ...options, dtype: batch.yPred.dtype };
        const expected = bitsOfAll(loss, own, idsOf(batch), batch.yPred);
        const bits = bitsOfAll(loss, own, idsOf(batch), transposed(batch));
        expect(otherBits(expected, bits), batch.title).toEqual([]);
      }
    });

    test("a last axis of 1, lists, and repeated ids", () => {
      const { batch, options } = batches[3];
      const { ids, yPred, shape } = batch;
      const own = makeLoss(loss, { ...options, dtype: "float64", reduction: null });
      const expected = own.value(idsOf(batch), yPred) as Tensor;
      expect(expected.shape).toEqual([2, 3]);
      const list = [0, 1].map((i) => [...ids.subarray(3 * i, 3 * i + 3)]);
      const column = list.map((row) => row.map((id) => [id]));
      for (const labels of [list, column, tensor(Int8Array.from(ids), [2, 3, 1])]) {
        expectSame(own.value(labels, yPred) as Tensor, expected);
      }
      const repeated = { data: Int32Array.of(1), shape: [2, 3], strides: [0, 0] };
      const ones = written(loss, new Float64Array(6).fill(1), shape);
      const other = makeLoss(loss, {
        ...options,
        labels: writtenEncoding(loss),
        dtype: "float64",
        reduction: null,
      });
      expectSame(own.value(repeated, yPred) as Tensor, other.value(ones, yPred) as Tensor);
    });

    test("a row of predictions has one id", () => {
      const yPred = Float32Array.of(0.5, -1, 2);
      for (const id of [0, 1, 2]) {
        const options = { labels: "sparse", reduction: "sum" };
        const expected = makeLoss(loss, options).value([id], tensor(yPred, [1, 3])) as number;
        for (const labels of [id, [id], tensor(Int8Array.of(id), [])]) {
          expect(makeLoss(loss, options).value(labels, yPred)).toBe(expected);
          expect([...functions[loss](labels, yPred, { labels: "sparse" } as object).data]).toEqual([
            expected,
          ]);
        }
      }
    });

    test("shapes that are not those of the rows", () => {
      const own = makeLoss(loss, { labels: "sparse" });
      const zeros = (shape: readonly number[]) =>
        tensor(new Int8Array(shape.reduce((n, m) => n * m, 1)), shape);
      for (const [labels, predictions, expected] of [
        [[7], [1, 3], "shape [1] or [1, 1]"],
        [[6], [7, 3], "shape [7] or [7, 1]"],
        [[1], [7, 3], "shape [7] or [7, 1]"],
        [[7, 2], [7, 3], "shape [7] or [7, 1]"],
        [[1, 7], [7, 3], "shape [7] or [7, 1]"],
        [[], [7, 3], "shape [7] or [7, 1]"],
        [[3, 2], [2, 3, 4], "shape [2, 3] or [2, 3, 1]"],
        [[6], [2, 3, 4], "shape [2, 3] or [2, 3, 1]"],
      ] as const) {
        const call = () => own.value(zeros(labels), zeros(predictions));
        expect(call).toThrow(RangeError);
        expect(call).toThrow(
          `yTrue: expected a class id for each row, ${expected}, received shape [${labels.join(", ")}]`,
        );
      }
      expect(() => own.value(0, 0)).toThrow(RangeError);
      expect(() => own.value(zeros([3]), zeros([3, 0]))).toThrow(
        "yPred: expected at least one class in the last axis",
      );
      expect(own.value(zeros([0]), zeros([0, 3]))).toBe(0);
    });

    test("one-hot labels in place of ids get advice", () => {
      if (writtenEncoding(loss) === "signed") return;
      const own = makeLoss(loss, { labels: "sparse" });
      expect(() =>
        own.value(
          [
            [0, 1],
            [1, 0],
          ],
          [
            [1, 2],
            [3, 4],
          ],
        ),
      ).toThrow('for one-hot labels set labels: "onehot", received shape [2, 2]');
    });

    test("weights that repeat the losses", () => {
      const { batch, options } = batches[3];
      const { ids, shape, yPred } = batch;
      const sampleWeight = tensor(
        Float32Array.of(0.5, -1, 2, 3, 0.25, 1, 1, 2, 0, 4, 5, 6),
        [2, 2, 3],
      );
      const mask = tensor(Uint8Array.of(1, 0), [2, 1, 1], "bool");
      for (const weighting of [{ sampleWeight }, { mask }, { sampleWeight, mask }]) {
        const sparse = bitsOfAll(loss, options, idsOf(batch), yPred, weighting);
        const encoding = { ...options, labels: writtenEncoding(loss) };
        const others = bitsOfAll(loss, encoding, written(loss, ids, shape), yPred, weighting);
        expect(otherBits(sparse, others)).toEqual([]);
      }
      const own = makeLoss(loss, { ...options, reduction: null });
      const losses = own.value(idsOf(batch), yPred, { sampleWeight }) as Tensor;
      expect(losses.shape).toEqual([2, 2, 3]);
    });

    test("later, in slices, and in the background", async () => {
      const batch = classBatch("ordinary", "float32", [40_000, 10], generator(52));
      const { ids, shape } = batch;
      const sampleWeight = Float32Array.from({ length: 40_000 }, (_, i) => (i % 7) / 4);
      const shared = (array: Float32Array | Int32Array): TensorLike => {
        const Kind = array.constructor as Float32ArrayConstructor;
        const copy = new Kind(new SharedArrayBuffer(array.byteLength));
        copy.set(array);
        return copy;
      };
      const own = makeLoss(loss, { labels: "sparse", ...parametersAt(loss, 6) });
      const other = makeLoss(loss, { labels: writtenEncoding(loss), ...parametersAt(loss, 6) });
      const labels = Int32Array.from(ids);
      const yPred = batch.yPred.data as Float32Array;
      const expected = other.valueAndGradient(written(loss, ids, shape), batch.yPred, {
        sampleWeight,
      });
      for (const [y, p] of [
        [labels, batch.yPred],
        [shared(labels), tensor(shared(yPred) as Float32Array, shape)],
      ] as const) {
        const both = await own.valueAndGradientAsync(y, p, { sampleWeight });
        expectSame(both.value as number, expected.value as number);
        expectSame(both.gradient, expected.gradient);
        expect(await own.valueAsync(y, p, { sampleWeight })).toBe(expected.value);
      }
      const given = { yTrue: labels.slice(), yPred: tensor(yPred.slice(), shape) };
      const moved = await own.gradientAsync(given.yTrue, given.yPred, {
        sampleWeight: sampleWeight.slice(),
        transfer: true,
      });
      expectSame(moved.gradient, expected.gradient);
      expect(given.yTrue).toHaveLength(0);
      expect(moved.yTrue.data).toEqual(labels);
    });

    test("out, functions and metrics", async () => {
      const { batch, options } = batches[0];
      const { ids, shape, yPred } = batch;
      const encoding = { ...options, labels: writtenEncoding(loss) } as object;
      const of = functions[loss];
      const expected = valueAndGradient(of, written(loss, ids, shape), yPred, encoding);
      const out = new Float32Array(7);
      expect(of(idsOf(batch), yPred, { ...options, out } as object).data).toBe(out);
      expectSame(tensor(out, [7]), expected.value as Tensor);
      const slopes = new Float32Array(21);
      const own = { ...options, out: slopes } as object;
      expect((await gradientAsync(of, idsOf(batch), yPred, own)).data).toBe(slopes);
      expectSame(tensor(slopes, shape), expected.gradient as Tensor);
      expectSame(
        (await callAsync(of, idsOf(batch), yPred, options as object)) as Tensor,
        expected.value as Tensor,
      );
      const [metric, other] = [options, encoding].map((each) => makeMetric(loss, each));
      for (const weighting of [undefined, { sampleWeight: [1, 2, 0, 4, 0.5, 6, 7] }]) {
        metric.updateState(idsOf(batch), yPred, weighting);
        other.updateState(written(loss, ids, shape), yPred, weighting);
        await metric.updateStateAsync(idsOf(batch), yPred, weighting);
        await other.updateStateAsync(written(loss, ids, shape), yPred, weighting);
      }
      expect(metric.getState()).toEqual(other.getState());
      expect(metric.result()).toBeGreaterThan(0);
    });
  });
});
