import {
  backend,
  CategoricalHinge,
  Hinge,
  hinge,
  SquaredHinge,
  setBackend,
  setNumThreads,
  tensor,
} from "maxmargin";
import { afterEach, describe, expect, test } from "vitest";
import { forEachImplementation } from "./support/implementations.js";
import { functions, lossNames, lossOf, reductions } from "./support/losses.js";
import { type Loaded, loadInProcess, loadInWorker } from "./support/processes.js";

/** What no type allows. */
const wrong = <T = never>(value: unknown) => value as T;

function expectError(
  call: () => unknown,
  Kind: typeof TypeError | typeof RangeError,
  message: string,
) {
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(Kind);
  expect((thrown as Error).message).toBe(message);
}

const expectTypeError = (call: () => unknown, message: string) =>
  expectError(call, TypeError, message);
const expectRangeError = (call: () => unknown, message: string) =>
  expectError(call, RangeError, message);

class Weights {}

const expectedTensor =
  "expected a typed array, a tensor, { data, shape }, a number or nested arrays";

/** Values that are no tensors, what messages call them, and what they say to write instead. */
const strangers: ReadonlyArray<readonly [unknown, string, string?]> = [
  [undefined, "undefined"],
  [null, "null"],
  ["abc", '"abc"'],
  [3n, "3n"],
  [Symbol("s"), "Symbol(s)"],
  [() => 0, "a function"],
  [{}, "an object"],
  [Object.create(null), "an object"],
  [{ data: Float32Array.of(1) }, "an object", "a shape is missing: write { data, shape }"],
  [{ shape: [1] }, "an object"],
  [new Weights(), "a Weights"],
  [new Map(), "a Map"],
  [new Set([1]), "a Set", "write [...values]"],
  [Promise.resolve(1), "a Promise", "await it"],
  [new ArrayBuffer(4), "an ArrayBuffer", "write new Float32Array(buffer)"],
  [new SharedArrayBuffer(4), "a SharedArrayBuffer", "write new Float32Array(buffer)"],
  [
    new DataView(new ArrayBuffer(4)),
    "a DataView",
    "write new Float32Array(view.buffer, view.byteOffset, view.byteLength / 4)",
  ],
];

const two = Float32Array.of(1, 1);

describe("arguments that are not tensor-likes", () => {
  test.each(strangers)("%o", (value, description, remedy = expectedTensor) => {
    const message = (argument: string) => `${argument}: received ${description}; ${remedy}`;
    expectTypeError(() => tensor(wrong(value)), message("data"));
    for (const loss of lossNames) {
      expectTypeError(() => functions[loss](wrong(value), two), message("yTrue"));
      expectTypeError(() => functions[loss](two, wrong(value)), message("yPred"));
      for (const reduction of reductions) {
        expectTypeError(() => lossOf(loss, reduction).value(wrong(value), two), message("yTrue"));
        expectTypeError(() => lossOf(loss, reduction).value(two, wrong(value)), message("yPred"));
      }
      expectTypeError(() => lossOf(loss, null).call(wrong(value), two), message("yTrue"));
    }
  });
});

