import { Worker } from "node:worker_threads";
import { type Dtype, Hinge, metrics, type Tensor, tensor } from "maxmargin";
import { describe, expect, test } from "vitest";
import { dataOf, filled } from "./support/data.js";
import { forEachImplementation } from "./support/implementations.js";
import { classes, lossNames, reductions } from "./support/losses.js";
import { expectSame } from "./support/same.js";

const floats = ["float16", "bfloat16", "float32", "float64"] as const;
const integers = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"] as const;
const signed = ["int8", "int16", "int32", "int64", ...floats] as const;

/** Values that are neither 0 nor 1, with dtypes that hold them exactly. */
const wrongValues: readonly (readonly [value: number, dtypes: readonly Dtype[]])[] = [
  [2, [...integers, ...floats]],
  [127, [...integers, ...floats]],
  [-1, signed],
  [0.5, floats],
  [1.5, floats],
  [NaN, floats],
  [Infinity, floats],
  [-Infinity, floats],
  [2 ** -24, floats],
  [2 ** -149, ["float32", "float64"]],
  [Number.MIN_VALUE, ["float64"]],
  [1 + Number.EPSILON, ["float64"]],
  [2 ** 40, ["int64", "float32", "float64"]],
];
const cases = wrongValues.flatMap(([value, dtypes]) =>
  dtypes.map((dtype) => [dtype, value] as const),
);

/** 1, 0, 1, 0, …, with one other value. */
function maskWith(dtype: Dtype, shape: readonly number[], place: number, value: number): Tensor {
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  const numbers = Array.from({ length: size }, (_, i) => (i === place ? value : (i + 1) % 2));
  return tensor(dataOf(dtype, numbers), shape, dtype);
}

const batchOf = (shape: readonly number[]) => {
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  const labels = filled(new Float32Array(size), (i) => (i % 3 === 0 ? 1 : -1));
  const predictions = filled(new Float32Array(size), (i) => ((i % 251) - 125) / 50);
  return { yTrue: tensor(labels, shape), yPred: tensor(predictions, shape) };
};

const errorOf = (value: number, place: string) =>
  new RangeError(`mask${place}: expected 0 or 1, received ${value}`);

