// The addon itself. TypeScript refuses most of this before; here nothing stands before the binding.
import { pbkdf2 as pbkdf2WithCallback } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { chunkSize } from "../lib/backend/call.js";
import { frameSize, operations } from "../lib/backend/call-frame.js";
import { ExactSum } from "../lib/backend/exact-sum.js";
import { addon, type Numbers, newFrame, numberIn, slots, write } from "./support/addon.js";
import { detach } from "./support/buffers.js";
import { generator, integerBelow } from "./support/data.js";
import { allLossNames } from "./support/losses.js";

const pbkdf2 = promisify(pbkdf2WithCallback);

const rows = 50;
const width = 4;
const labels = () => new Int8Array(rows * width).fill(1);
const predictions = () => new Float32Array(rows * width).fill(0.5);
const column = () => new Float32Array(rows).fill(1);
const codes = { int8: 1, bfloat16: 9, float32: 10, float64: 11 } as const;

/** Hinge of int8 labels and float32 predictions. */
const numbers: Numbers = {
  loss: 0,
  encoding: 0,
  margin: 1,
  isSquared: 0,
  classes: width,
  ignores: 0,
  ignored: 0,
  firstRow: 0,
  isStrided: 0,
  labelDtype: codes.int8,
  predictionDtype: codes.float32,
  computeDtype: codes.float32,
  weightDtype: codes.float32,
  maskDtype: codes.float32,
  lossesDtype: codes.float32,
  gradientDtype: codes.float32,
  rows,
  batchRows: rows,
  width,
  divisor: 1,
};

/** In the places of losses and gradient. */
const unwritten = [undefined, undefined];

const shared = addon.initialize(new Float64Array(new SharedArrayBuffer(8 * frameSize)));

type Call = (own: Numbers, y: unknown, p: unknown) => unknown;

/** An operation by each of the three entries, with all that it takes. */
const calls: [string, Call][] = Object.entries(operations).flatMap(([name, operation]) => {
  const others = () => [
    name === "rows" ? column() : undefined,
    name === "gradient" ? predictions() : undefined,
    name === "weights" ? column() : undefined,
  ];
  const frame = (own: Numbers) => newFrame({ ...numbers, operation, ...own });
  return [
    [
      `${name} by evaluate`,
      (own, y, p) => {
        write(shared, { ...numbers, operation, ...own });
        addon.evaluate(y, p, ...others());
      },
    ],
    [`${name} by evaluateWith`, (own, y, p) => addon.evaluateWith(frame(own), y, p, ...others())],
    [
      `${name} by evaluateInBackground`,
      (own, y, p) => addon.evaluateInBackground(frame(own), y, p, ...others()),
    ],
  ] satisfies [string, Call][];
});

const withValues = calls.filter(([name]) => !name.startsWith("weights"));

test("the frame's slots are those that the addon has", () => {
  expect(addon.callFrame()).toEqual(slots);
  const [index, count] = Object.values(addon.callFrame()).at(-1) as [number, number];
  expect(frameSize).toBe(index + count);
});

test("the losses have names", () => {
  expect(addon.losses()).toEqual(allLossNames);
});

test.each(calls)("%s computes", async (_, call) => {
  await call({}, labels(), predictions());
});

test("sums, rounded and exact", () => {
  const frame = newFrame(numbers);
  addon.evaluateWith(frame, labels(), predictions(), ...unwritten, column(), column());
  expect(numberIn(frame, "losses")).toBe(25);
  expect(numberIn(frame, "weights")).toBe(rows);
  expect(numberIn(frame, "kept")).toBe(rows);
  expect([...frame.subarray(slots.lossesSum[0]).subarray(0, 3)]).toEqual([2, 0, 25]);
});

