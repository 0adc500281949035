import { setBackend, type Tensor } from "maxmargin";
import { afterEach, describe, expect, test } from "vitest";
import { breastCancer, compare, type DataSet, digits } from "../examples/datasets.js";
import { parseNpy } from "../examples/npy.js";
import * as plain from "../examples/plain.js";
import { toRows } from "../examples/rows.js";
import { contests, repeated } from "../examples/speed.js";
import { table } from "../examples/table.js";
import { tasks, train, training } from "../examples/training.js";
import { force, implementations } from "./support/implementations.js";

interface NpyParts {
  magic?: string;
  version?: number;
  header?: string;
  /** The length that the file claims for its header. */
  headerLength?: number;
  data?: Uint8Array;
}

const header = (descr: string, shape: string, fortran = "False") =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

const floats = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);

/** A file as numpy writes it, by default float32 [2, 3], or one with something wrong. */
function npy({
  magic = "\x93NUMPY",
  version = 1,
  header: text = header("<f4", "(2, 3)"),
  headerLength,
  data = floats,
}: NpyParts = {}): Uint8Array {
  const lengthBytes = version === 1 ? 2 : 4;
  const before = magic.length + 2 + lengthBytes;
  // Spaces and a line break until the data begin at a multiple of 64.
  const padded = `${text.padEnd(Math.ceil((before + text.length + 1) / 64) * 64 - before - 1)}\n`;
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntLE(headerLength ?? padded.length, 0, lengthBytes);
  const start = Buffer.from(magic, "latin1");
  return Buffer.concat([start, Buffer.of(version, 0), length, Buffer.from(padded), data]);
}

describe("parseNpy", () => {
  test.each([
    ["<f4", "float32", Float32Array.of(1.5, -0, Number.NaN)],
    ["<f8", "float64", Float64Array.of(1 / 3, -0, Number.NaN)],
    ["|i1", "int8", Int8Array.of(-128, 0, 127)],
    ["|u1", "uint8", Uint8Array.of(0, 1, 255)],
    ["|b1", "bool", Uint8Array.of(0, 1, 1)],
    ["<i4", "int32", Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1)],
    ["<i8", "int64", BigInt64Array.of(-(2n ** 63n), 0n, 2n ** 63n - 1n)],
  ])("reads %s as %s", (descr, dtype, values) => {
    const data = new Uint8Array(values.buffer);
    const tensor = parseNpy(npy({ header: header(descr, "(3,)"), data }));
    expect(tensor.data).toEqual(values);
    expect([tensor.dtype, tensor.shape]).toEqual([dtype, [3]]);
  });

  test.each([1, 2, 3])("reads version %i", (version) => {
    expect(parseNpy(npy({ version })).data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
  });

  test.each([
    ["()", [], 1],
    ["(6,)", [6], 6],
    ["(3, 2)", [3, 2], 6],
    ["(1,2,3)", [1, 2, 3], 6],
    ["(0, 3)", [0, 3], 0],
  ])("reads shape %s", (text, shape, values) => {
    const data = floats.subarray(0, 4 * values);
    expect(parseNpy(npy({ header: header("<f4", text), data })).shape).toEqual(shape);
  });

  test("reads the header's keys in any order", () => {
    const text = "{'shape': (2, 3), 'fortran_order': False, 'descr': '<f4'}";
    expect(parseNpy(npy({ header: text })).shape).toEqual([2, 3]);
  });

  test("reads bytes at any offset of their buffer", () => {
    const file = npy();
    const bytes = new Uint8Array(file.length + 1);
    bytes.set(file, 1);
    expect(parseNpy(bytes.subarray(1)).data).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
  });

  test.each<[string, Uint8Array, string]>([
    [
      "another kind of file",
      Buffer.from("a,b,c\n1,2,3\n"),
      'expected a file of numpy.save, received one that begins with "a,b,c\\n"',
    ],
    [
      "an empty file",
      Buffer.of(),
      'expected a file of numpy.save, received one that begins with ""',
    ],
    ["a file of the magic string", npy().subarray(0, 6), "expected at least 12 bytes, received 6"],
    ["version 4", npy({ version: 4 }), "expected version 1, 2 or 3, received version 4"],
    ["a truncated header", npy().subarray(0, 100), "expected a header of 118 bytes, received 90"],
    [
      "a header that is too long for the file",
      npy({ version: 2, headerLength: 2 ** 32 - 1 }),
      "expected a header of 4294967295 bytes, received 140",
    ],
    [
      "a header without descr",
      npy({ header: "{'fortran_order': False, 'shape': (2, 3), }" }),
      "expected a header with a usable 'descr', received \"{'fortran_order': False, 'shape': (2, 3), }\"",
    ],
    [
      "a structured dtype",
      npy({ header: "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }" }),
      "expected a header with a usable 'descr'",
    ],
    [
      "a header without fortran_order",
      npy({ header: "{'descr': '<f4', 'shape': (2, 3), }" }),
      "expected a header with a usable 'fortran_order'",
    ],
    [
      "a header without shape",
      npy({ header: "{'descr': '<f4', 'fortran_order': False, }" }),
      "expected a header with a usable 'shape'",
    ],
    [
      "a negative dimension",
      npy({ header: header("<f4", "(-2, 3)") }),
      "expected a header with a usable 'shape'",
    ],
    [
      "big-endian values",
      npy({ header: header(">f4", "(2, 3)") }),
      "expected a dtype among <f4, <f8, |i1, |u1, |b1, <i4, <i8, received >f4",
    ],
    ["Python objects", npy({ header: header("|O", "(2, 3)") }), "expected a dtype among"],
    ["a name of Object's", npy({ header: header("toString", "(6,)") }), "expected a dtype among"],
    [
      "Fortran order",
      npy({ header: header("<f4", "(2, 3)", "True") }),
      "expected values in C order, received Fortran order",
    ],
    [
      "missing data",
      npy().subarray(0, -1),
      "expected 24 bytes of data for shape [2, 3], received 23",
    ],
    [
      "bytes after the data",
      Buffer.concat([npy(), Buffer.of(0)]),
      "expected 24 bytes of data for shape [2, 3], received 25",
    ],
    [
      "a shape that no file can fill",
      npy({ header: header("<f8", "(999999999999, 999999999999)") }),
      "bytes of data for shape [999999999999, 999999999999], received 24",
    ],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => parseNpy(bytes, "some.npy")).toThrow(message);
    expect(() => parseNpy(bytes, "some.npy")).toThrow(/^some\.npy: expected /);
  });
});

