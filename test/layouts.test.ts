// Objects whose values are not row-major, or not at the start of their data.
import { CategoricalHinge, Hinge, hinge, metrics, type TensorLike, tensor } from "maxmargin";
import { describe, expect, test } from "vitest";
import { forEachImplementation } from "./support/implementations.js";

/** Passes a value that no type allows. */
const wrong = <T = never>(value: unknown) => value as T;

const yTrue = [
  [1, 1],
  [1, -1],
  [-1, -1],
];
const rows = [
  [1, -1],
  [2, -2],
  [3, -3],
];
const losses = [1, 0, 2];
const flat = Float32Array.from(rows.flat());
/** The rows, column by column. */
const columns = Float32Array.of(1, 2, 3, -1, -2, -3);
const shape = [3, 2];

/** Objects that hold the rows, as libraries write them. */
const objects: Readonly<Record<string, TensorLike>> = {
  "a transposed ndarray": { data: columns, shape, stride: [1, 3], offset: 0, dtype: "float32" },
  "strides of @stdlib, which keep the order of the memory": {
    ...{ data: columns, shape, strides: [1, 3], offset: 0, order: "row-major" },
  },
  "an order that is a list of axes, as ndarray has it": {
    ...{ data: columns, shape, stride: [1, 3], offset: 0, order: [0, 1] },
  },
  "column-major": { data: columns, shape, order: "column-major" },
  F: { data: columns, shape, order: "F" },
  fortranOrder: { data: columns, shape, fortranOrder: true },
  fortran_order: wrong<TensorLike>({ data: columns, shape, fortran_order: true }),
  "row-major": { data: flat, shape, order: "row-major", offset: 0, strides: [2, 1] },
  C: { data: flat, shape, order: "C", fortranOrder: false },
  "typed arrays for shape and strides": {
    ...{ data: columns, shape: Int32Array.of(3, 2), strides: BigInt64Array.of(1n, 3n) as never },
  },
  "a method that returns strides": { data: columns, dims: shape, stride: () => [1, 3] },
  "negative strides": {
    ...{ data: Float32Array.of(-3, 3, -2, 2, -1, 1), shape, strides: [-2, -1], offset: 5 },
  },
  "rows backwards": {
    ...{ data: Float32Array.of(3, -3, 2, -2, 1, -1), shape, stride: [-2, 1], offset: 4 },
  },
  "an offset alone": { data: Float32Array.of(9, 9, ...flat), shape, offset: 2 },
  "an offset before more values than needed": {
    ...{ data: Float32Array.of(9, 9, ...flat, 9), shape, offset: 2, order: "C" },
  },
  "an offset and columns": { data: Float32Array.of(9, ...columns), shape, offset: 1, order: "F" },
  "a slice with gaps": {
    ...{ data: Float32Array.of(1, 9, -1, 9, 2, 9, -2, 9, 3, 9, -3), shape, stride: [4, 2] },
  },
  "a list of numbers, as ndarray can have it": {
    ...{ data: [...columns], shape, stride: [1, 3], offset: 0, dtype: "array" },
  },
  "nulls for no statement": wrong<TensorLike>({
    ...{ data: flat, shape, strides: null, offset: null, order: null, fortranOrder: null },
  }),
};

