// Tensors of other libraries, as small objects of the same form.
import { type Dtype, gradient, Hinge, hinge, type TensorLike, tensor } from "maxmargin";
import { describe, expect, test } from "vitest";

/** Passes a value that no type allows. */
const wrong = <T = never>(value: unknown) => value as T;

const halves = Uint16Array.of(0x3c00, 0xc000);
const brains = Uint16Array.of(0x3f80, 0xc000);

describe("objects with dims and a type", () => {
  test("of plain properties", () => {
    const logits = { data: Float32Array.of(1, -2), dims: [1, 2], type: "float32" };
    expect([...hinge([[1, 1]], logits).data]).toEqual([1.5]);
    expect(tensor(logits).data).toBe(logits.data);
    const ids = { data: BigInt64Array.of(1n, -1n), dims: [1, 2], type: "int64" };
    expect([...hinge(ids, logits).data]).toEqual([0]);
  });

  test("of getters, behind a proxy, with a method that returns strides", () => {
    class Tensor {
      readonly #own = { data: Float32Array.of(1, -2, 3, -4), dims: [2, 2] };
      get data() {
        return this.#own.data;
      }
      get dims() {
        return this.#own.dims;
      }
      get type() {
        return "float32";
      }
      get size() {
        return 4;
      }
      stride() {
        return [this.dims[1], 1];
      }
    }
    const real = new Tensor();
    const proxy = new Proxy(real, { get: (from, key) => Reflect.get(from, key, from) as unknown });
    for (const each of [real, proxy]) {
      expect(tensor(each).toArray()).toEqual([
        [1, -2],
        [3, -4],
      ]);
      expect(tensor(each).data).toBe(real.data);
    }
  });

  test("with getters whose errors are passed on", () => {
    const object = {
      dims: [1],
      type: "float32",
      get data(): Float32Array {
        throw new Error("The data is not on CPU.");
      },
    };
    expect(() => hinge([1], object)).toThrow("The data is not on CPU.");
  });

  test("whose shape overrides their dims", () => {
    const object = { data: Float32Array.of(1, 2), shape: [2, 1], dims: 2 };
    expect(tensor(wrong<TensorLike>(object)).shape).toEqual([2, 1]);
  });
});

