import {
  CategoricalHinge,
  Hinge,
  hinge,
  Loss,
  SquaredHinge,
  setBackend,
  type Tensor,
  tensor,
} from "maxmargin";
import { describe, expect, test } from "vitest";
import { generator, randomPredictions } from "./support/data.js";
import { forEachImplementation } from "./support/implementations.js";
import {
  classes,
  functions,
  lossNames,
  lossOf,
  reductions,
  scalarReductions,
} from "./support/losses.js";

describe("configs", () => {
  describe.each(lossNames)("%s", (name) => {
    const Class = classes[name];

    test("has Keras's defaults", () => {
      const loss = new Class();
      expect(loss.name).toBe(name);
      expect(loss.reduction).toBe("sum_over_batch_size");
      expect(loss.getConfig()).toEqual({ name, reduction: "sum_over_batch_size" });
      expect(new Class({}).getConfig()).toEqual(loss.getConfig());
      expect(loss).toBeInstanceOf(Loss);
    });

    test.each(reductions)("survives the round trip with reduction %s", (reduction) => {
      const loss = new Class({ name: "mine", reduction });
      const config = loss.getConfig();
      expect(config).toEqual({ name: "mine", reduction });
      const again = Class.fromConfig(JSON.parse(JSON.stringify(config)) as typeof config);
      expect(again).toBeInstanceOf(Class);
      expect(again.getConfig()).toEqual(config);
      expect(again.name).toBe("mine");
      expect(again.reduction).toBe(reduction);
    });

    test("keeps a custom name, and does not number the default one", () => {
      expect(new Class({ name: "mine" }).name).toBe("mine");
      expect([new Class().name, new Class().name]).toEqual([name, name]);
    });
  });

  test("the three losses differ", () => {
    const yTrue = tensor(Int8Array.of(1, 0, 0), [1, 3]);
    const yPred = tensor(Float32Array.of(-1, 0.5, 0.25), [1, 3]);
    const results = [new Hinge(), new SquaredHinge(), new CategoricalHinge()].map((loss) =>
      loss.value(yTrue, yPred),
    );
    expect(results).toEqual([4.75 / 3, (4 + 2.25 + 1.5625) / 3, 2.5].map(Math.fround));
  });
});