describe("tensors", () => {
  /** The same object as an argument of a loss and of tensor(), whose messages begin otherwise. */
  function expectErrorOf(
    like: { data: unknown; shape: unknown; dtype?: unknown },
    Kind: typeof TypeError | typeof RangeError,
    message: string,
  ) {
    expectError(() => hinge(wrong(like), two), Kind, `yTrue.${message}`);
    expectError(() => hinge(two, wrong(like)), Kind, `yPred.${message}`);
    expectError(() => new SquaredHinge().value(two, wrong(like)), Kind, `yPred.${message}`);
    // There the shape may be left out.
    if (ArrayBuffer.isView(like.data) && (like.shape ?? null) !== null) {
      const { data, shape, dtype } = like as Parameters<typeof Object>[0];
      expectError(() => tensor(data, shape, dtype), Kind, message);
    }
  }

  test("data of a wrong kind", () => {
    const message = (received: string) =>
      `data: received ${received}; expected a typed array or an array of numbers`;
    expectErrorOf({ data: undefined, shape: [2] }, TypeError, message("undefined"));
    expectErrorOf({ data: null, shape: [2] }, TypeError, message("null"));
    expectErrorOf({ data: "12", shape: [2] }, TypeError, message('"12"'));
    expectErrorOf({ data: 1, shape: [] }, TypeError, message("1"));
    expectErrorOf(
      { data: Promise.resolve(two), shape: [2] },
      TypeError,
      "data: received a Promise; await it",
    );
  });

  test("an invalid shape", () => {
    const message = (received: string) =>
      `shape: expected an array of dimensions, received ${received}`;
    expectErrorOf({ data: two, shape: 2 }, TypeError, message("2"));
    expectErrorOf({ data: two, shape: "2" }, TypeError, message('"2"'));
    expectErrorOf({ data: two, shape: null }, TypeError, message("null"));
    expectErrorOf({ data: two, shape: undefined }, TypeError, message("undefined"));
    expectErrorOf({ data: two, shape: new Set([2]) }, TypeError, message("a Set"));
  });

  test("invalid dimensions", () => {
    expectErrorOf(
      { data: two, shape: ["2"] },
      TypeError,
      'shape[0]: expected a number, received "2"',
    );
    expectErrorOf(
      { data: two, shape: [1, true] },
      TypeError,
      "shape[1]: expected a number, received true",
    );
    expectErrorOf(
      { data: two, shape: new Array(1) },
      TypeError,
      "shape[0]: expected a number, received undefined",
    );
    for (const dimension of [-1, 1.5, NaN, Infinity, 2 ** 53]) {
      expectErrorOf(
        { data: two, shape: [2, dimension] },
        RangeError,
        `shape[1]: expected an integer from 0, received ${dimension}`,
      );
    }
    expectErrorOf(
      { data: two, shape: [2 ** 27, 2 ** 26] },
      RangeError,
      "shape: expected a product below 2 ** 53, received [134217728, 67108864]",
    );
  });

  test("data of another length than their shape", () => {
    const message = (size: number, shape: string, received: string) =>
      `data: expected ${size} values for its shape [${shape}], received ${received}`;
    expectErrorOf({ data: two, shape: [3] }, RangeError, message(3, "3", "2"));
    expectErrorOf({ data: two, shape: [] }, RangeError, message(1, "", "2"));
    expectErrorOf({ data: two, shape: [2, 2] }, RangeError, message(4, "2, 2", "2"));
    expectErrorOf({ data: two, shape: [2, 0] }, RangeError, message(0, "2, 0", "2"));
    expectErrorOf(
      { data: new Float32Array(0), shape: [2] },
      RangeError,
      message(2, "2", "0 (was the buffer detached?)"),
    );
  });

  test("a dtype that the data do not have", () => {
    const of = (data: object, dtype: unknown, expected: string) =>
      expectErrorOf(
        { data, shape: [2], dtype },
        RangeError,
        `dtype: expected ${expected}, received ${JSON.stringify(dtype)}`,
      );
    of(two, "bool", '"float32" for a Float32Array of length 2');
    of(two, "float64", '"float32" for a Float32Array of length 2');
    of(new Int8Array(2), "bool", '"int8" for an Int8Array of length 2');
    of(new Uint8Array(2), "int8", '"uint8" or "bool" for a Uint8Array of length 2');
    of(new BigInt64Array(2), "int32", '"int64" for a BigInt64Array of length 2');
    of(new Uint8Array(2), 3, '"uint8" or "bool" for a Uint8Array of length 2');
  });

  test("invalid nested arrays", () => {
    const of = (nested: unknown, Kind: typeof TypeError | typeof RangeError, message: string) => {
      expectError(() => hinge(wrong(nested), two), Kind, `yTrue${message}`);
      expectError(() => hinge(two, wrong(nested)), Kind, `yPred${message}`);
      expectError(() => tensor(wrong(nested)), Kind, `data${message}`);
    };
    of(
      [[1, 2], [3]],
      RangeError,
      "[1]: expected an array of length 2, received an array of length 1",
    );
    of([[1, 2], 3], RangeError, "[1]: expected an array of length 2, received 3");
    of(
      [
        [[1], [2]],
        [[3], "x"],
      ],
      RangeError,
      '[1][1]: expected an array of length 1, received "x"',
    );
    of([1, "2"], TypeError, '[1]: expected a number, a boolean or a bigint, received "2"');
    of(
      [1, [2]],
      TypeError,
      "[1]: expected a number, a boolean or a bigint, received an array of length 1",
    );
    of([[1], [null]], TypeError, "[1][0]: expected a number, a boolean or a bigint, received null");
    const endless: unknown[] = [];
    endless.push(endless);
    of(endless, RangeError, ": expected at most 64 dimensions, received deeper nesting");
  });
});