describe("names of dtypes", () => {
  const arrays: Readonly<Record<string, readonly [Tensor: unknown, names: string]>> = {
    float32: [
      Float32Array.of(1),
      "float32 <f4 =f4 f4 f32 F32 FP32 float single Float32Array f <f DT_FLOAT torch.float32 tensor(float)",
    ],
    float64: [Float64Array.of(1), "float64 <f8 f8 f64 double Double float d <d np.float64"],
    int8: [Int8Array.of(1), "int8 i1 |i1 i8 I8 b byte"],
    uint8: [
      Uint8Array.of(1),
      "uint8 u1 |u1 >u1 u8 B byte ubyte uint8_clamped uint8c buffer binary uint8_t",
    ],
    bool: [Uint8Array.of(1), "bool |b1 b1 ? boolean BOOL bool_ torch.bool"],
    int16: [Int16Array.of(1), "int16 <i2 short h"],
    uint16: [Uint16Array.of(1), "uint16 <u2 u2 ushort H Uint16Array"],
    int32: [Int32Array.of(1), "int32 <i4 i4 i32 int"],
    uint32: [Uint32Array.of(1), "uint32 <u4 uint u32"],
    int64: [BigInt64Array.of(1n), "int64 <i8 i8 i64 I64 long bigint64 bigint q tensor(int64)"],
    float16: [
      Uint16Array.of(0x3c00),
      "float16 <f2 f2 f16 F16 FP16 half Half e <e DT_HALF torch.float16 np.half tensor(float16)",
    ],
    bfloat16: [Uint16Array.of(0x3f80), "bfloat16 bf16 BF16 DT_BFLOAT16 torch.bfloat16"],
  };

  test.each(Object.entries(arrays))("%s", (dtype, [data, names]) => {
    for (const name of names.split(" ")) {
      for (const key of ["dtype", "type", "dataType", "datatype"]) {
        const object = wrong<TensorLike>({ data, shape: [1], [key]: name });
        expect(tensor(object).dtype, name).toBe(dtype);
        expect(tensor(object).data, name).toBe(data);
        expect(tensor(object).toArray(), name).toEqual([1]);
      }
    }
  });

  test("of unsigned integers of 64 bits", () => {
    for (const name of ["uint64", "<u8", "u8", "u64", "biguint64", "bigint", "Q"]) {
      const own = tensor({ data: BigUint64Array.of(3n), shape: [1], dtype: name });
      expect([own.dtype, own.toArray()]).toEqual(["int64", [3]]);
    }
  });

  test("in objects and in constructors", () => {
    const data = halves;
    for (const dtype of [{ name: "float16" }, { value: "float16", char: "e" }]) {
      expect(tensor({ data, shape: [2], dtype }).toArray()).toEqual([1, -2]);
    }
    expect(tensor({ data: Float32Array.of(1), shape: [1], dtype: Float32Array }).dtype).toBe(
      "float32",
    );
  });

  test("that leave the dtype open, and types that name no dtype", () => {
    const data = Float64Array.of(1);
    for (const dtype of ["array", "generic", "number", null, undefined]) {
      expect(tensor({ data, shape: [1], dtype }).dtype).toBe("float64");
    }
    for (const type of ["tensor", "NdArray", "matrix", 3, {}]) {
      expect(tensor({ data, shape: [1], type }).dtype).toBe("float64");
    }
  });

  test("of float16 that a reader has decoded", () => {
    for (const dtype of ["f2", "float16", "bfloat16"]) {
      const own = tensor({ data: Float32Array.of(1, -2), shape: [2], dtype });
      expect([own.dtype, own.toArray()]).toEqual(["float32", [1, -2]]);
    }
    // The caller asks for float16, and would not get it.
    expect(() => tensor(Float32Array.of(1), [1], wrong<"float32">("float16"))).toThrow(
      new RangeError(
        'dtype: expected "float32" for a Float32Array of length 1, received "float16"',
      ),
    );
  });

  test("that do not fit the array", () => {
    const refused = (data: unknown, dtype: unknown, key = "dtype") =>
      expect(() => tensor(wrong<TensorLike>({ data, shape: [1], [key]: dtype }))).toThrow(
        /^data.dtype: expected .* for an? \w+Array of length 1, received /,
      );
    refused(Float32Array.of(1), "int8");
    refused(Float32Array.of(1), "float64");
    refused(Uint8Array.of(1), "int4");
    refused(Uint8Array.of(1), "int4", "type");
    refused(Uint8Array.of(1), "float8_e4m3fn", "type");
    refused(Float32Array.of(1), "complex64", "type");
    refused(Uint8Array.of(1), "f4");
    refused(Int8Array.of(1), "bool");
    refused(Uint16Array.of(1), "V2");
    refused(Float32Array.of(1), 10);
    refused(Float32Array.of(1), {});
    refused(Float32Array.of(1), "constructor");
  });

  test("of other byte orders", () => {
    for (const name of [">f4", "!f4"]) {
      expect(() => tensor({ data: Float32Array.of(1), shape: [1], dtype: name })).toThrow(
        new TypeError(
          `data.dtype: received "${name}"; swap the bytes, with swap16, swap32 or swap64 of a Buffer, and write "f4"`,
        ),
      );
    }
  });
});

