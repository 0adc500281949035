import { runInNewContext } from "node:vm";
import { type Tensor, type TensorLike, tensor } from "maxmargin";
import { describe, expect, test } from "vitest";
import { detach, ResizableBuffer } from "./support/buffers.js";
import { dataOf, generator, randomPredictions } from "./support/data.js";
import { forEachImplementation } from "./support/implementations.js";
import { functions, type LossName, lossNames, lossOf, reductions } from "./support/losses.js";

const shapes = [
  [1],
  [7],
  [64],
  [65],
  [300],
  [9000],
  [40, 1],
  [31, 3],
  [20, 64],
  [9, 100],
  [2, 8193],
];

const sizeOf = (shape: readonly number[]) => shape.reduce((n, dimension) => n * dimension, 1);

const random = generator(11);

/** What a loss makes of the same numbers in arrays of their own. */
function resultsOf(loss: LossName, yTrue: Tensor, yPred: Tensor): unknown[] {
  return reductions.map((reduction) => {
    const result = lossOf(loss, reduction).value(yTrue, yPred);
    return typeof result === "number" ? result : Buffer.from(result.data.buffer).toString("hex");
  });
}

/** Every loss of every shape with labels and predictions from elsewhere, against compact ones. */
function expectSameAs(
  place: (labels: Tensor["data"], predictions: Float32Array) => [Tensor["data"], Float32Array],
  dtypes: readonly ("float32" | "int8" | "uint8")[] = ["float32", "int8", "uint8"],
): void {
  let compared = 0;
  for (const shape of shapes) {
    const n = sizeOf(shape);
    for (const dtype of dtypes) {
      const labels = dataOf(
        dtype,
        Array.from({ length: n }, () => (random() < 0.5 ? 0 : 1)),
      );
      const predictions = randomPredictions(n, random);
      const [otherLabels, otherPredictions] = place(labels, predictions);
      expect([otherLabels.length, otherPredictions.length]).toEqual([n, n]);
      expect(otherLabels === labels && otherPredictions === predictions).toBe(false);
      for (const loss of lossNames) {
        compared++;
        expect(
          resultsOf(loss, tensor(otherLabels, shape), tensor(otherPredictions, shape)),
        ).toEqual(resultsOf(loss, tensor(labels, shape), tensor(predictions, shape)));
      }
    }
  }
  expect(compared).toBe(shapes.length * dtypes.length * lossNames.length);
}

/** A copy of `values` in the middle of a larger buffer full of `poison`. */
function within<T extends Tensor["data"]>(values: T, before: number, poison: number): T {
  const { BYTES_PER_ELEMENT: size, length } = values;
  const Kind = values.constructor as unknown as new (
    buffer: ArrayBuffer,
    byteOffset?: number,
    length?: number,
  ) => T;
  const buffer = new ArrayBuffer(Math.ceil((before + length * size + 256) / size) * size);
  new Uint8Array(buffer).fill(77);
  if (size === 4) new Float32Array(buffer).fill(poison);
  const view = new Kind(buffer, before, length);
  (view as Float32Array).set(values as Float32Array);
  return view;
}