forEachImplementation(() => {
  describe.each(lossNames)("%s", (name) => {
    test.each(reductions)("refuses a value that is neither 0 nor 1, reduction %s", (reduction) => {
      const loss = new classes[name]({ reduction });
      for (const [dtype, value] of cases) {
        // One tile of rows, several, and rows of more than a chunk.
        for (const [rows, width, place] of [
          [4, 3, 3],
          [300, 1, 130],
          [3, 9000, 2],
        ] as const) {
          if (rows === 3 && value !== 2) continue;
          const { yTrue, yPred } = batchOf([rows, width]);
          const mask = maskWith(dtype, [rows], place, value);
          for (const options of [{ mask }, { mask, sampleWeight: new Float32Array(rows) }]) {
            const error = errorOf(value, `[${place}]`);
            expect(() => loss.value(yTrue, yPred, options)).toThrow(error);
            expect(() => loss.gradient(yTrue, yPred, options)).toThrow(error);
          }
        }
      }
    });

    test.each(reductions)("refuses one in a mask that is broadcast, reduction %s", (reduction) => {
      const loss = new classes[name]({ reduction });
      const { yTrue, yPred } = batchOf([4, 3, 2]);
      for (const [dtype, value] of cases) {
        for (const [shape, place, path] of [
          [[3], 1, "[1]"],
          [[1, 3], 2, "[0][2]"],
          [[4, 1], 3, "[3][0]"],
          [[], 0, ""],
          [[2, 4, 3], 23, "[1][3][2]"],
        ] as const) {
          const mask = maskWith(dtype, shape, place, value);
          const error = errorOf(value, path);
          expect(() => loss.value(yTrue, yPred, { mask })).toThrow(error);
          expect(() => loss.valueAndGradient(yTrue, yPred, { mask })).toThrow(error);
        }
      }
      // Labels that are broadcast take another way.
      const own = tensor(Float32Array.of(1, -1), [2]);
      const mask = maskWith("float32", [4, 3], 7, 0.5);
      expect(() => loss.value(own, yPred, { mask })).toThrow(errorOf(0.5, "[2][1]"));
    });

    test.each(["as it is", "shared", "transfer"])(
      "refuses one off the event loop, %s",
      async (way) => {
        const transfer = way === "transfer";
        const given = way === "shared" ? shared : copied;
        // At once, in slices, and in rows of more than a chunk.
        for (const [rows, width, dtype, value, place] of [
          [4, 3, "float16", 0.5, 3],
          [70_001, 1, "float32", NaN, 70_000],
          [70_001, 1, "uint8", 3, 0],
          [9, 9000, "float64", -1, 8],
        ] as const) {
          const { yTrue, yPred } = batchOf([rows, width]);
          const mask = maskWith(dtype, [rows], place, value);
          for (const reduction of ["mean", null] as const) {
            const loss = new classes[name]({ reduction });
            const args = () =>
              [given(yTrue), given(yPred), { mask: given(mask), transfer }] as const;
            for (const call of [
              () => loss.valueAsync(...args()),
              () => loss.gradientAsync(...args()),
            ]) {
              await expect(call()).rejects.toThrow(errorOf(value, `[${place}]`));
            }
          }
        }
      },
    );
  });

  test("names the first of several", () => {
    const { yTrue, yPred } = batchOf([100_000, 1]);
    const mask = new Float32Array(100_000).fill(1);
    mask[99_999] = 3;
    mask[5000] = -2;
    mask[70_000] = NaN;
    expect(() => new Hinge().value(yTrue, yPred, { mask })).toThrow(errorOf(-2, "[5000]"));
  });

  test("the weighted mean of nothing but a weight of 0 is refused all the same", () => {
    const { yTrue, yPred } = batchOf([2, 1]);
    const loss = new Hinge({ reduction: "mean_with_sample_weight" });
    const options = { sampleWeight: [0, 0], mask: [1, 0.5] };
    expect(() => loss.value(yTrue, yPred, options)).toThrow(errorOf(0.5, "[1]"));
    expect(() => loss.gradient(yTrue, yPred, options)).toThrow(errorOf(0.5, "[1]"));
  });

  test("an empty batch", () => {
    const { yTrue, yPred } = batchOf([0, 3]);
    expect(() => new Hinge().value(yTrue, yPred, { mask: 0.5 })).toThrow(errorOf(0.5, ""));
    expect(new Hinge().value(yTrue, yPred, { mask: 1 })).toBe(0);
  });

  test.each(lossNames)("a batch of %s that weights without values make empty", (name) => {
    const yTrue = tensor(new Float32Array(4).fill(1), [2, 2]);
    const yPred = tensor(Float32Array.of(0, 1, 1, 0), [2, 2]);
    const sampleWeight = tensor(new Float32Array(0), [0, 2]);
    const loss = new classes[name]({ reduction: "sum" });
    expect(() => loss.value(yTrue, yPred, { sampleWeight, mask: [1, 0.5] })).toThrow(
      errorOf(0.5, "[1]"),
    );
    expect(loss.value(yTrue, yPred, { sampleWeight, mask: [1, 0] })).toBe(0);
  });

  test("a metric refuses one, and keeps its state", () => {
    const metric = new metrics.Hinge();
    const { yTrue, yPred } = batchOf([4, 3]);
    metric.updateState(yTrue, yPred, { mask: [1, 0, 1, 1] });
    const before = metric.getState();
    for (const [dtype, value] of cases) {
      for (const sampleWeight of [null, [1, 2, 3, 4]]) {
        const mask = maskWith(dtype, [4], 2, value);
        expect(() => metric.updateState(yTrue, yPred, { mask, sampleWeight })).toThrow(
          errorOf(value, "[2]"),
        );
      }
    }
    expect(metric.getState()).toEqual(before);
  });

  test("0, -0, 1, false, true, and any byte of a bool", () => {
    const { yTrue, yPred } = batchOf([4, 3]);
    const own = maskWith("float32", [4], 4, 0);
    for (const reduction of reductions) {
      const loss = new Hinge({ reduction });
      const expected = loss.valueAndGradient(yTrue, yPred, { mask: own });
      const bytes = tensor(Uint8Array.of(255, 0, 2, 0), [4], "bool");
      const masks = [bytes, [true, false, true, false], [1, -0, 1, 0]];
      for (const mask of [...masks, ...floats.map((dtype) => maskWith(dtype, [4], 1, -0))]) {
        const { value, gradient } = loss.valueAndGradient(yTrue, yPred, { mask });
        expectSame(value, expected.value);
        expectSame(gradient, expected.gradient);
        expectSame(loss.value(yTrue, yPred, { mask }), expected.value);
      }
    }
  });
});

function inBuffer(buffer: ArrayBufferLike, { data, shape, dtype }: Tensor): Tensor {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  new Uint8Array(buffer).set(bytes);
  const Kind = data.constructor as new (buffer: ArrayBufferLike) => Float32Array;
  return tensor(new Kind(buffer), shape, dtype as "float32");
}

const shared = (tensor: Tensor) => inBuffer(new SharedArrayBuffer(tensor.data.byteLength), tensor);
const copied = (tensor: Tensor) => inBuffer(new ArrayBuffer(tensor.data.byteLength), tensor);

test("another thread that writes to the mask does not end the process", async () => {
  const rows = 200_000;
  const { yTrue, yPred } = batchOf([rows, 1]);
  const mask = shared(tensor(new Float32Array(rows).fill(1), [rows]));
  const code = `
    const { workerData } = require("node:worker_threads");
    const values = new Float32Array(workerData);
    for (let i = 0; ; i = (i + 1) % values.length) values[i] = values[i] === 1 ? 0.5 : 1;
  `;
  const worker = new Worker(code, { eval: true, workerData: mask.data.buffer });
  const outcomes = new Set<string>();
  for (const reduction of ["sum", null] as const) {
    const loss = new Hinge({ reduction });
    for (let i = 0; i < 30; i++) {
      for (const call of [
        () => loss.value(yTrue, yPred, { mask }),
        () => loss.gradient(yTrue, yPred, { mask }),
        () => loss.valueAsync(shared(yTrue), shared(yPred), { mask }),
      ]) {
        try {
          await call();
        } catch (error) {
          outcomes.add((error as Error).message.replace(/\[\d+\]/, ""));
        }
      }
    }
  }
  await worker.terminate();
  const possible = [
    "mask: expected 0 or 1, received 0.5",
    "mask: expected 0 or 1 everywhere, received values that changed in the meantime",
  ];
  expect([...outcomes].filter((message) => !possible.includes(message))).toEqual([]);
  expect(outcomes.size).toBeGreaterThan(0);
});