forEachImplementation(() => {
  const random = generator(3);
  const batches = [[40], [6, 5], [50, 7], [3, 4, 5], [2, 3, 4, 5], [2, 9000], [9000, 2]].map(
    (shape) => {
      const n = shape.reduce((size, dimension) => size * dimension, 1);
      const labels = Int8Array.from({ length: n }, () => (random() < 0.5 ? 0 : 1));
      return [tensor(labels, shape), tensor(randomPredictions(n, random), shape)] as const;
    },
  );

  describe.each(lossNames)("%s", (name) => {
    test("function, call and value agree", () => {
      for (const [yTrue, yPred] of batches) {
        const rows = functions[name](yTrue, yPred);
        expect(rows.shape).toEqual(yPred.shape.slice(0, -1));
        for (const reduction of reductions) {
          expect(lossOf(name, reduction).call(yTrue, yPred)).toEqual(rows);
        }
        expect(lossOf(name, null).value(yTrue, yPred)).toEqual(rows);
        expect(lossOf(name, "none").value(yTrue, yPred)).toEqual(rows);

        const sum = [...rows.data].reduce((a, b) => a + b, 0);
        const of = (reduction: (typeof scalarReductions)[number]) =>
          lossOf(name, reduction).value(yTrue, yPred);
        expect(Math.abs(of("sum") - sum)).toBeLessThanOrEqual(1e-6 * sum);
        expect(Math.abs(of("mean") - sum / rows.data.length)).toBeLessThanOrEqual(1e-6 * sum);
        expect(of("mean")).toBe(of("sum_over_batch_size"));
      }
    });

    test("a rank-1 batch is one row", () => {
      for (const [yTrue, yPred] of batches) {
        const [labels, predictions] = [yTrue.data, yPred.data];
        const rows = functions[name](labels, predictions);
        expect(rows.shape).toEqual([]);
        expect(rows.data).toHaveLength(1);
        const asRow = [1, labels.length];
        const row = functions[name](tensor(labels, asRow), tensor(predictions, asRow));
        expect(row.shape).toEqual([1]);
        expect(row.data).toEqual(rows.data);
        for (const reduction of scalarReductions) {
          expect(lossOf(name, reduction).value(labels, predictions)).toBe(rows.data[0]);
        }
      }
    });

    test("results are float32, and new ones at every call", () => {
      for (const [yTrue, yPred] of batches) {
        for (const reduction of scalarReductions) {
          const result = lossOf(name, reduction).value(yTrue, yPred);
          expect(result).toBe(Math.fround(result));
          expect(result).toBeGreaterThan(0);
        }
        const first = functions[name](yTrue, yPred);
        const second = functions[name](yTrue, yPred);
        expect(first.dtype).toBe("float32");
        expect(first.data).toBeInstanceOf(Float32Array);
        expect(first.data).not.toBe(second.data);
      }
    });

    test("accepts every tensor-like", () => {
      const labels = [
        [0, 1, 1],
        [1, 0, 0],
      ];
      const predictions = [
        [0.5, -0.25, 2],
        [0.125, 1, -1],
      ];
      const shape = [2, 3];
      const yTrue = Int8Array.from(labels.flat());
      const yPred = Float32Array.from(predictions.flat());
      const expected = functions[name](tensor(yTrue, shape), tensor(yPred, shape));
      expect(expected.data).toHaveLength(2);
      for (const likeLabels of [
        labels,
        labels.map((row) => row.map(Boolean)),
        [
          [0, 1, true],
          [true, false, 0],
        ],
        { data: yTrue, shape },
        { data: Uint8Array.from(yTrue), shape, dtype: "bool" },
        { data: Float64Array.from(yTrue), shape, dtype: "float64" },
        { data: BigInt64Array.from([...yTrue], BigInt), shape },
        tensor(labels),
        tensor(labels.flat(), shape),
        tensor(tensor(yTrue) as never, shape),
      ] as const) {
        for (const likePredictions of [
          predictions,
          { data: yPred, shape },
          tensor(predictions),
          tensor(predictions.flat(), shape, "float32"),
        ]) {
          expect(functions[name](likeLabels, likePredictions)).toEqual(expected);
        }
      }
      // A tensor that a loss made is one.
      expect(functions[name](expected, expected).shape).toEqual([]);
    });
  });

  test("numbers are rank 0, nested arrays have the shape of their nesting", () => {
    expect(tensor(3)).toMatchObject({ shape: [], dtype: "float32", data: Float32Array.of(3) });
    expect(tensor(true)).toMatchObject({ shape: [], dtype: "bool", data: Uint8Array.of(1) });
    expect(tensor(3, [1, 1]).shape).toEqual([1, 1]);
    expect(tensor([[[1], [2]]])).toMatchObject({ shape: [1, 2, 1], dtype: "float32" });
    expect(tensor([[true], [false]])).toMatchObject({ shape: [2, 1], dtype: "bool" });
    expect(tensor([1, true])).toMatchObject({ shape: [2], dtype: "float32" });
    expect(tensor([[], []])).toMatchObject({ shape: [2, 0], dtype: "float32" });
    expect(tensor(new Int8Array(6)).shape).toEqual([6]);
  });

  test("a shape may change after a tensor was made of it, the tensor does not", () => {
    const shape = [2, 2];
    const yPred = tensor(new Float32Array(4), shape);
    shape[0] = 9;
    expect(yPred.shape).toEqual([2, 2]);
    expect(Object.isFrozen(yPred.shape)).toBe(true);
    expect([...hinge(tensor(Int8Array.of(1, 1, 1, 1), [2, 2]), yPred).data]).toEqual([1, 1]);
  });

  test("a mean fits in float32 where its sum does not", () => {
    const n = 1000;
    const yTrue = new Int8Array(n).fill(-1);
    const yPred = new Float32Array(n).fill(3e38);
    const column = (data: Tensor["data"]) => tensor(data, [n, 1]);
    for (const reduction of ["mean", "sum_over_batch_size"] as const) {
      expect(lossOf("hinge", reduction).value(yTrue, yPred)).toBe(Math.fround(3e38));
      expect(lossOf("hinge", reduction).value(column(yTrue), column(yPred))).toBe(
        Math.fround(3e38),
      );
    }
    expect(lossOf("hinge", "sum").value(column(yTrue), column(yPred))).toBe(Infinity);
  });
});

test("a loss computes with the backend chosen at the time of a call", () => {
  const loss = new Hinge({ reduction: null });
  const yTrue = new Int8Array(100).fill(1);
  const yPred = new Float32Array(100);
  setBackend("js");
  const expected = loss.value(yTrue, yPred);
  setBackend("native");
  expect(loss.value(yTrue, yPred)).toEqual(expected);
  setBackend("auto");
  expect(expected.data).toEqual(Float32Array.of(1));
});