forEachImplementation(() => {
  describe("views", () => {
    test.each([4, 12, 20])("float32 at byte offset %d, with NaN on both sides", (offset) => {
      expectSameAs((labels, predictions) => [
        within(labels, labels.BYTES_PER_ELEMENT === 1 ? offset + 1 : offset, NaN),
        within(predictions, offset, NaN),
      ]);
    });

    test.each([1, 3, 13])(
      "labels of a byte at byte offset %d, with others on both sides",
      (offset) => {
        // Neighbours of 77 would also spoil labels of 0 and 1.
        expectSameAs(
          (labels, predictions) => [within(labels, offset, 77), within(predictions, 8, Infinity)],
          ["int8", "uint8"],
        );
      },
    );

    test("subarrays", () => {
      expectSameAs((labels, predictions) => {
        const around = new Float32Array(predictions.length + 20).fill(NaN);
        around.set(predictions, 9);
        return [labels.subarray(0), around.subarray(9, 9 + predictions.length)];
      });
    });

    test("shared memory", () => {
      expectSameAs((labels, predictions) => {
        const shared = new Float32Array(new SharedArrayBuffer(predictions.byteLength + 4), 4);
        shared.set(predictions);
        const Kind = labels.constructor as Float32ArrayConstructor;
        const sharedLabels = new Kind(new SharedArrayBuffer(labels.byteLength));
        sharedLabels.set(labels as Float32Array);
        expect(sharedLabels.buffer).toBeInstanceOf(SharedArrayBuffer);
        return [sharedLabels as Tensor["data"], shared as Float32Array];
      });
    });

    test("resizable memory", () => {
      expectSameAs((labels, predictions) => {
        const buffer = new ResizableBuffer(predictions.byteLength, {
          maxByteLength: 2 * predictions.byteLength,
        });
        const view = new Float32Array(buffer);
        view.set(predictions);
        return [labels, view];
      });
    });

    test("labels and predictions in one buffer, and the very same array", () => {
      expectSameAs((labels, predictions) => {
        const buffer = new ArrayBuffer(predictions.byteLength + labels.byteLength);
        const view = new Float32Array(buffer, 0, predictions.length);
        view.set(predictions);
        const Kind = labels.constructor as Float32ArrayConstructor;
        const labelView = new Kind(buffer, predictions.byteLength, labels.length);
        labelView.set(labels as Float32Array);
        return [labelView as Tensor["data"], view];
      });
      const both = randomPredictions(500, random);
      expect(functions.hinge(both, both).data).toEqual(functions.hinge(both, both.slice()).data);
    });

    test("arrays of another realm", () => {
      expectSameAs((labels, predictions) => {
        const there = (values: Tensor["data"]) => {
          const foreign: unknown = runInNewContext(`new ${values.constructor.name}(values)`, {
            values: [...(values as Float32Array)],
          });
          expect(foreign).not.toBeInstanceOf(values.constructor);
          return foreign;
        };
        return [there(labels) as Tensor["data"], there(predictions) as Float32Array];
      });
    });

    test("labels in a Uint8ClampedArray", () => {
      expectSameAs(
        (labels, predictions) => [Uint8ClampedArray.from(labels as Uint8Array), predictions],
        ["uint8"],
      );
    });

    test("arrays and tensors are read when a loss is called, not before, and never written", () => {
      const data = Float32Array.of(0.5, 0.5, 0.5, 0.5);
      const labels = Int8Array.of(1, 1, 1, 1);
      const yTrue = tensor(labels, [2, 2]);
      const yPred = tensor(data, [2, 2]);
      expect(yPred.data).toBe(data);
      expect([...functions.hinge(yTrue, yPred).data]).toEqual([0.5, 0.5]);
      data[0] = -0.5;
      expect([...functions.hinge(yTrue, yPred).data]).toEqual([1, 0.5]);
      labels[3] = 0;
      expect([...functions.hinge(yTrue, yPred).data]).toEqual([1, 1]);
      expect([...labels]).toEqual([1, 1, 1, 0]);
      expect([...data]).toEqual([-0.5, 0.5, 0.5, 0.5]);
    });
  });

  describe("empty", () => {
    const empty = (shape: readonly number[]) =>
      [tensor(new Int8Array(0), shape), tensor(new Float32Array(0), shape)] as const;

    describe.each(lossNames)("%s", (loss) => {
      test.each([[[0, 3]], [[0, 1]], [[0, 2, 3]], [[2, 0, 3]], [[0, 1, 2, 3]]])(
        "batches of shape %j reduce to 0",
        (shape) => {
          for (const reduction of ["sum", "sum_over_batch_size", "mean"] as const) {
            expect(lossOf(loss, reduction).value(...empty(shape))).toBe(0);
          }
          for (const reduction of ["none", null] as const) {
            const result = lossOf(loss, reduction).value(...empty(shape));
            expect(result.shape).toEqual(shape.slice(0, -1));
            expect(result.data).toEqual(new Float32Array(0));
          }
        },
      );
    });

    const emptyRows = [[[0]], [[3, 0]], [[2, 3, 0]]];
    describe.each(["hinge", "squared_hinge"] as const)("%s", (loss) => {
      test.each(emptyRows)("rows of shape %j have no mean", (shape) => {
        const rows = sizeOf(shape.slice(0, -1));
        for (const reduction of ["sum", "sum_over_batch_size", "mean"] as const) {
          expect(lossOf(loss, reduction).value(...empty(shape))).toBeNaN();
        }
        const { data, shape: left } = functions[loss](...empty(shape));
        expect(left).toEqual(shape.slice(0, -1));
        expect(data).toEqual(new Float32Array(rows).fill(NaN));
      });
    });

    test.each(emptyRows)("rows of shape %j have no maximum", (shape) => {
      const message = "yPred: expected at least one class in the last axis, received none";
      for (const reduction of reductions) {
        expect(() => lossOf("categorical_hinge", reduction).value(...empty(shape))).toThrow(
          new RangeError(message),
        );
      }
      expect(() => functions.categorical_hinge(...empty(shape))).toThrow(new RangeError(message));
    });

    test("typed arrays and nested arrays", () => {
      expect(functions.hinge(new Float32Array(0), new Float32Array(0)).data[0]).toBeNaN();
      expect(lossOf("hinge", "sum").value([], [])).toBeNaN();
      expect(lossOf("hinge", "sum").value([[]], [[]])).toBeNaN();
    });
  });

  describe.each(lossNames)("%s of memory that has gone", (loss) => {
    const call = functions[loss];
    const [labels, predictions] = [() => new Int8Array(6).fill(1), () => new Float32Array(6)];
    const shape = [2, 3];
    const gone = "received 0 (was the buffer detached?)";

    /** A call of every kind. */
    function expectError(yTrue: Tensor, yPred: TensorLike, message: string): void {
      expect(() => call(yTrue, yPred)).toThrow(new RangeError(message));
      for (const reduction of reductions) {
        expect(() => lossOf(loss, reduction).value(yTrue, yPred)).toThrow(new RangeError(message));
      }
    }

    test("tensors whose buffers were transferred", () => {
      const yTrue = tensor(labels(), shape);
      const yPred = tensor(predictions(), shape);
      expect(call(yTrue, yPred).data).toHaveLength(2);
      detach(yPred.data.buffer);
      expectError(yTrue, yPred, `yPred: expected 6 values for its shape [2, 3], ${gone}`);
      detach(yTrue.data.buffer);
      expectError(yTrue, yPred, `yTrue: expected 6 values for its shape [2, 3], ${gone}`);
    });

    test("objects and arrays whose buffers were transferred", () => {
      const data = predictions();
      const yPred = { data, shape, dtype: "float32" } as const;
      detach(data.buffer);
      expectError(
        tensor(labels(), shape),
        yPred,
        `yPred.data: expected 6 values for its shape [2, 3], ${gone}`,
      );
      expect(() => call(labels(), data)).toThrow(
        new RangeError(
          "yPred: expected an array with its buffer, received one whose buffer was detached",
        ),
      );
    });

    test("tensors whose buffers shrank and grew", () => {
      const buffer = new ResizableBuffer(24, { maxByteLength: 48 });
      const tracking = tensor(new Float32Array(buffer), shape);
      const fixed = tensor(new Float32Array(buffer, 0, 6), shape);
      const yTrue = tensor(labels(), shape);
      const expected = call(yTrue, tensor(predictions(), shape)).data;

      buffer.resize(16);
      expectError(yTrue, tracking, "yPred: expected 6 values for its shape [2, 3], received 4");
      expectError(yTrue, fixed, `yPred: expected 6 values for its shape [2, 3], ${gone}`);
      buffer.resize(0);
      expectError(yTrue, tracking, `yPred: expected 6 values for its shape [2, 3], ${gone}`);
      buffer.resize(48);
      expectError(yTrue, tracking, "yPred: expected 6 values for its shape [2, 3], received 12");
      expect(call(yTrue, fixed).data).toEqual(expected);
      buffer.resize(24);
      expect(call(yTrue, tracking).data).toEqual(expected);
    });

    test("labels whose buffer shrank", () => {
      const buffer = new ResizableBuffer(6, { maxByteLength: 6 });
      const yTrue = tensor(new Int8Array(buffer), shape);
      buffer.resize(5);
      expectError(
        yTrue,
        tensor(predictions(), shape),
        "yTrue: expected 6 values for its shape [2, 3], received 5",
      );
    });

    test("a getter that detaches the labels during the call", () => {
      for (const property of ["data", "shape", "dtype"]) {
        const yTrue = tensor(labels(), shape);
        const yPred = { data: predictions(), shape, dtype: "float32" } as const;
        const value: unknown = yPred[property as keyof typeof yPred];
        Object.defineProperty(yPred, property, {
          get() {
            if (yTrue.data.byteLength > 0) detach(yTrue.data.buffer);
            return value;
          },
        });
        expect(() => call(yTrue, yPred)).toThrow(
          new RangeError(`yTrue: expected 6 values for its shape [2, 3], ${gone}`),
        );
      }
    });

    test("a shape that detaches its own data during the call", () => {
      const data = predictions();
      const dimensions = [2, 3];
      Object.defineProperty(dimensions, 1, {
        get() {
          if (data.byteLength > 0) detach(data.buffer);
          return 3;
        },
      });
      expect(() => call(tensor(labels(), shape), { data, shape: dimensions })).toThrow(
        new RangeError(`yPred.data: expected 6 values for its shape [2, 3], ${gone}`),
      );
    });
  });
});
