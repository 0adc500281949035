// Calls off the event loop: the bits of the synchronous ones, whatever happens meanwhile.
import { availableParallelism } from "node:os";
import {
  backend,
  callAsync,
  categoricalHinge,
  type FloatDtype,
  gradient,
  gradientAsync,
  Hinge,
  hinge,
  type Reduction,
  setBackend,
  setNumThreads,
  type Tensor,
  type TensorLike,
  type TransferredInputs,
  tensor,
  valueAndGradient,
  valueAndGradientAsync,
} from "maxmargin";
import { afterAll, describe, expect, test } from "vitest";
import { detach, newWebAssemblyMemory } from "./support/buffers.js";
import {
  dataOf,
  dtypes,
  filled,
  generator,
  integerBelow,
  randomPredictions,
} from "./support/data.js";
import { force, forEachImplementation } from "./support/implementations.js";
import { classes, type LossName, lossNames, reductions } from "./support/losses.js";
import { expectSame } from "./support/same.js";

// The number of threads is one for the whole process.
afterAll(() => setNumThreads(availableParallelism()));

const ways = ["slices", "shared", "transfer"] as const;
type Way = (typeof ways)[number];

type Data = Tensor["data"];

function sharedCopy<T extends Data>(data: T): T {
  const Kind = data.constructor as new (buffer: SharedArrayBuffer) => T;
  const copy = new Kind(new SharedArrayBuffer(data.byteLength));
  copy.set(data as never);
  return copy;
}

/** A copy as that way takes it. */
const copyFor = <T extends Data>(way: Way, data: T): T =>
  way === "shared" ? sharedCopy(data) : (data.slice() as T);

interface Batch {
  readonly labels: Int8Array;
  readonly predictions: Float32Array;
  readonly shape: readonly number[];
  readonly weights: Float32Array;
  readonly mask: Int8Array;
}

function batchOf(loss: LossName, rows: number, width: number, salt: number): Batch {
  const random = generator(salt);
  const n = rows * width;
  const labels = new Int8Array(n);
  if (loss === "categorical_hinge") {
    for (let row = 0; row < rows; row++) labels[row * width + Math.floor(random() * width)] = 1;
  } else {
    filled(labels, () => (random() < 0.5 ? 0 : 1));
  }
  return {
    labels,
    predictions: randomPredictions(n, random),
    shape: [rows, width],
    weights: filled(new Float32Array(rows), () => random() + 0.5),
    mask: filled(new Int8Array(rows), () => (random() < 0.8 ? 1 : 0)),
  };
}

/** What a call gives without and with each way, which has to be the same. */
async function expectSameIn(
  way: Way,
  loss: LossName,
  reduction: Reduction,
  dtype: FloatDtype,
  batch: Batch,
  isWeighted: boolean,
): Promise<void> {
  const own = new classes[loss]({ reduction, dtype });
  const args = (): [Tensor, Tensor] => [
    tensor(copyFor(way, batch.labels) as Int8Array, batch.shape),
    tensor(copyFor(way, batch.predictions) as Float32Array, batch.shape),
  ];
  const columns = () =>
    isWeighted ? { sampleWeight: copyFor(way, batch.weights), mask: copyFor(way, batch.mask) } : {};
  const transfer = way === "transfer";
  const expected = own.value(...args(), columns());
  const given = args();
  const promise = own.valueAsync(...given, { ...columns(), transfer });
  expect(given.map(({ data }) => data.length === 0)).toEqual([transfer, transfer]);
  const value = (await promise) as number | ({ value: number } & TransferredInputs);
  if (transfer) {
    const back = value as { value: number } & TransferredInputs;
    expectSame(back.value, expected);
    expectSame(back.yPred, args()[1]);
    expectSame(back.yTrue, args()[0]);
    if (isWeighted) {
      expect(back.sampleWeight?.data).toEqual(batch.weights);
      expect(back.mask?.data).toEqual(batch.mask);
    }
  } else {
    expectSame(value as number, expected);
  }
  const both = own.valueAndGradient(...args(), columns());
  const later = await own.valueAndGradientAsync(...args(), { ...columns(), transfer });
  expectSame(later.value, both.value);
  expectSame(later.gradient, both.gradient);
  const rows: Tensor | { value: Tensor } = await own.callAsync(...args(), { transfer });
  expectSame("value" in rows ? rows.value : rows, own.call(...args()));
}