test("sums of weights of all sizes, which need more terms than an exact sum has room for", () => {
  const random = generator(41);
  const count = 400;
  for (const kind of ["one bit", "all bits"]) {
    const weights = Float64Array.from({ length: count }, () => {
      const digits = kind === "one bit" ? Math.sign(random() - 0.5) : random() - 0.5;
      return digits * 2 ** (integerBelow(2000, random) - 1000);
    });
    const expected = new ExactSum();
    for (const weight of weights) expected.add(weight);
    // Each row is a group, and so each weight a term.
    const frame = newFrame({
      ...numbers,
      operation: operations.weights,
      computeDtype: codes.float64,
      weightDtype: codes.float64,
      rows: count,
      batchRows: count,
      width: chunkSize,
    });
    addon.evaluateWith(frame, undefined, undefined, ...unwritten, weights);
    expect(numberIn(frame, "weights")).toBe(expected.value);
    const sum = new ExactSum();
    sum.addNumbers(frame, slots.weightsSum[0]);
    expect(sum.value).toBe(expected.value);
  }
});

test("a part of a batch whose arrays are passed whole", () => {
  const losses = column().fill(7);
  const frame = newFrame({ ...numbers, operation: operations.rows, firstRow: 3, rows: 2 });
  addon.evaluateWith(frame, labels(), predictions(), losses);
  expect([...losses].map((loss) => loss === 0.5)).toEqual(
    [...losses].map((_, i) => i === 3 || i === 4),
  );
});

describe.each(withValues)("%s", (_, call) => {
  test("refuses other labels and predictions", () => {
    const refused = (y: unknown, p: unknown) =>
      expect(() => call({}, y, p)).toThrow(/^maxmargin: labels and predictions are not/);
    const gone = predictions();
    detach(gone.buffer);
    const wrong = [undefined, null, 1, "x", {}, []];
    for (const other of [gone, new Float32Array(0), predictions().subarray(1), ...wrong]) {
      refused(labels(), other);
      refused(other, predictions());
    }
    const bytes = new Uint8Array(4 * rows * width + 1);
    // No address that the dtype can have.
    refused(labels(), bytes.subarray(1));
  });
});

describe.each(calls)("%s", (_, call) => {
  const numberOf: readonly (keyof Numbers)[] = [
    ...(["operation", "loss", "encoding", "computeDtype", "isSquared", "ignores"] as const),
    ...(["firstRow", "rows", "batchRows", "width", "isStrided"] as const),
  ];

  test.each(numberOf)("refuses a frame whose %s is no good", (slot) => {
    for (const value of [-1, 0.5, 2 ** 53, 2 ** 64, 1e300, Number.NaN, Infinity, -Infinity]) {
      expect(() => call({ [slot]: value }, labels(), predictions())).toThrow(
        /^maxmargin: the frame/,
      );
    }
  });

  test("refuses a frame of another shape", () => {
    for (const own of [
      { rows: 0 },
      { rows: rows + 1 },
      { firstRow: 1 },
      { firstRow: rows },
      { width: 0 },
      { batchRows: 0, rows: 0 },
      { batchRows: 2 ** 52, width: 2 ** 52 },
      { computeDtype: 7 },
      { loss: allLossNames.length },
      { encoding: 5 },
      { isSquared: 2 },
      { ignores: 2 },
      // Several labels a row.
      { ignores: 1 },
      { operation: 4 },
    ]) {
      expect(() => call(own, labels(), predictions())).toThrow(/^maxmargin: the frame/);
    }
  });
});

test.each(withValues)("%s refuses dtypes that there are not", (_, call) => {
  for (const code of [-1, 12, 0.5, Number.NaN]) {
    for (const slot of ["labelDtype", "predictionDtype"]) {
      expect(() => call({ [slot]: code }, labels(), predictions())).toThrow(/^maxmargin: labels/);
    }
  }
});