forEachImplementation(() => {
  describe.each(Object.entries(objects))("%s", (_, object) => {
    test("predictions", () => {
      expect([...hinge(yTrue, object).data]).toEqual(losses);
      const loss = new Hinge({ reduction: "sum" });
      expect(loss.value(yTrue, object)).toBe(3);
      expect(loss.gradient(yTrue, object).toArray()).toEqual(loss.gradient(yTrue, rows).toArray());
    });

    test("labels, weights and masks", async () => {
      expect([...hinge(object, yTrue).data]).toEqual([...hinge(rows, yTrue).data]);
      const loss = new Hinge();
      const batch = tensor(Float32Array.of(1, -1, 2, -2, 3, -3), [3, 2, 1]);
      const weighted = (sampleWeight: TensorLike) => loss.value(batch, batch, { sampleWeight });
      expect(weighted(object)).toBe(weighted(rows));
      const async = await loss.valueAsync(batch, batch, { sampleWeight: object });
      expect(async).toBe(weighted(rows));
    });

    test("tensor()", () => {
      expect(tensor(object).toArray()).toEqual(rows);
      expect(tensor(object, [6]).toArray()).toEqual(rows.flat());
    });
  });

  test("a column of a matrix as weights, and its transpose as a mask", () => {
    const matrix = Float32Array.of(1, 7, 2, 7, 3, 7);
    const sampleWeight = { data: matrix, shape: [3], stride: [2], offset: 0 };
    const loss = new Hinge({ reduction: null });
    expect(loss.value(yTrue, rows, { sampleWeight }).toArray()).toEqual([1, 0, 6]);
    const mask = { data: Uint8Array.of(1, 0, 0, 1, 1, 0), shape: [3], strides: [2] };
    expect(loss.value(yTrue, rows, { mask }).toArray()).toEqual([1, 0, 2]);
    const metric = new metrics.Hinge();
    metric.updateState(yTrue, rows, { sampleWeight });
    expect(metric.getState()).toEqual({ total: [0, 7], count: [0, 6] });
  });

  test("transposed one-hot labels", () => {
    const labels = { data: Int8Array.of(1, 0, 0, 1, 0, 0), shape: [2, 3], strides: [1, 2] };
    const predictions = tensor(Float32Array.of(0.5, 1, -0.5, 0.25, 0, 2), [2, 3]);
    const loss = new CategoricalHinge();
    expect(loss.value(labels, predictions)).toBe(
      loss.value(
        [
          [1, 0, 0],
          [0, 1, 0],
        ],
        predictions,
      ),
    );
  });
});

describe("tensor()", () => {
  test("shares memory if values are row-major", () => {
    const data = Float32Array.of(9, ...flat, 9);
    for (const object of [
      { data, shape, stride: [2, 1], offset: 1 },
      { data, shape, offset: 1 },
      { data: data.subarray(1, 7), shape, strides: [2, 1] },
      { data: data.subarray(1, 7), shape, order: "C" },
    ]) {
      const { data: own } = tensor(object);
      expect([own.buffer, own.byteOffset, own.length]).toEqual([data.buffer, 4, 6]);
    }
    // The stride of an axis of size 1 does not matter.
    const row = tensor({ data, shape: [1, 3], stride: [77, 1], offset: 2 });
    expect(row.data.buffer).toBe(data.buffer);
    expect(row.toArray()).toEqual([[-1, 2, -2]]);
  });

  test("copies other values", () => {
    const own = tensor({ data: columns, shape, stride: [1, 3], offset: 0 });
    expect(own.data.buffer).not.toBe(columns.buffer);
    expect(own.data).toBeInstanceOf(Float32Array);
  });

  test("keeps the dtype", () => {
    const bits = Uint16Array.of(0x3c00, 0x4000, 0xbc00, 0xc000);
    const object = { data: bits, shape: [2, 2], strides: [1, 2], dtype: "float16" };
    expect(tensor(object).dtype).toBe("float16");
    expect(tensor(object).toArray()).toEqual([
      [1, -1],
      [2, -2],
    ]);
    const big = { data: BigInt64Array.of(1n, 2n, 3n, 4n), shape: [2, 2], order: "F" };
    expect(tensor(big).data).toEqual(BigInt64Array.of(1n, 3n, 2n, 4n));
  });

  test("repeats values by strides of 0", () => {
    const object = { data: Float32Array.of(1, 2), shape: [3, 2], strides: [0, 1], offset: 0 };
    expect(tensor(object).toArray()).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
  });

  test("reads many axes, and none", () => {
    const data = Float32Array.from({ length: 24 }, (_, i) => i);
    const permuted = tensor({ data, shape: [4, 2, 3], strides: [1, 12, 4] });
    expect(permuted.toArray()).toEqual(
      [0, 1, 2, 3].map((i) => [0, 1].map((j) => [0, 1, 2].map((k) => i + 12 * j + 4 * k))),
    );
    expect(tensor({ data, shape: [], stride: [], offset: 7 }).toArray()).toBe(7);
    expect(tensor({ data, shape: [], strides: [0], offset: 7 }).toArray()).toBe(7);
    expect(tensor({ data, shape: [0, 3], stride: [3, 1], offset: 5 }).toArray()).toEqual([]);
  });
});