describe("bits in a Uint16Array", () => {
  test("are float16 or bfloat16 if the object states it", () => {
    const yTrue = [[1, 1]];
    for (const object of [
      { data: halves, dims: [1, 2], type: "float16" },
      { data: halves, shape: [1, 2], dtype: "f2" },
      { data: brains, shape: [1, 2], dtype: "bfloat16" },
    ]) {
      expect(hinge(yTrue, object).toArray()).toEqual([1.5]);
      expect(hinge(object, yTrue).toArray()).toEqual(hinge([[1, -2]], yTrue).toArray());
      expect(gradient(hinge, yTrue, object).toArray()).toEqual([[-0.5, -0.5]]);
      const sampleWeight = tensor(object, [2, 1]);
      const loss = new Hinge({ reduction: "sum" });
      expect(loss.value([[1], [1]], [[0], [0]], { sampleWeight })).toBe(-1);
    }
  });

  const bare: Readonly<Record<string, TensorLike>> = {
    "a bare array": halves,
    "an object": { data: halves, shape: [1, 2] },
    "dims without a type": { data: halves, dims: [1, 2] },
    "a tensor without a stated dtype": tensor(halves, [1, 2]),
    "rows of a matrix": [halves],
    "a transposed object": { data: halves, shape: [1, 2], stride: [1, 1] },
  };

  test.each(Object.entries(bare))("are ambiguous as predictions: %s", async (_, yPred) => {
    const message =
      "yPred: received a Uint16Array of length 2; say what it holds: " +
      'tensor(data, shape, "float16"), "bfloat16" or "uint16"';
    const yTrue = [[1, 1]];
    const loss = new Hinge();
    for (const call of [
      () => hinge(yTrue, yPred),
      () => loss.value(yTrue, yPred),
      () => loss.value(yTrue, yPred, { sampleWeight: 2 }),
      () => loss.call(yTrue, yPred),
      () => loss.gradient(yTrue, yPred),
      () => gradient(hinge, yTrue, yPred),
    ]) {
      expect(call).toThrow(new TypeError(message));
    }
    await expect(loss.valueAsync(yTrue, yPred)).rejects.toThrow(new TypeError(message));
    // Labels, weights and masks are integers.
    expect(hinge(yPred, [[0, 0]]).toArray()).toEqual([1]);
  });

  test("are integers if uint16 is stated", () => {
    const yPred = tensor(Uint16Array.of(2, 0), [1, 2], "uint16");
    expect(hinge([[1, 1]], yPred).toArray()).toEqual([0.5]);
    const object = { data: Uint16Array.of(2, 0), shape: [1, 2], dtype: "uint16" };
    expect(hinge([[1, 1]], object).toArray()).toEqual([0.5]);
  });
});

describe("a Float16Array of a library", () => {
  /** Wraps bits in a proxy, as a library has to. */
  function float16Array(bits: Uint16Array): TensorLike {
    const numbers = new Proxy(bits, {
      get(target, key) {
        if (key === Symbol.toStringTag) return "Float16Array";
        const value: unknown = Reflect.get(target, key);
        return typeof key === "string" && /^\d+$/.test(key) ? `decoded ${String(value)}` : value;
      },
    });
    return wrong<TensorLike>(numbers);
  }

  test("is read as its bits, in its own memory", () => {
    const array = float16Array(halves);
    for (const each of [array, wrong<TensorLike>({ data: array, shape: [2] })]) {
      const own = tensor(each);
      expect([own.dtype, own.toArray()]).toEqual(["float16", [1, -2]]);
      expect(own.data.buffer).toBe(halves.buffer);
    }
    expect(hinge([1, 1], array).dtype).toBe("float16");
    expect(tensor(wrong<TensorLike>([array, array])).toArray()).toEqual([
      [1, -2],
      [1, -2],
    ]);
  });

  test("cannot be written to", () => {
    const out = wrong(float16Array(new Uint16Array(1)));
    expect(() => new Hinge({ dtype: "float16" }).call([[1]], [[1]], { out })).toThrow(
      new TypeError(
        "out: received the Float16Array of a library; write new Uint16Array(out.buffer, out.byteOffset, out.length)",
      ),
    );
  });

  test("is an error if it does not fit its buffer", () => {
    const { buffer } = halves;
    for (const lie of [
      { buffer, byteOffset: 1, length: 1 },
      { buffer, byteOffset: 0, length: 3 },
      { buffer: 1, byteOffset: 0, length: -1 },
    ]) {
      const array = { ...lie, [Symbol.toStringTag]: "Float16Array" };
      expect(() => hinge([1], wrong<TensorLike>(array))).toThrow(/^yPred: expected a Float16Array/);
    }
  });
});

