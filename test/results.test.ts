// The visible parts of tensors, among them results.
import { inspect } from "node:util";
import {
  backend,
  Hinge,
  hinge,
  setBackend,
  type Tensor,
  tensor,
  valueAndGradient,
} from "maxmargin";
import { afterAll, describe, expect, test } from "vitest";

const yTrue = [
  [1, -1],
  [1, 1],
];
const yPred = [
  [0.5, 0.5],
  [2, 0],
];
const results: Readonly<Record<string, Tensor>> = {
  "a function's": hinge(yTrue, yPred),
  "a class's": new Hinge({ reduction: null }).value(yTrue, yPred),
  "a method's": new Hinge().call(yTrue, yPred),
  "in memory of the caller": hinge(yTrue, yPred, { out: new Float32Array(2) }),
  "with weights": new Hinge({ reduction: "none" }).value(yTrue, yPred, { sampleWeight: 1 }),
  "a tensor of ours": tensor(Float32Array.of(1, 0.5), [2]),
  "of a promise": await new Hinge().callAsync(yTrue, yPred),
  "that came back": (
    await new Hinge().callAsync(tensor(Float32Array.of(1, 0.5), [2]), Float32Array.of(1, 0.5), {
      transfer: true,
    })
  ).yTrue,
  "a gradient": tensor(
    valueAndGradient(hinge, [1, 1], [1, 0.5]).gradient.data.map((x) => x * -2),
    [2],
  ),
};

describe.each(Object.entries(results))("%s", (name, result) => {
  const expected = name === "a gradient" ? [1, 1] : [1, 0.5];

  test("has three fields", () => {
    expect(Object.keys(result)).toEqual(["data", "shape", "dtype"]);
    expect(Reflect.ownKeys(result)).toEqual(["data", "shape", "dtype"]);
    expect({ ...result }).toEqual({
      data: Float32Array.from(expected),
      shape: [2],
      dtype: "float32",
    });
    expect(result.constructor.name).toBe("Tensor");
  });

  test("is shown as a Tensor", () => {
    expect(inspect(result)).toBe(
      `Tensor { shape: [ 2 ], dtype: 'float32', data: Float32Array(2) [ ${expected.join(", ")} ] }`,
    );
    expect(inspect({ result }, { depth: 0 })).toBe("{ result: [Tensor] }");
  });

  test("is JSON with a list of numbers", () => {
    const text = JSON.stringify(result);
    expect(JSON.parse(text)).toEqual({ data: expected, shape: [2], dtype: "float32" });
    const again = tensor(JSON.parse(text) as Tensor);
    expect([again.dtype, again.toArray()]).toEqual([result.dtype, expected]);
  });

  test("can be cloned, and read again", () => {
    const clone = structuredClone({ ...result });
    expect(tensor(clone).toArray()).toEqual(expected);
    expect(tensor(structuredClone(result)).toArray()).toEqual(expected);
  });
});

describe("toArray", () => {
  test("nests as deep as the shape", () => {
    const data = Float64Array.of(0, 1, 2, 3, 4, 5);
    expect(tensor(data, [6]).toArray()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(tensor(data, [3, 2]).toArray()).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
    expect(tensor(data, [1, 3, 2]).toArray()).toEqual([
      [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
    ]);
    expect(tensor(data, [6, 1]).toArray()).toEqual([[0], [1], [2], [3], [4], [5]]);
    expect(tensor(data.subarray(3, 4), []).toArray()).toBe(3);
    expect(hinge([1, 1], [0, 0]).toArray()).toBe(1);
    expect(tensor(new Float32Array(0), [0, 3]).toArray()).toEqual([]);
    expect(tensor(new Float32Array(0), [2, 0]).toArray()).toEqual([[], []]);
  });

  test("decodes", () => {
    expect(tensor(Uint16Array.of(0x3c00, 0xc000), [2], "float16").toArray()).toEqual([1, -2]);
    expect(tensor(Uint16Array.of(0x3f80, 0xc000), [2], "bfloat16").toArray()).toEqual([1, -2]);
    expect(tensor(Uint8Array.of(0, 7), [2], "bool").toArray()).toEqual([0, 1]);
    expect(tensor(BigInt64Array.of(-1n, 2n ** 53n + 1n)).toArray()).toEqual([-1, 2 ** 53]);
    expect(tensor(Float32Array.of(NaN, -0, Infinity)).toArray()).toEqual([NaN, -0, Infinity]);
  });

  test("copies the values of the moment", () => {
    const data = Float32Array.of(1, 2);
    const own = tensor(data);
    const first = own.toArray();
    data[0] = 3;
    expect([first, own.toArray()]).toEqual([
      [1, 2],
      [3, 2],
    ]);
    structuredClone(data, { transfer: [data.buffer] });
    expect(() => own.toArray()).toThrow(/^data: expected 2 values for its shape \[2\], received 0/);
    expect(() => JSON.stringify(own)).toThrow(RangeError);
  });
});

describe("new results", () => {
  const native = backend().kernels.length > 0 ? ["native" as const] : [];
  afterAll(() => setBackend("auto"));

  test.each([...native, "js" as const])("of few and of many rows, by %s", (choice) => {
    setBackend(choice);
    for (const dtype of ["float16", "bfloat16", "float32", "float64"] as const) {
      for (const rows of [1, 2, 8, 9, 16, 17, 32, 33, 40, 100]) {
        const width = Math.ceil(64 / rows);
        const shape = [rows, width];
        const labels = tensor(new Int8Array(rows * width).fill(1), shape);
        const loss = new Hinge({ reduction: null, dtype });
        const resultFor = (label: number) =>
          loss.call(labels, tensor(new Float32Array(rows * width).fill(label), shape));
        const first = resultFor(1);
        const second = resultFor(-1);
        expect(first.data.buffer).not.toBe(second.data.buffer);
        expect(first.data.buffer.byteLength).toBe(first.data.byteLength);
        expect(first.toArray()).toEqual(new Array(rows).fill(0));
        expect(second.toArray()).toEqual(new Array(rows).fill(2));
      }
    }
  });
});

test("JSON stores NaN and the infinities as strings", () => {
  const text = JSON.stringify(tensor(Float64Array.of(NaN, Infinity, -Infinity, 0.1), [2, 2]));
  expect(text).toBe('{"data":["NaN","Infinity","-Infinity",0.1],"shape":[2,2],"dtype":"float64"}');
  expect((JSON.parse(text) as { data: unknown[] }).data.map(Number)).toEqual([
    NaN,
    Infinity,
    -Infinity,
    0.1,
  ]);
  const bits = tensor(Uint16Array.of(0x3800), [1], "float16");
  expect(JSON.stringify(bits)).toBe('{"data":[0.5],"shape":[1],"dtype":"float16"}');
});