forEachImplementation(() => {
  describe.each(lossNames)("%s", (loss) => {
    /** The function, the method `call`, and `value` with every reduction, for small and large batches. */
    function expectErrorOf(
      yTrue: Parameters<typeof hinge>[0],
      yPred: Parameters<typeof hinge>[1],
      Kind: typeof TypeError | typeof RangeError,
      message: string,
    ) {
      expectError(() => functions[loss](yTrue, yPred), Kind, message);
      expectError(() => lossOf(loss, "sum").call(yTrue, yPred), Kind, message);
      for (const reduction of reductions) {
        expectError(() => lossOf(loss, reduction).value(yTrue, yPred), Kind, message);
      }
    }

    test("labels of another shape", () => {
      const of = (labels: number[], predictions: number[]) => {
        const size = (shape: number[]) => shape.reduce((n, dimension) => n * dimension, 1);
        expectErrorOf(
          tensor(new Int8Array(size(labels)), labels),
          tensor(new Float32Array(size(predictions)), predictions),
          RangeError,
          `yTrue: expected a shape that broadcasts with yPred, [${predictions.join(", ")}], received [${labels.join(", ")}]`,
        );
      };
      of([2], [3]);
      of([6], [2, 3]);
      of([2, 3], [6]);
      of([2, 3], [3, 2]);
      of([100, 30], [30, 100]);
      // For categorical hinge these are class ids: see labels-of-classes.test.ts.
      if (loss !== "categorical_hinge") of([0], [0, 3]);
      of([2, 0], [0, 2]);
    });

    // Keras takes two scalars for one class there.
    if (loss !== "categorical_hinge") {
      test("scalars", () => {
        const message = "yPred: expected at least one axis, received a scalar";
        expectErrorOf(1, 1, RangeError, message);
        expectErrorOf(true, tensor(two.subarray(0, 1), []), RangeError, message);
      });
    }
  });
});

describe("options", () => {
  const losses = { Hinge, SquaredHinge, CategoricalHinge };
  test.each(Object.entries(losses))("of %s", (_, Loss) => {
    const expectBoth = (
      options: unknown,
      Kind: typeof TypeError | typeof RangeError,
      message: string,
    ) => {
      expectError(() => new Loss(wrong<object>(options)), Kind, message);
      expectError(() => Loss.fromConfig(wrong<object>(options)), Kind, message);
    };
    const names = '"sum", "sum_over_batch_size", "mean", "mean_with_sample_weight", "none" or null';
    for (const reduction of ["SUM", "Mean", "", "avg", "sum "]) {
      expectBoth(
        { reduction },
        RangeError,
        `reduction: expected ${names}, received "${reduction}"`,
      );
    }
    for (const [reduction, received] of [
      [1, "1"],
      [false, "false"],
      [["sum"], "an array of length 1"],
      [{}, "an object"],
    ]) {
      expectBoth({ reduction }, TypeError, `reduction: expected ${names}, received ${received}`);
    }
    for (const [name, received] of [
      [1, "1"],
      [false, "false"],
      [{}, "an object"],
    ]) {
      expectBoth({ name }, TypeError, `name: expected a string or null, received ${received}`);
    }
    const dtypes =
      '"bfloat16", "float16", "float32", "float64", "mixed_float16" or "mixed_bfloat16"';
    for (const dtype of ["typo", "Float32", "int32", "", "float8"]) {
      expectBoth({ dtype }, RangeError, `dtype: expected ${dtypes}, received "${dtype}"`);
    }
    expectBoth({ dtype: 32 }, TypeError, `dtype: expected ${dtypes}, received 32`);
  });
});