describe("lists", () => {
  test("of typed arrays are rows", () => {
    const rows = [Float64Array.of(1, 2), Float64Array.of(3, 4)];
    const own = tensor(rows);
    expect([own.dtype, own.shape, own.toArray()]).toEqual([
      "float64",
      [2, 2],
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(
      hinge(
        [
          [1, 1],
          [1, 1],
        ],
        rows,
      ).dtype,
    ).toBe("float64");
    expect(tensor([rows, rows]).shape).toEqual([2, 2, 2]);
    expect(tensor([BigInt64Array.of(1n), BigInt64Array.of(2n)]).data).toEqual(
      BigInt64Array.of(1n, 2n),
    );
    expect(tensor([new Float32Array(0)]).shape).toEqual([1, 0]);
  });

  test("of typed arrays that follow each other are not copied", () => {
    const all = Float32Array.of(0, 1, 2, 3, 4, 5, 6);
    const row = (start: number) => all.subarray(start, start + 2);
    const own = tensor([row(1), row(3), row(5)]);
    expect([own.data.buffer, own.data.byteOffset]).toEqual([all.buffer, 4]);
    for (const starts of [
      [1, 3, 1],
      [3, 1, 5],
      [1, 1, 1],
      [1, 4, 5],
      [0, 2, 3],
    ]) {
      const copy = tensor(starts.map(row));
      expect(copy.data.buffer).not.toBe(all.buffer);
      expect(copy.toArray()).toEqual(starts.map((start) => [start, start + 1]));
    }
  });

  test("of many rows", () => {
    const rows = Array.from({ length: 5000 }, (_, i) => Float32Array.of(i, -i));
    expect(tensor(rows).toArray()).toEqual(rows.map((row) => [...row]));
  });

  test("of typed arrays of several kinds or lengths are errors", () => {
    const of = (rows: unknown, message: string) =>
      expect(() => hinge([[1]], wrong<TensorLike>(rows))).toThrow(new RangeError(message));
    const first = Float32Array.of(1, 2);
    const expected = "yPred[1]: expected a Float32Array of length 2, received";
    of([first, Float32Array.of(1)], `${expected} a Float32Array of length 1`);
    of([first, Float64Array.of(1, 2)], `${expected} a Float64Array of length 2`);
    of([first, [1, 2]], `${expected} an array of length 2`);
    of([first, null], `${expected} null`);
    of(
      [[1, 2], first],
      "yPred[1]: expected an array of length 2, received a Float32Array of length 2",
    );
    of([Int8Array.of(1), 3], "yPred[1]: expected an Int8Array of length 1, received 3");
  });

  test("of bigints are numbers", () => {
    expect(
      tensor(
        [
          [1n, -1n],
          [2n ** 60n, 0n],
        ],
        undefined,
        "float64",
      ).toArray(),
    ).toEqual([
      [1, -1],
      [2 ** 60, 0],
    ]);
    expect(hinge([1n, -1n], [0.5, 0.5]).toArray()).toBe(1);
    for (const big of [2n ** 53n + 1n, -(2n ** 53n) - 1n, 10n ** 400n]) {
      expect(() => hinge([[1]], [[big]])).toThrow(
        new RangeError(
          `yPred[0][0]: expected a bigint that a double holds exactly, received ${big}n`,
        ),
      );
    }
  });

  test("with a shape", () => {
    expect(tensor({ data: [1, 2, 3, 4], shape: [2, 2] }).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(
      tensor({
        data: [
          [1, 2],
          [3, 4],
        ],
        shape: [2, 2],
      }).toArray(),
    ).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tensor({ data: [true, false], shape: [2, 1] }).dtype).toBe("bool");
    expect(tensor({ data: [], shape: [0, 3] }).shape).toEqual([0, 3]);
    expect(tensor({ data: [Float64Array.of(1), Float64Array.of(2)], shape: [2, 1] }).dtype).toBe(
      "float64",
    );
    const yPred = { data: [0.1, 0.2], shape: [1, 2] };
    expect(hinge([[1, 1]], yPred).dtype).toBe("float32");
    const wide = new Hinge({ dtype: "float64" });
    expect(wide.value([[1, 1]], yPred)).toBe(wide.value([[1, 1]], [[0.1, 0.2]]));
    // Unlike nested arrays they broadcast in classes too.
    expect(
      new Hinge().call({ data: [1], shape: [1, 1] }, { data: [0, 2], shape: [1, 2] }).toArray(),
    ).toEqual([0.5]);
  });

  test("of objects whose numbers need a conversion", () => {
    const vector = { toArray: () => [1] };
    for (const [value, received] of [
      [[vector], "yPred[0]: received an object; write its toArray()"],
      [{ data: [1, vector], shape: [2] }, "yPred.data[1]: received an object; write its toArray()"],
      [[[{ toNumber: () => 1 }]], "yPred[0][0]: received an object; write its toNumber()"],
      [[Promise.resolve(1)], "yPred[0]: received a Promise; await it"],
    ] as const) {
      expect(() => hinge([1], wrong<TensorLike>(value))).toThrow(new TypeError(received));
    }
  });

  test("with a shape that does not fit", () => {
    expect(() => tensor({ data: [1, 2, 3], shape: [2, 2] })).toThrow(
      new RangeError("data.data: expected 4 values for its shape [2, 2], received 3"),
    );
    expect(() =>
      tensor({
        data: [
          [1, 2],
          [3, 4],
        ],
        shape: [4],
      }),
    ).toThrow(new RangeError("data.data: expected arrays of shape [4], received shape [2, 2]"));
    expect(() => tensor({ data: [[1, 2]], shape: [1, 2], stride: [1, 1] })).toThrow(
      new TypeError(
        "data.data: expected one list of numbers beside strides, received nested arrays",
      ),
    );
    expect(() => tensor({ data: ["1"], shape: [1] })).toThrow(
      new TypeError('data.data[0]: expected a number, a boolean or a bigint, received "1"'),
    );
  });

  const values: Readonly<Record<Dtype, readonly number[]>> = {
    bool: [0, 1],
    int8: [-128, 127],
    uint8: [0, 255],
    int16: [-32768, 32767],
    uint16: [0, 65535],
    int32: [-(2 ** 31), 2 ** 31 - 1],
    uint32: [0, 2 ** 32 - 1],
    int64: [-(2 ** 63), 2 ** 53],
    float16: [0.5, 65504],
    bfloat16: [0.5, 2 ** 127],
    float32: [0.1, 3e38],
    float64: [0.1, 1e308],
  };

  test.each(Object.entries(values) as [Dtype, number[]][])("in a dtype: %s", (dtype, data) => {
    for (const own of [tensor({ data, shape: [2], dtype }), tensor(data, [2], dtype)]) {
      expect(own.dtype).toBe(dtype);
      expect(own.toArray()).toEqual(dtype === "float32" ? data.map(Math.fround) : data);
    }
    if (/float/.test(dtype)) return;
    for (const bad of [data[0] - (dtype === "int64" ? 2048 : 1), 0.5, NaN, 2 ** 64]) {
      expect(() => tensor({ data: [0, bad], shape: [2], dtype })).toThrow(
        new RangeError(`data.data[1]: expected a number that ${dtype} holds, received ${bad}`),
      );
      expect(() => tensor([0, bad], [2], dtype)).toThrow(/^data\[1\]: expected a number that/);
    }
  });

  test("in an unknown dtype", () => {
    expect(() => tensor({ data: [1], shape: [1], dtype: "int4" })).toThrow(
      /^data.dtype: expected "bool"/,
    );
    expect(() => tensor([1], [1], wrong<"int8">("int4"))).toThrow(/^dtype: expected "bool"/);
    // An ambiguous name is ignored.
    expect(
      tensor({ data: [0.1], shape: [1], dtype: "float" }, undefined, "float64").toArray(),
    ).toEqual([0.1]);
  });
});

describe("arrays that a library implements", () => {
  /** Creates an array of booleans in bytes, for instance, or a column of a table. */
  const of = (values: readonly unknown[], length: unknown = values.length) =>
    wrong<number[]>({ length, [Symbol.iterator]: () => values[Symbol.iterator]() });

  test("are read as the data of an object", () => {
    const booleans = of([true, false, false, true, true, false]);
    const own = tensor({ data: booleans, shape: [2, 3] });
    expect([own.dtype, own.toArray()]).toEqual([
      "bool",
      [
        [1, 0, 0],
        [1, 1, 0],
      ],
    ]);
    expect(tensor({ data: booleans, shape: [2, 3], stride: [1, 2] }).toArray()).toEqual([
      [1, 0, 1],
      [0, 1, 0],
    ]);
    expect(tensor({ data: of([1n, -1]), shape: [2], dtype: "int8" }).toArray()).toEqual([1, -1]);
  });

  test("of another length than they state are errors", () => {
    for (const [data, message] of [
      [of([1, 2], 3), "expected 3 values, received 2"],
      [of([1, 2], 1), "expected 1 values, received more"],
      [of([1, null]), "expected a number, a boolean or a bigint, received null"],
      [of([1, 2], 2 ** 60), "received an object; write [...values]"],
      [of([1, 2], "2"), "received an object; write [...values]"],
    ] as const) {
      expect(() => tensor({ data, shape: [2] })).toThrow(message);
    }
  });
});

describe("unsigned integers of 64 bits", () => {
  test("are read in their own memory", () => {
    const ids = BigUint64Array.of(0n, 1n, 2n ** 63n - 1n);
    const own = tensor(ids);
    expect(own.dtype).toBe("int64");
    expect(own.data.buffer).toBe(ids.buffer);
    expect(hinge(BigUint64Array.of(0n, 1n), [0.5, 0.5]).toArray()).toBe(1);
    expect(tensor(new BigUint64Array(0)).shape).toEqual([0]);
  });

  test("that need the highest bit are errors", () => {
    for (const bad of [2n ** 63n, 2n ** 64n - 1n]) {
      const ids = BigUint64Array.of(0n, bad);
      expect(() => hinge(ids, [1, 1])).toThrow(
        new RangeError(`yTrue[1]: expected an integer below 2 ** 63, received ${bad}`),
      );
      expect(() => hinge({ data: ids, shape: [2] }, [1, 1])).toThrow(/^yTrue.data\[1\]: expected/);
    }
  });
});

describe("values that cannot be read, and what to write instead", () => {
  const noShape = { data: [] };
  const remedies: ReadonlyArray<readonly [string, unknown, string]> = [
    [
      "a tensor whose data are on another device",
      { data: () => 0, dataSync: () => 0, shape: [1] },
      "an object; write tensor(await t.data(), t.shape), or dataSync()",
    ],
    ["a promise", Promise.resolve([1]), "a Promise; await it"],
    ["a vector", { ...noShape, stride: 1, toArray: () => [1] }, "an object; write its toArray()"],
    [
      "a series",
      { toTypedArray: () => [1], toArray: () => [1] },
      "an object; write its toTypedArray()",
    ],
    [
      "a table",
      { ...noShape, numCols: 1, getChild: () => 0, toArray: () => 0 },
      'an object; write table.getChild("column").toArray()',
    ],
    [
      "a frame",
      { shape: {}, getColumn: () => 0 },
      'an object; write frame.getColumn("column").toTypedArray()',
    ],
    [
      "a matrix",
      { ...noShape, rows: 1, columns: 1, getColumn: () => 0, to2DArray: () => [[1]] },
      "an object; write its to2DArray()",
    ],
    [
      "an array with methods named as in Python",
      { shape: [1], tolist: () => [1] },
      "an object; write its tolist()",
    ],
    [
      "a buffer of values",
      { shape: [1], values: Float32Array.of(1) },
      "an object; write { data: t.values, shape: t.shape }",
    ],
    [
      "a data set of a file",
      { shape: [1], value: Float32Array.of(1) },
      "an object; write { data: t.value, shape: t.shape }",
    ],
    [
      "a vector with nulls, which its array would hold as 0",
      { ...noShape, nullCount: 2, toArray: () => [0] },
      "an object; replace its nulls, then write its toArray()",
    ],
    [
      "a vector of float16",
      { ...noShape, type: { toString: () => "Float16" }, toArray: () => halves },
      'an object; write tensor(v.toArray(), [v.length], "float16")',
    ],
    ["an array in chunks", { shape: [1], getChunk: () => 0 }, "an object; write await get(array)"],
    ["a decimal", { toNumber: () => 1 }, "an object; write its toNumber()"],
    ["a set", new Set([1]), "a Set; write [...values]"],
    ["a list of a library", { [Symbol.iterator]: () => 0 }, "an object; write [...values]"],
  ];

  test.each(remedies)("%s", (_, value, message) => {
    for (const [call, argument] of [
      [() => hinge(wrong<TensorLike>(value), [1]), "yTrue"],
      [() => hinge([1], wrong<TensorLike>(value)), "yPred"],
      [() => new Hinge().value([1], [1], { mask: wrong<TensorLike>(value) }), "mask"],
      [() => tensor(wrong<TensorLike>(value)), "data"],
    ] as const) {
      expect(call).toThrow(new TypeError(`${argument}: received ${message}`));
    }
  });

  test("are errors of less than 150 characters", () => {
    for (const value of [
      undefined,
      null,
      {},
      "x",
      new Map(),
      ...remedies.map(([, each]) => each),
    ]) {
      const thrown = (() => {
        try {
          return hinge([1], wrong<TensorLike>(value));
        } catch (error) {
          return error;
        }
      })();
      expect(thrown).toBeInstanceOf(TypeError);
      expect((thrown as Error).message.length).toBeLessThan(150);
    }
  });
});