describe("weights, masks and outputs", () => {
  const odd = new Uint8Array(4 * rows + 1).subarray(1);
  const evaluate = (own: Numbers, ...others: unknown[]) =>
    addon.evaluateWith(newFrame({ ...numbers, ...own }), labels(), predictions(), ...others);

  test("of another length or place, or another kind", () => {
    for (const other of [new Float32Array(rows - 1), new Float32Array(rows + 1), null, 1, odd]) {
      expect(() => evaluate({}, ...unwritten, other)).toThrow(/^maxmargin: weights or mask/);
      expect(() => evaluate({}, ...unwritten, undefined, other)).toThrow(
        /^maxmargin: weights or mask/,
      );
      const rowsAlone = { operation: operations.rows };
      expect(() => evaluate(rowsAlone, other)).toThrow(/^maxmargin: the out/);
      const gradient = { operation: operations.gradient };
      expect(() => evaluate(gradient, undefined, other)).toThrow(/^maxmargin: the output/);
    }
    expect(() => evaluate({ operation: operations.weights })).toThrow(
      /^maxmargin: weights or mask/,
    );
    expect(() => evaluate({ operation: operations.rows })).toThrow(/^maxmargin: the output/);
    expect(() => evaluate({ operation: operations.gradient })).toThrow(/^maxmargin: the output/);
  });

  test("outputs in a dtype that is neither the batch's nor float64", () => {
    const losses = new Uint16Array(rows);
    const own = { operation: operations.rows, lossesDtype: codes.bfloat16 };
    expect(() => evaluate(own, losses)).toThrow(/^maxmargin: the output/);
    const wide = { operation: operations.rows, lossesDtype: codes.float64 };
    evaluate(wide, new Float64Array(rows));
  });

  test("outputs in memory that is read, or written twice", () => {
    const overlapping = { name: "RangeError", code: "ERR_MAXMARGIN_OVERLAP" };
    const p = predictions();
    const gradient = { ...numbers, operation: operations.gradient };
    const evaluateOn = (...others: unknown[]) =>
      addon.evaluateWith(newFrame(gradient), labels(), p, ...others);
    const none = undefined;
    const losses = column();
    const out = predictions();
    for (const others of [
      [none, p],
      [p.subarray(rows, 2 * rows), out],
      [out.subarray(0, rows), out],
      [losses, out, losses],
      [losses, out, none, losses],
    ]) {
      expect(() => evaluateOn(...others)).toThrow(expect.objectContaining(overlapping));
    }
    // Side by side in one buffer.
    const both = new Float32Array(rows + rows * width);
    evaluateOn(both.subarray(0, rows), both.subarray(rows));
  });

  test("overlaps", () => {
    const bytes = new Uint8Array(16);
    expect(addon.overlaps(bytes.subarray(0, 8), bytes.subarray(7))).toBe(true);
    expect(addon.overlaps(bytes.subarray(0, 8), bytes.subarray(8))).toBe(false);
    expect(addon.overlaps(bytes.subarray(3, 3), bytes)).toBe(false);
    for (const wrong of [undefined, null, {}, 1]) {
      expect(() => addon.overlaps(bytes, wrong)).toThrow(TypeError);
      expect(() => addon.overlaps(wrong, bytes)).toThrow(TypeError);
    }
  });
});

describe("class ids", () => {
  const sparse = { encoding: 3 } as const;
  const ids = (...first: number[]) => {
    const all = new Int32Array(rows);
    all.set(first);
    return all;
  };
  const evaluate = (own: Numbers, labels: unknown, ...others: unknown[]) => {
    const frame = newFrame({ ...numbers, ...sparse, labelDtype: 5, ...own });
    addon.evaluateWith(frame, labels, predictions(), ...others);
    return frame;
  };

  test.each(allLossNames.map((name, loss) => [name, loss]))("of %s", (_, loss) => {
    expect(numberIn(evaluate({ loss }, ids(0, 3)), "areLabelsValid")).toBe(1);
    for (const id of [-1, width, 2 ** 31 - 1, -(2 ** 31)]) {
      expect(numberIn(evaluate({ loss }, ids(0, id)), "areLabelsValid")).toBe(0);
      const gradient = { loss, operation: operations.gradient };
      const frame = evaluate(gradient, ids(0, id), undefined, predictions());
      expect(numberIn(frame, "areLabelsValid")).toBe(0);
    }
  });

  test("one for each row", () => {
    for (const n of [0, rows - 1, rows + 1, rows * width]) {
      expect(() => evaluate({}, new Int32Array(n))).toThrow(/^maxmargin: labels/);
    }
  });

  test("weights of classes", () => {
    const weigh = (weights: unknown) =>
      evaluate({}, ids(), ...unwritten, undefined, undefined, weights);
    expect(numberIn(weigh(Float64Array.of(2, 1, 1, 1)), "weights")).toBe(2 * rows);
    for (const other of [
      ...[new Float64Array(width - 1), new Float64Array(width + 1), new Float32Array(width)],
      ...[null, 1, [1, 2, 3, 4]],
    ]) {
      expect(() => weigh(other)).toThrow(/^maxmargin: weights/);
    }
    // Several labels a row.
    const frame = newFrame(numbers);
    const weights = [...unwritten, undefined, undefined, new Float64Array(width)];
    expect(() => addon.evaluateWith(frame, labels(), predictions(), ...weights)).toThrow(
      /^maxmargin: /,
    );
  });

  test("rows that are ignored", () => {
    const frame = evaluate({ ignores: 1, ignored: 255 }, ids(255, 255, 1));
    expect([numberIn(frame, "areLabelsValid"), numberIn(frame, "kept")]).toEqual([1, rows - 2]);
  });

  test("losses of classes have no other labels", () => {
    for (const [loss, name] of allLossNames.entries()) {
      if (name !== "weston_watkins" && name !== "crammer_singer") continue;
      for (const encoding of [0, 1, 2]) {
        const frame = newFrame({ ...numbers, loss, encoding });
        expect(() => addon.evaluateWith(frame, labels(), predictions())).toThrow(
          /^maxmargin: the frame/,
        );
      }
    }
  });
});