describe("the data sets", () => {
  afterEach(() => setBackend("auto"));

  test("have the shapes and dtypes of their README", () => {
    const described = ({ yTrue, yPred }: DataSet) => [
      yTrue.dtype,
      yTrue.shape,
      yPred.dtype,
      yPred.shape,
    ];
    expect(described(breastCancer)).toEqual(["int8", [285, 1], "float32", [285, 1]]);
    expect(described(digits)).toEqual(["int8", [899, 10], "float32", [899, 10]]);
  });

  test.each(implementations)("give the expected numbers with %s", (name) => {
    force(name);

    const comparisons = [...compare(breastCancer), ...compare(digits)];
    expect(comparisons.filter(({ agrees }) => !agrees)).toEqual([]);
    expect(comparisons.map(({ measure }) => measure)).toEqual([
      "rows",
      "accuracy",
      "hinge_mean",
      "squared_hinge_mean",
      "sklearn_hinge_loss",
      "rows",
      "classes",
      "accuracy",
      "categorical_hinge_mean",
      "hinge_mean",
      "squared_hinge_mean",
    ]);
  });

  test("report a number that differs from the expected one", () => {
    const expected = { ...digits.expected, hinge_mean: 0.0835 };
    const wrong = compare({ ...digits, expected }).filter(({ agrees }) => !agrees);
    expect(wrong.map(({ measure }) => measure)).toEqual(["hinge_mean"]);
  });

  test("have the same losses written with map and reduce", () => {
    for (const { measure, plain } of contests) {
      const answer = plain(toRows(digits.yTrue), toRows(digits.yPred));
      expect(Math.abs(answer - digits.expected[measure])).toBeLessThan(1e-7);
    }
    expect(plain.hinge([[0, 1]], [[0.5, 2]])).toBe(0.75);
    expect(plain.categoricalHinge([[0, 1]], [[0.5, 2]])).toBe(0);
  });
});

describe("the demo's parts", () => {
  test("a data set is repeated as a whole", () => {
    const { yTrue, yPred } = repeated(digits, 10_000);
    const twice = ({ data, shape: [rows, width] }: Tensor) => ({
      data: [...data, ...data],
      shape: [2 * rows, width],
    });
    for (const [batch, once] of [
      [yTrue, digits.yTrue],
      [yPred, digits.yPred],
    ]) {
      expect({ data: [...batch.data], shape: batch.shape }).toEqual(twice(once));
      expect(batch.dtype).toBe(once.dtype);
    }
  });

  test("a table is aligned", () => {
    const cells = [
      ["way", "ns"],
      ["native", "0.2"],
      ["js", "10.0"],
    ];
    expect(table(cells)).toBe("way        ns\nnative    0.2\njs       10.0");
  });
});

describe("training", () => {
  test.each(tasks)("$title", (task) => {
    const { losses, accuracy, heldOut } = train(task, () => {});
    expect(losses).toHaveLength(training.epochs);
    expect(losses[0]).toBe(1);
    expect(losses.at(-1)).toBeLessThan(0.1);
    expect(heldOut).toBeGreaterThan(280);
    expect(accuracy).toBeGreaterThanOrEqual(task.expected);
  });
});
