import { runInNewContext } from "node:vm";
import { CategoricalHinge, Hinge, hinge, squaredHinge, tensor } from "maxmargin";
import { describe, expect, test } from "vitest";
import { forEachImplementation } from "./support/implementations.js";

const rows = 37;
const width = 5;
const yPred = tensor(
  Float32Array.from({ length: rows * width }, (_, i) => ((i * 7) % 11) / 4 - 1),
  [rows, width],
);
const yTrue = tensor(
  Int8Array.from({ length: rows * width }, (_, i) => (i % 3 ? 1 : -1)),
  [rows, width],
);

/** An argument of eight values and an `out` of eight in one buffer, by the bytes at which they begin. */
const at = (argument: number, out: number) => {
  const buffer = new ArrayBuffer(96);
  return [new Float32Array(buffer, argument, 8), new Float32Array(buffer, out, 8)] as const;
};
const column = (data: Float32Array) => tensor(data, [8, 1]);
const ones = () => column(new Float32Array(8).fill(1));
type Call = (argument: Float32Array, out: Float32Array) => Float32Array;
const calls: readonly [name: string, call: Call][] = [
  ["yTrue", (y, out) => hinge(column(y), ones(), { out }).data as Float32Array],
  ["yPred", (p, out) => hinge(ones(), column(p), { out }).data as Float32Array],
  [
    "yPred of a gradient",
    (p, out) => new Hinge().gradient(ones(), column(p), { out }).data as Float32Array,
  ],
  [
    "sampleWeight",
    (sampleWeight, out) =>
      new Hinge().gradient(ones(), ones(), { sampleWeight, out }).data as Float32Array,
  ],
  ["mask", (mask, out) => new Hinge().gradient(ones(), ones(), { mask, out }).data as Float32Array],
];

forEachImplementation(() => {
  test("losses are written to it, and it is the result's data", () => {
    const memory = new Float32Array(rows + 2).fill(-1);
    const out = memory.subarray(1, rows + 1);
    const result = hinge(yTrue, yPred, { out });
    expect(result.data).toBe(out);
    expect(result.shape).toEqual([rows]);
    expect(out).toEqual(hinge(yTrue, yPred).data);
    expect([memory[0], memory[rows + 1]]).toEqual([-1, -1]);
  });

  test("a class writes in its own dtype", () => {
    const out = new Float64Array(rows);
    const loss = new CategoricalHinge({ dtype: "float64" });
    expect(loss.call(yTrue, yPred, { out }).data).toBe(out);
    expect(out).toEqual(loss.call(yTrue, yPred).data);
    const bits = new Uint16Array(rows);
    const narrow = new Hinge({ dtype: "bfloat16" });
    expect(narrow.call(yTrue, yPred, { out: bits }).data).toBe(bits);
    expect(bits).toEqual(narrow.call(yTrue, yPred).data);
  });

  test.each(["float16", "bfloat16", "float32", "float64"] as const)(
    "an array of another realm is written to as one of this: %s",
    (dtype) => {
      const loss = new Hinge({ dtype });
      const predictions = tensor(yPred.data.slice(), yPred.shape);
      predictions.data[7] = NaN;
      const { data } = loss.call(yTrue, predictions);
      const bytesOf = ({ buffer }: typeof data) => Buffer.from(buffer as ArrayBuffer);
      const Kind = runInNewContext(data.constructor.name) as new (n: number) => typeof data;
      const out = new Kind(rows);
      expect(out).not.toBeInstanceOf(data.constructor);
      loss.call(yTrue, predictions, { out: out as never });
      expect(bytesOf(out)).toEqual(bytesOf(data));
    },
  );

  test("broadcast and empty batches are written too", () => {
    const out = new Float32Array(rows);
    expect(squaredHinge([1, -1, 1, -1, 1], yPred, { out }).data).toBe(out);
    expect(out).toEqual(squaredHinge([1, -1, 1, -1, 1], yPred).data);
    const none = new Float32Array(0);
    const empty = tensor(new Float32Array(0), [0, 3]);
    expect(hinge(empty, empty, { out: none }).data).toBe(none);
  });

  describe.each(calls)("memory beside %s", (_, call) => {
    test.each([
      [32, 0],
      [0, 32],
      [64, 0],
    ])("is apart: the argument at byte %d, out at byte %d", (argument, place) => {
      const [input, out] = at(argument, place);
      input.set([1, 0, 0, 1, 1, 0, 1, 1]);
      const before = input.slice();
      const expected = call(before, new Float32Array(8)).slice();
      expect(call(input, out)).toBe(out);
      expect(out).toEqual(expected);
      expect(input).toEqual(before);
    });

    test.each([
      [0, 24],
      [24, 0],
      [0, 28],
      [28, 0],
      [0, 0],
    ])("overlaps: the argument at byte %d, out at byte %d", (argument, place) => {
      const [input, out] = at(argument, place);
      const before = [...new Uint8Array(input.buffer)];
      expect(() => call(input, out)).toThrow(RangeError);
      expect(() => call(input, out)).toThrow(/^out: expected memory of its own/);
      expect([...new Uint8Array(input.buffer)]).toEqual(before);
    });
  });
});

describe("invalid outputs", () => {
  const call = (out: unknown) => () => hinge(yTrue, yPred, { out: out as Float32Array });

  test.each([
    ["another dtype", new Float64Array(rows), "a Float64Array of length 37"],
    ["an array", new Array(rows).fill(0), "an array of length 37"],
    ["null", null, "null"],
    ["a tensor", tensor(new Float32Array(rows), [rows]), "a Tensor"],
  ])("%s", (_, out, received) => {
    expect(call(out)).toThrow(new TypeError(`out: expected a Float32Array, received ${received}`));
  });

  test.each([0, rows - 1, rows + 1])("an array of %d values", (length) => {
    expect(call(new Float32Array(length))).toThrow(RangeError);
    expect(call(new Float32Array(length))).toThrow(/^out: expected 37 values/);
  });

  test("an array whose buffer was detached", () => {
    const out = new Float32Array(rows);
    structuredClone(out, { transfer: [out.buffer] });
    expect(call(out)).toThrow(/^out: expected 37 values .* detached/);
  });

  test("memory of an argument", () => {
    const out = yPred.data.subarray(3, 3 + rows);
    const before = yPred.data.slice();
    expect(call(out)).toThrow(
      new RangeError("out: expected memory of its own, received the memory of yPred"),
    );
    expect(yPred.data).toEqual(before);
  });

  test("options of another kind", () => {
    expect(() => hinge(yTrue, yPred, 1 as never)).toThrow(
      /^options: expected an object, received 1/,
    );
    expect(() => hinge(yTrue, yPred, { to: new Float32Array(rows) } as never)).toThrow(
      /^options: unknown key "to"; expected "out", "margin", "labels", "classWeight" or "ignoreClass"$/,
    );
  });

  test("an array that a getter detaches", () => {
    const out = new Float32Array(rows);
    const shape = {
      data: yPred.data,
      get shape() {
        structuredClone(out, { transfer: [out.buffer] });
        return [rows, width];
      },
    };
    expect(() => hinge(yTrue, shape, { out })).toThrow(/^out: expected 37 values/);
  });
});