describe("frames", () => {
  test("that are too short, or misplaced, or no arrays", () => {
    const odd = new Uint8Array(8 * frameSize + 1).subarray(1);
    for (const other of [new Float64Array(frameSize - 1), odd, null, undefined, 3]) {
      expect(() => addon.initialize(other)).toThrow(/^maxmargin: the frame/);
      expect(() => addon.evaluateWith(other, labels(), predictions())).toThrow(
        /^maxmargin: the fr/,
      );
      expect(() => addon.evaluateInBackground(other, labels(), predictions())).toThrow(
        /^maxmargin: the frame/,
      );
    }
  });

  test("the shared one lies in memory that nobody can detach", () => {
    expect(() => addon.initialize(new Float64Array(frameSize))).toThrow(/^maxmargin: the frame/);
  });

  test("whose memory goes while another thread computes", async () => {
    const own = newFrame(numbers);
    const promise = addon.evaluateInBackground(own, labels(), predictions());
    detach(own.buffer);
    await expect(promise).rejects.toThrow(/^maxmargin: the frame/);
  });

  test("that change while another thread computes have no effect", async () => {
    const own = newFrame(numbers);
    const promise = addon.evaluateInBackground(own, labels(), predictions());
    own.fill(Number.NaN);
    await promise;
    expect(numberIn(own, "losses")).toBe(100);
  });
});

test("arrays that nobody else has stay until a call in the background has ended", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  // The call waits behind these in libuv's pool, of which they fill all threads.
  let areBusy = true;
  const others = Array.from({ length: 4 }, () => pbkdf2("", "", 300_000, 64, "sha512"));
  void Promise.race(others).then(() => {
    areBusy = false;
  });
  const start = () => {
    const inputs = [new Int8Array(rows), predictions()];
    const outputs = [column(), predictions()];
    const weights = [column(), column(), new Float64Array(width)];
    const arrays = [...inputs, ...outputs, ...weights];
    const frame = newFrame({ ...numbers, encoding: 3, operation: operations.gradient });
    const promise = addon.evaluateInBackground(frame, ...arrays);
    return { promise, references: [frame, ...arrays].map((array) => new WeakRef(array)) };
  };
  const { promise, references } = start();
  // Whatever has a weak reference stays for the rest of a turn.
  await setImmediate();
  collectGarbage();
  expect(references.map((reference) => reference.deref() !== undefined)).not.toContain(false);
  expect(areBusy).toBe(true);
  await Promise.all([promise, ...others]);
});

test("entries without arguments", () => {
  for (const name of ["evaluate", "evaluateWith", "evaluateInBackground", "overlaps"] as const) {
    expect(() => (addon[name] as () => unknown)()).toThrow(/^maxmargin: /);
  }
  expect(addon.useKernel(undefined)).toBe(false);
  expect(addon.useKernel("avx2avx2avx2avx2avx2avx2")).toBe(false);
  const threads = addon.threads();
  addon.setThreads("x");
  expect(addon.threads()).toBe(threads);
});