/** `"avx2" or "scalar"`: the kernels of this machine. */
const quoted = backend().kernels.map((kernel) => `"${kernel}"`);
const machineKernels = [quoted.slice(0, -1).join(", "), quoted.at(-1)].filter(Boolean).join(" or ");
/** A kernel that exists, for other processors. */
const foreignKernel = process.arch === "arm64" ? "avx2" : "neon";

describe("setBackend", () => {
  afterEach(() => setBackend("auto"));

  test("knows three backends", () => {
    for (const [choice, received] of [
      ["gpu", '"gpu"'],
      ["JS", '"JS"'],
      ["", '""'],
      [undefined, "undefined"],
      [null, "null"],
      [3, "3"],
    ]) {
      expectRangeError(
        () => setBackend(wrong(choice)),
        `setBackend: expected "native", "wasm", "js" or "auto", received ${received}`,
      );
    }
  });

  test("knows the kernels of this machine", () => {
    for (const [kernel, received] of [
      ["foo", '"foo"'],
      [foreignKernel, `"${foreignKernel}"`],
      ["", '""'],
      ["SCALAR", '"SCALAR"'],
      ["scalar\0", '"scalar\\u0000"'],
      [null, "null"],
      [3, "3"],
    ]) {
      for (const choice of ["native", "auto"] as const) {
        expectRangeError(
          () => setBackend(choice, wrong(kernel)),
          `setBackend: expected a kernel that this machine can run, ${machineKernels}, received ${received}`,
        );
      }
    }
  });

  test("has no kernels in JavaScript", () => {
    expectRangeError(
      () => setBackend("js", "scalar"),
      'setBackend: expected "native" with a kernel (scalar), received "js"',
    );
  });
});

describe("setNumThreads", () => {
  test("requires a number", () => {
    for (const [count, received] of [
      ["2", '"2"'],
      [undefined, "undefined"],
      [2n, "2n"],
      [null, "null"],
    ]) {
      expectTypeError(
        () => setNumThreads(wrong(count)),
        `count: expected a number, received ${received}`,
      );
    }
  });

  test.each([0, -1, 1.5, NaN, Infinity, 1025])("rejects %d", (count) => {
    expectRangeError(
      () => setNumThreads(count),
      `count: expected an integer from 1 to 1024, received ${count}`,
    );
  });
});

describe("the environment", () => {
  const expectRange = ({ error }: Loaded, message: string) =>
    expect(error).toEqual({ name: "RangeError", message });

  test.each(["foo", foreignKernel])("MAXMARGIN_KERNEL=%s", async (kernel) => {
    for (const others of [{}, { MAXMARGIN_BACKEND: "native" }]) {
      expectRange(
        await loadInWorker({ MAXMARGIN_KERNEL: kernel, ...others }),
        `MAXMARGIN_KERNEL: expected a kernel that this machine can run, ${machineKernels}, received "${kernel}"`,
      );
    }
  });

  test.each(["bar", " "])("MAXMARGIN_BACKEND=%s", async (choice) => {
    for (const others of [{}, { MAXMARGIN_KERNEL: "scalar" }]) {
      expectRange(
        await loadInWorker({ MAXMARGIN_BACKEND: choice, ...others }),
        `MAXMARGIN_BACKEND: expected "native", "wasm", "js" or "auto", received "${choice}"`,
      );
    }
  });

  test("MAXMARGIN_BACKEND=js with a kernel", async () => {
    expectRange(
      await loadInWorker({ MAXMARGIN_BACKEND: "js", MAXMARGIN_KERNEL: "scalar" }),
      'MAXMARGIN_KERNEL: expected "native" with a kernel (scalar), received "js"',
    );
  });

  // The first thread of a process that loads the addon reads it.
  test.each(["0", "-1", "1.5", "1025", "abc"])("MAXMARGIN_NUM_THREADS=%s", (count) => {
    expectRange(
      loadInProcess({ MAXMARGIN_NUM_THREADS: count }),
      `MAXMARGIN_NUM_THREADS: expected an integer from 1 to 1024, received "${count}"`,
    );
  });
});