describe("invalid layouts", () => {
  const of = (object: object, Kind: typeof TypeError | typeof RangeError, message: string) => {
    const whole = { data: columns, shape, ...object };
    expect(() => hinge(yTrue, whole)).toThrow(new Kind(`yPred.${message}`));
    expect(() => hinge(whole, rows)).toThrow(new Kind(`yTrue.${message}`));
    expect(() => tensor(whole)).toThrow(new Kind(`data.${message}`));
    const weighted = () => new Hinge().value(yTrue, rows, { sampleWeight: whole });
    expect(weighted).toThrow(new Kind(`sampleWeight.${message}`));
  };
  const within = "expected strides, in values and not in bytes, within the 6 values of data";

  test("strides that reach beyond the data", () => {
    of({ stride: [3, 1] }, RangeError, `stride: ${within}, received [3, 1] from 0 on`);
    of({ strides: [8, 4] }, RangeError, `strides: ${within}, received [8, 4] from 0 on`);
    of({ stride: [-1, 3] }, RangeError, `stride: ${within}, received [-1, 3] from 0 on`);
    of({ stride: [1, 3], offset: 1 }, RangeError, `stride: ${within}, received [1, 3] from 1 on`);
    const huge = 2 ** 53 - 1;
    of({ stride: [huge, 1] }, RangeError, `stride: ${within}, received [${huge}, 1] from 0 on`);
    of(
      { stride: [-huge, huge], offset: 5 },
      RangeError,
      `stride: ${within}, received [-${huge}, ${huge}] from 5 on`,
    );
  });

  test("strides of a wrong kind or number", () => {
    of({ stride: [1.5, 3] }, RangeError, "stride[0]: expected an integer, received 1.5");
    of({ stride: [1, NaN] }, RangeError, "stride[1]: expected an integer, received NaN");
    of({ strides: [1, "3"] }, TypeError, 'strides[1]: expected a number, received "3"');
    of({ strides: 1 }, TypeError, "strides: expected an array of integers, received 1");
    of(
      { stride: [3] },
      RangeError,
      "stride: expected an integer for each of the 2 axes, received 1",
    );
    of(
      { stride: [1, 3], strides: [2, 1] },
      RangeError,
      "strides: expected the integers of stride, received [2, 1]",
    );
  });

  test("offsets", () => {
    of({ offset: -1 }, RangeError, "offset: expected an integer from 0, received -1");
    of({ offset: 0.5 }, RangeError, "offset: expected an integer from 0, received 0.5");
    of({ offset: "1" }, TypeError, 'offset: expected a number, received "1"');
    of(
      { offset: 1 },
      RangeError,
      "offset: expected an offset within the 6 values of data, received 1 with 6 values",
    );
  });

  test("orders", () => {
    const known = 'expected "row-major", "column-major", "C" or "F"';
    of({ order: "K" }, RangeError, `order: ${known}, received "K"`);
    of({ order: [0, 1] }, TypeError, `order: ${known}, received an array of length 2`);
    of({ fortranOrder: 1 }, TypeError, "fortranOrder: expected a boolean, received 1");
    of(
      { fortranOrder: true, order: "C" },
      RangeError,
      'order: expected the order that fortranOrder tells, received "C"',
    );
  });

  test("data of another length than the shape needs", () => {
    const longer = { data: new Float32Array(7), shape, order: "F" };
    expect(() => tensor(longer)).toThrow(
      new RangeError("data.data: expected 6 values for its shape [3, 2], received 7"),
    );
    expect(() => tensor({ ...longer, data: new Float32Array(5) })).toThrow(
      /^data.data: expected 6/,
    );
  });

  test("getters that return something else each time", () => {
    const lies: unknown[] = [[1, 3], [1e9, 1e9], null, "x"];
    let asked = 0;
    const object = {
      data: columns,
      shape,
      get stride() {
        return lies[asked++] as number[];
      },
    };
    expect([...hinge(yTrue, object).data]).toEqual(losses);
    expect(asked).toBe(1);
    expect(() => hinge(yTrue, object)).toThrow(/^yPred.stride: expected strides/);
  });

  test("a getter that detaches the data", () => {
    const data = columns.slice();
    const object = {
      data,
      shape,
      get stride() {
        structuredClone(data, { transfer: [data.buffer] });
        return [1, 3];
      },
    };
    expect(() => hinge(yTrue, object)).toThrow(/^yPred.stride: .* within the 0 values of data/);
  });
});