/** Weights and masks that all dtypes hold, but for bool. */
const inSmallIntegers = Object.fromEntries(
  lossNames.map((loss) => {
    const batch = batchOf(loss, 7001, 11, 12);
    const random = generator(13);
    const below = (end: number) => filled(new Int8Array(7001), () => integerBelow(end, random));
    return [loss, { ...batch, columns: { sampleWeight: below(3), mask: below(2) } }];
  }),
);

// Below and above what is done at once; in more than one slice, and with rows of more than a chunk.
const shapes = [
  [3, 5],
  [70_001, 1],
  [30_011, 10],
  [701, 1000],
  [19, 8193],
] as const;

forEachImplementation(() => {
  describe.each(ways)("%s", (way) => {
    describe.each(lossNames)("%s", (loss) => {
      test.each(shapes)(
        "gives the bits of the synchronous calls, [%d, %d]",
        async (rows, width) => {
          const batch = batchOf(loss, rows, width, rows);
          for (const isWeighted of [false, true]) {
            await expectSameIn(way, loss, "sum_over_batch_size", "float32", batch, isWeighted);
          }
        },
      );

      test.each(reductions)("returns them for every reduction, %s", async (reduction) => {
        const batch = batchOf(loss, 9001, 10, 3);
        for (const isWeighted of [false, true]) {
          await expectSameIn(way, loss, reduction, "float32", batch, isWeighted);
        }
      });

      test.each(["float16", "bfloat16", "float64"] as const)("are right in %s", async (dtype) => {
        const batch = batchOf(loss, 9001, 10, 4);
        const predictions = dataOf(dtype, batch.predictions.slice() as Float32Array) as Data;
        const own = new classes[loss]({ dtype });
        const args = (): [Tensor, Tensor] => [
          tensor(copyFor(way, batch.labels) as Int8Array, batch.shape),
          tensor(copyFor(way, predictions) as Uint16Array, batch.shape, dtype as "float16"),
        ];
        const expected = own.valueAndGradient(...args());
        const transfer = way === "transfer";
        const later = await own.valueAndGradientAsync(...args(), { transfer });
        expectSame(later.value, expected.value);
        expectSame(later.gradient, expected.gradient);
      });
    });

    test.each(dtypes)("accepts labels, weights and masks of %s", async (dtype) => {
      for (const loss of lossNames) {
        const { labels, predictions, shape, columns } = inSmallIntegers[loss];
        const [rows] = shape;
        const operand = (values: ArrayLike<number>, shape: readonly number[]) =>
          tensor(copyFor(way, dataOf(dtype, values)), shape, dtype);
        const args = () =>
          [
            operand(labels, shape),
            tensor(copyFor(way, predictions), shape),
            {
              sampleWeight: operand(columns.sampleWeight, [rows]),
              mask: operand(columns.mask, [rows]),
            },
          ] as const;
        const own = new classes[loss]({ reduction: "mean_with_sample_weight" });
        const expected = own.valueAndGradient(...args());
        const [yTrue, yPred, weighting] = args();
        const transfer = way === "transfer";
        const later = await own.valueAndGradientAsync(yTrue, yPred, { ...weighting, transfer });
        expectSame(later.value, expected.value);
        expectSame(later.gradient, expected.gradient);
      }
    });

    test.each([0, 150_000, 299_999])(
      "takes labels as they are if that at %d is not 0/1",
      async (at) => {
        const batch = batchOf("hinge", 30_000, 10, 6);
        batch.labels[at] = -1;
        for (const isWeighted of [false, true]) {
          await expectSameIn(way, "hinge", "sum_over_batch_size", "float32", batch, isWeighted);
        }
      },
    );
  });

  test("any number of calls at once, of all kinds", async () => {
    const { labels, predictions } = batchOf("hinge", 100_000, 1, 8);
    const loss = new Hinge();
    const value = loss.value(labels, predictions);
    const gradient = loss.gradient(labels, predictions);
    const shared = [sharedCopy(labels), sharedCopy(predictions)] as const;
    const one = async (i: number): Promise<void> => {
      const options = { transfer: true } as const;
      const own = [labels, predictions] as const;
      if (i % 6 === 0) expect(await loss.valueAsync(...own)).toBe(value);
      if (i % 6 === 1) expect(await loss.valueAsync(...shared)).toBe(value);
      if (i % 6 === 2) expectSame(await loss.gradientAsync(...own), gradient);
      if (i % 6 === 3) expectSame(await loss.gradientAsync(...shared), gradient);
      if (i % 6 === 4) {
        const back = await loss.valueAsync(labels.slice(), predictions.slice(), options);
        expect(back.value).toBe(value);
      }
      if (i % 6 === 5) {
        const back = await loss.gradientAsync(labels.slice(), predictions.slice(), options);
        expectSame(back.gradient, gradient);
      }
    };
    await Promise.all(Array.from({ length: 120 }, (_, i) => one(i)));
  });
});

describe("calls off the event loop", () => {
  test("functions return the results of the synchronous ones", async () => {
    const { labels, predictions, shape } = batchOf("hinge", 20_000, 10, 9);
    const yTrue = tensor(labels as Int8Array, shape);
    const yPred = tensor(predictions as Float32Array, shape);
    expectSame(await callAsync(hinge, yTrue, yPred), hinge(yTrue, yPred));
    expectSame(await gradientAsync(hinge, yTrue, yPred), gradient(hinge, yTrue, yPred));
    const expected = valueAndGradient(categoricalHinge, yTrue, yPred);
    const both = await valueAndGradientAsync(categoricalHinge, yTrue, yPred);
    expectSame(both.value, expected.value);
    expectSame(both.gradient, expected.gradient);
    const moved = await gradientAsync(hinge, yTrue, yPred, { transfer: true });
    expectSame(moved.gradient, gradient(hinge, moved.yTrue, moved.yPred));
    expect(yPred.data).toHaveLength(0);
  });

  test("broadcast", async () => {
    const loss = new Hinge();
    const yTrue = tensor([[1], [-1]]);
    const yPred = tensor(Float32Array.of(0.5, 1, 2, 3), [2, 2]);
    const options = { sampleWeight: [[1, 2]] };
    expect(await loss.valueAsync(yTrue, yPred, options)).toBe(loss.value(yTrue, yPred, options));
    const data = Float32Array.of(0.5, 1, 2, 3);
    const expected = loss.value(yTrue, yPred);
    const moved = await loss.valueAsync(yTrue, tensor(data, [2, 2]), { transfer: true });
    expect(moved.value).toBe(expected);
    expect(moved.yPred.data).toEqual(Float32Array.of(0.5, 1, 2, 3));
    expect(data).toHaveLength(0);
  });

  test.each(ways)("write to out: %s", async (way) => {
    const { labels, predictions } = batchOf("hinge", 100_000, 1, 10);
    const shape = [100_000, 1];
    const yTrue = tensor(copyFor(way, labels) as Int8Array, shape);
    const yPred = tensor(copyFor(way, predictions) as Float32Array, shape);
    const expected = new Hinge().gradient(yTrue, yPred);
    const out = copyFor(way, new Float32Array(100_000));
    const transfer = way === "transfer";
    const result = await new Hinge().gradientAsync(yTrue, yPred, { out, transfer });
    const own = transfer
      ? (result as unknown as { gradient: Tensor }).gradient
      : (result as Tensor);
    expectSame(own, expected);
    if (transfer) expect(out).toHaveLength(0);
    else expect(own.data).toBe(out);
  });

  test.each(ways)("allocate no memory of the size of their arguments: %s", async (way) => {
    const n = 4_000_000;
    // No copies of others, which could be collected meanwhile.
    const memory = (bytes: number) =>
      way === "shared" ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
    const yTrue = new Int8Array(memory(n)).fill(1);
    const yPred = new Float32Array(memory(4 * n));
    const inUse = () => process.memoryUsage().arrayBuffers;
    const before = inUse();
    const promise = new Hinge().valueAsync(yTrue, yPred, { transfer: way === "transfer" });
    let most = inUse();
    const watch = setInterval(() => {
      most = Math.max(most, inUse());
    });
    await promise;
    clearInterval(watch);
    expect(Math.max(most, inUse()) - before).toBeLessThan(n / 4);
  });

  test("arguments that share a buffer move together", async () => {
    const buffer = new ArrayBuffer(5 * 80_000);
    const yPred = filled(new Float32Array(buffer, 0, 80_000), (i) => (i % 7) - 3);
    const yTrue = filled(new Int8Array(buffer, 4 * 80_000), (i) => i % 2);
    const expected = new Hinge().value(yTrue, yPred);
    const moved = await new Hinge().valueAsync(yTrue, yPred, { transfer: true });
    expect(moved.value).toBe(expected);
    expect(moved.yTrue.data.buffer).toBe(moved.yPred.data.buffer);
    expect(buffer.byteLength).toBe(0);
  });

  describe("move out with the arguments", () => {
    type Data = Float32Array;
    type Moved = TransferredInputs & { value: number | Tensor; gradient?: Tensor };
    const rows = 6;
    /** Labels, predictions and out, in three regions of one buffer. */
    const regions = (shape: readonly number[], outSize: number) => {
      const n = shape.reduce((product, dimension) => product * dimension, 1);
      const buffer = new ArrayBuffer(4 * (2 * n + outSize));
      const labels = filled(new Float32Array(buffer, 0, n), (i) => (i % 2 ? 1 : -1));
      const predictions = filled(new Float32Array(buffer, 4 * n, n), (i) => (i % 5) / 2 - 1);
      const out = new Float32Array(buffer, 8 * n, outSize);
      return { yTrue: tensor(labels, shape), yPred: tensor(predictions, shape), out };
    };

    // Computed at once all of them but the last two.
    test.each([
      ["a label for all classes", [rows, 4], () => ({ yTrue: tensor(Float32Array.of(1), [1]) })],
      ["a scalar weight", [rows, 4], () => ({ sampleWeight: 2 })],
      ["a weight for all rows", [rows, 4], () => ({ sampleWeight: Float32Array.of(0.5) })],
      ["a mask for all rows", [rows, 4], () => ({ mask: tensor(Int8Array.of(1), [1]) })],
      ["a weight for a batch of rank 1", [rows], () => ({ sampleWeight: Float32Array.of(2, 3) })],
      ["no rows", [0, 4], () => ({})],
      ["no values", [rows, 0], () => ({})],
      ["few values", [rows, 4], () => ({})],
      ["many values", [70_000, 2], () => ({})],
    ] as const)("%s", async (_, shape, others) => {
      const loss = new Hinge({ reduction: "sum" });
      /** Everything anew: what a call has taken is gone. */
      const args = (outSize: number) => {
        const { yTrue: labels, ...weighting } = { yTrue: undefined, ...others() };
        const { yTrue, yPred, out } = regions(shape, outSize);
        return { yTrue: labels ?? yTrue, yPred, out, weighting };
      };
      const expectMoved = (moved: Moved, result: Tensor, out: Data, expected: Tensor) => {
        expectSame(result, expected);
        // It is still beside the predictions, and the caller's no longer.
        expect(result.data.buffer).toBe(moved.yPred.data.buffer);
        expect(out).toHaveLength(0);
      };
      const own = args(0);
      const expected = loss.valueAndGradient(own.yTrue, own.yPred, own.weighting);

      const first = args(0);
      const applied = await loss.valueAsync(first.yTrue, first.yPred, {
        ...first.weighting,
        transfer: true,
      });
      expect(applied.value).toBe(expected.value);
      expectSame(applied.yPred, own.yPred);
      expect(first.yPred.data).toHaveLength(0);

      const second = args(own.yPred.data.length);
      const both = (await loss.valueAndGradientAsync(second.yTrue, second.yPred, {
        ...second.weighting,
        out: second.out,
        transfer: true,
      })) as Moved;
      expect(both.value).toBe(expected.value);
      expectMoved(both, both.gradient as Tensor, second.out, expected.gradient);

      const losses = loss.call(own.yTrue, own.yPred);
      const third = args(losses.data.length);
      const called = (await loss.callAsync(third.yTrue, third.yPred, {
        out: third.out,
        transfer: true,
      })) as Moved;
      expectMoved(called, called.value as Tensor, third.out, losses);
    });

    test("unless an argument is invalid", async () => {
      const loss = new Hinge();
      const shape = [rows, 4];
      const { yTrue, yPred, out } = regions(shape, rows * 4);
      const transfer = true;
      const wrong = [
        loss.gradientAsync([1, 2, 3], yPred, { transfer, out }),
        loss.gradientAsync([1], yPred, { transfer, out: out.subarray(1) }),
        loss.gradientAsync([1], yPred, { transfer, out: yPred.data }),
        loss.gradientAsync(yTrue, yPred, { transfer, out, sampleWeight: [1, 2] }),
        loss.gradientAsync(yTrue, yPred, { transfer, out, mask: [1, 2] }),
        loss.callAsync(yTrue, yPred, { transfer, out }),
      ];
      for (const call of wrong) await expect(call).rejects.toThrow(RangeError);
      expect([yTrue.data.length, yPred.data.length, out.length]).toEqual([24, 24, 24]);
    });
  });

  test("reject, and never throw", async () => {
    const loss = new Hinge();
    const call = (...args: unknown[]) =>
      (loss.valueAsync as (...args: unknown[]) => Promise<unknown>).apply(loss, args);
    const p = Float32Array.of(1, 2);
    const cases: [args: unknown[], error: Error][] = [
      [["x", p], new TypeError('yTrue: received "x"; expected a typed array')],
      [
        [p, p, { signals: 1 }],
        new TypeError('options: unknown key "signals"; did you mean "signal"?'),
      ],
      [[p, p, { signal: 1 }], new TypeError("signal: expected an AbortSignal, received 1")],
      [[p, p, { transfer: 1 }], new TypeError("transfer: expected a boolean, received 1")],
      [[p, p, null], new TypeError("options: expected an object, received null")],
      [[Float32Array.of(1, 2, 3), p], new RangeError("yTrue: expected a shape that broadcasts")],
      [[p, p, { signal: AbortSignal.abort(new Error("stop")) }], new Error("stop")],
    ];
    for (const [args, expected] of cases) {
      const error = await call(...args).then(
        () => undefined,
        (error: unknown) => error as Error,
      );
      expect(error?.name).toBe(expected.name);
      expect(error?.message).toContain(expected.message);
    }
    // What is wrong is found before anything moves.
    await expect(call(Float32Array.of(1, 2, 3), p, { transfer: true })).rejects.toThrow(RangeError);
    expect(p).toHaveLength(2);
    const wrong = callAsync((() => 0) as never, p as TensorLike, p);
    await expect(wrong).rejects.toThrow(
      "loss: expected a function of rows (hinge, squaredHinge, categoricalHinge, modifiedHuber, crammerSinger, westonWatkins)",
    );
  });

  test("do not treat a fake buffer as shared", async () => {
    // Such memory could vanish while another thread reads it: it has to be computed in slices.
    const n = 300_000;
    const yPred = new Float32Array(n);
    Object.setPrototypeOf(yPred.buffer, SharedArrayBuffer.prototype);
    const promise = new Hinge().valueAsync(new Int8Array(new SharedArrayBuffer(n)), yPred);
    Object.setPrototypeOf(yPred.buffer, ArrayBuffer.prototype);
    detach(yPred.buffer);
    await expect(promise).rejects.toThrow("yPred: expected its 300000 values");
  });

  test("copy buffers that cannot be moved", async () => {
    const yPred = new Float32Array(newWebAssemblyMemory(5));
    const yTrue = new Int8Array(yPred.length).fill(1);
    const { value } = await new Hinge().valueAsync(yTrue, yPred, { transfer: true });
    expect(value).toBe(1);
    expect(yPred.length).toBeGreaterThan(0);
  });

  test("return the same bits with one thread and with several", async () => {
    force(backend().kernels[0]);
    const batch = batchOf("squared_hinge", 300_001, 2, 11);
    for (const threads of [1, 3]) {
      setNumThreads(threads);
      for (const way of ways) {
        await expectSameIn(way, "squared_hinge", "mean", "float32", batch, true);
      }
    }
    setBackend("auto");
  }, 30_000);
});
