// Calls off the event loop that do not come to their end: for a signal, or as memory went away. What they have written by
// then tells how far they came.
import {
  callAsync,
  Hinge,
  hinge,
  setBackend,
  squaredHinge,
  tensor,
  valueAndGradientAsync,
} from "maxmargin";
import { afterAll, describe, expect, test } from "vitest";
import { detach, GrowableBuffer, ResizableBuffer } from "./support/buffers.js";
import { forEachImplementation } from "./support/implementations.js";

afterAll(() => setBackend("auto"));

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Losses of rows are positive here: this was not written. */
const unwritten = -1;
const countWritten = (out: Float32Array) =>
  out.reduce((count, value) => count + Number(value !== unwritten), 0);

/** Three slices or more: none has more than four times as many values as the one before, and this many the first. */
const n = 500_000;
const inFirst = (implementation: string) => (implementation === "js" ? 8192 : 65_536);

const batch = () => ({
  yTrue: tensor(new Int8Array(n).fill(1), [n, 1]),
  yPred: tensor(new Float32Array(n), [n, 1]),
});

forEachImplementation((implementation) => {
  test("a signal that fires between two slices stops before the next", async () => {
    const { yTrue, yPred } = batch();
    const out = new Float32Array(n).fill(unwritten);
    const controller = new AbortController();
    const reason = new Error("enough");
    const promise = callAsync(hinge, yTrue, yPred, { out, signal: controller.signal });
    let written = 0;
    setImmediate(() => {
      written = countWritten(out);
      controller.abort(reason);
    });
    await expect(promise).rejects.toBe(reason);
    expect(written).toBe(inFirst(implementation));
    for (let turn = 0; turn < 5; turn++) await nextTurn();
    expect(countWritten(out)).toBe(written);
  });

  test("a signal that fires at once stops before the first slice", async () => {
    const { yTrue, yPred } = batch();
    const out = new Float32Array(n).fill(unwritten);
    const controller = new AbortController();
    const promise = valueAndGradientAsync(hinge, yTrue, yPred, { out, signal: controller.signal });
    controller.abort("enough");
    await expect(promise).rejects.toBe("enough");
    await nextTurn();
    expect(countWritten(out)).toBe(0);
  });

  test("a signal that fires after the last slice takes effect, too", async () => {
    const { yTrue, yPred } = batch();
    const out = new Float32Array(n).fill(unwritten);
    const controller = new AbortController();
    const promise = callAsync(hinge, yTrue, yPred, { out, signal: controller.signal });
    const watch = () => {
      if (out[n - 1] === unwritten) setImmediate(watch);
      else controller.abort("late");
    };
    setImmediate(watch);
    // Which of the two comes first is nobody's business; neither is lost.
    const outcome = await promise.then(
      ({ data }) => data === out,
      (reason: unknown) => reason === "late",
    );
    expect(outcome).toBe(true);
    expect(countWritten(out)).toBe(n);
  });

  // WebAssembly and JavaScript compute in slices on the event loop, of shared memory too.
  test.skipIf(["wasm", "js"].includes(implementation))(
    "a signal stops what other threads compute after one of its slices",
    async () => {
      const slice = 2 ** 20;
      const width = 16;
      const rows = (2 * slice) / width + 1;
      const shared = () => new SharedArrayBuffer(rows * width);
      const yTrue = tensor(new Int8Array(shared()).fill(1), [rows, width]);
      const yPred = tensor(new Int8Array(shared()), [rows, width]);
      const out = new Float32Array(new SharedArrayBuffer(4 * rows)).fill(unwritten);
      const controller = new AbortController();
      const promise = callAsync(hinge, yTrue, yPred, { out, signal: controller.signal });
      controller.abort("enough");
      await expect(promise).rejects.toBe("enough");
      const written = countWritten(out);
      expect(written).toBe(slice / width);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(countWritten(out)).toBe(written);
    },
  );

  describe.each(["yTrue", "yPred", "sampleWeight", "mask", "out"] as const)("%s", (name) => {
    /** Arrays of that many bytes a value, one of which stands in a buffer that can be resized. */
    const operands = () => {
      const buffer = new ResizableBuffer(4 * n, { maxByteLength: 8 * n });
      const memory = (own: string) => (own === name ? buffer : new ArrayBuffer(4 * n));
      const array = (own: string) => new Float32Array(memory(own));
      const arrays = {
        yTrue: array("yTrue").fill(1),
        yPred: array("yPred"),
        sampleWeight: array("sampleWeight").fill(1),
        mask: array("mask").fill(1),
        out: array("out").fill(1),
      };
      const { sampleWeight, mask, out } = arrays;
      const column = (data: Float32Array) => tensor(data, [n, 1]);
      const begin = () =>
        new Hinge({ reduction: "none" }).valueAndGradientAsync(
          column(arrays.yTrue),
          column(arrays.yPred),
          { sampleWeight: column(sampleWeight), mask: column(mask), out },
        );
      return { buffer, arrays, begin };
    };
    const expected = `${name}: expected its ${n} values until the promise is settled, received`;

    test("that is detached between slices is an error", async () => {
      const { buffer, arrays, begin } = operands();
      const promise = begin();
      let slopes: number[] = [];
      setImmediate(() => {
        slopes = [arrays.out[0], arrays.out[n - 1]];
        detach(buffer);
      });
      await expect(promise).rejects.toThrow(
        new RangeError(`${expected} none (was the buffer detached?)`),
      );
      // One slice was done, and not all.
      expect(slopes).toEqual([-1, 1]);
    });

    test("that shrinks between slices is an error", async () => {
      const { buffer, begin } = operands();
      const promise = begin();
      setImmediate(() => buffer.resize(4 * n - 1));
      await expect(promise).rejects.toThrow(new RangeError(`${expected} ${n - 1}`));
    });

    test("that grows between slices does not matter", async () => {
      const { buffer, arrays, begin } = operands();
      const promise = begin();
      setImmediate(() => buffer.resize(8 * n));
      const { value, gradient } = await promise;
      expect((value.data as Float32Array).every((loss) => loss === 1)).toBe(true);
      expect(gradient.data.length).toBe(name === "out" ? 2 * n : n);
      expect(arrays.out.subarray(0, n).every((slope) => slope === -1)).toBe(true);
    });
  });

  test("shared memory that grows meanwhile does not matter", async () => {
    const buffer = new GrowableBuffer(4 * n, { maxByteLength: 8 * n });
    const yPred = tensor(new Float32Array(buffer, 0, n), [n, 1]);
    const yTrue = tensor(new Int8Array(new SharedArrayBuffer(n)).fill(1), [n, 1]);
    const promise = new Hinge().valueAsync(yTrue, yPred);
    buffer.grow(8 * n);
    expect(await promise).toBe(1);
  });
});

test("a signal that has fired stops a call before anything moves", async () => {
  const { yTrue, yPred } = batch();
  const signal = AbortSignal.abort("never mind");
  const promise = callAsync(squaredHinge, yTrue, yPred, { transfer: true, signal });
  expect(yPred.data.length).toBe(n);
  await expect(promise).rejects.toBe("never mind");
  expect(yTrue.data.length).toBe(n);
});

test("a signal stops a call to which the arguments have moved", async () => {
  const { yTrue, yPred } = batch();
  const controller = new AbortController();
  const options = { transfer: true, signal: controller.signal } as const;
  const promise = new Hinge().gradientAsync(yTrue, yPred, options);
  expect(yPred.data.length).toBe(0);
  controller.abort("enough");
  await expect(promise).rejects.toBe("enough");
});

test("a signal that stops one call stops no other", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const calls = Array.from({ length: 60 }, (_, i) => {
    const { yTrue, yPred } = {
      yTrue: new Int8Array(100_000).fill(1),
      yPred: new Float32Array(1e5),
    };
    const options = { transfer: i % 3 === 0, ...(i % 2 === 0 && { signal }) };
    return new Hinge().valueAsync(yTrue, yPred, options).then(
      (result: number | { value: number }) => (typeof result === "number" ? result : result.value),
      (reason: unknown) => reason,
    );
  });
  setImmediate(() => controller.abort("enough"));
  const outcomes = await Promise.all(calls);
  expect(new Set(outcomes.filter((_, i) => i % 2 === 1))).toEqual(new Set([1]));
  expect(outcomes.filter((_, i) => i % 2 === 0)).toContain("enough");
});

describe("calls with one signal", () => {
  /** A signal that counts its listeners. */
  function counted() {
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = new Set<unknown>();
    const [add, remove] = [
      signal.addEventListener.bind(signal),
      signal.removeEventListener.bind(signal),
    ];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners.add(args[1]);
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners.delete(args[1]);
      remove(...args);
    };
    return { controller, signal, listeners };
  }

  const shared = () => ({
    yTrue: new Int8Array(new SharedArrayBuffer(n)),
    yPred: new Float32Array(new SharedArrayBuffer(4 * n)),
  });

  test("share one listener, and leave none", async () => {
    const { signal, listeners } = counted();
    const { yTrue, yPred } = batch();
    const many = shared();
    let warnings = 0;
    const warn = () => warnings++;
    process.on("warning", warn);
    for (let round = 0; round < 2; round++) {
      const calls = Array.from({ length: 30 }, (_, i) =>
        i % 2 === 0
          ? callAsync(hinge, yTrue, yPred, { signal })
          : callAsync(hinge, many.yTrue, many.yPred, { signal }),
      );
      expect(listeners.size).toBe(1);
      await Promise.all(calls);
      expect(listeners.size).toBe(0);
    }
    await nextTurn();
    process.off("warning", warn);
    expect(warnings).toBe(0);
  });

  test("that fires are all rejected before anything else happens, and others go on", async () => {
    const { controller, signal } = counted();
    const { yTrue, yPred } = batch();
    const other = new Hinge().valueAsync(yTrue, yPred);
    const reasons: unknown[] = [];
    const calls = Array.from({ length: 200 }, () =>
      new Hinge().valueAsync(yTrue, yPred, { signal }).catch((reason: unknown) => {
        reasons.push(reason);
      }),
    );
    await nextTurn();
    controller.abort("enough");
    // No turn of the event loop, in which a call could be computed.
    for (let tick = 0; tick < 20; tick++) await undefined;
    expect(reasons).toEqual(Array.from({ length: 200 }, () => "enough"));
    await Promise.all(calls);
    expect(await other).toBe(1);
  });

  test("are all rejected at once even if one of them has ended before", async () => {
    const { controller, signal } = counted();
    const { yTrue, yPred } = batch();
    // Two slices, and three or more of each of the others.
    const few = tensor(new Float32Array(70_000), [70_000, 1]);
    const short = new Hinge().valueAsync(few, few, { signal });
    const reasons: unknown[] = [];
    const calls = Array.from({ length: 100 }, () =>
      new Hinge().valueAsync(yTrue, yPred, { signal }).catch((reason: unknown) => {
        reasons.push(reason);
      }),
    );
    expect(await short).toBe(1);
    await nextTurn();
    controller.abort("enough");
    for (let tick = 0; tick < 20; tick++) await undefined;
    expect(reasons).toEqual(Array.from({ length: 100 }, () => "enough"));
    await Promise.all(calls);
  });

  test("may have one that lies or throws, which stops no other call", async () => {
    const { yTrue, yPred } = batch();
    const liar = (overrides: object) =>
      Object.assign(new EventTarget(), { aborted: false, ...overrides }) as unknown as AbortSignal;
    const thrown = new Error("mine");
    const fail = () => {
      throw thrown;
    };
    const call = (signal: AbortSignal) => new Hinge().valueAsync(yTrue, yPred, { signal });
    await expect(call(liar({ addEventListener: fail }))).rejects.toBe(thrown);
    await expect(call(liar({ removeEventListener: fail }))).rejects.toBe(thrown);
    await expect(call({ aborted: false } as unknown as AbortSignal)).rejects.toBeInstanceOf(
      TypeError,
    );
    // It says that it has fired, and then that it has not.
    const early = liar({});
    const promise = call(early);
    early.dispatchEvent(new Event("abort"));
    await expect(promise).rejects.toBeUndefined();
    const bad = liar({});
    Object.defineProperty(bad, "reason", { get: fail });
    const other = call(bad);
    bad.dispatchEvent(new Event("abort"));
    await expect(other).rejects.toBe(thrown);
    expect(await call(new AbortController().signal)).toBe(1);
    const { yTrue: labels, yPred: predictions } = shared();
    expect(await new Hinge().valueAsync(labels, predictions)).toBe(1);
  });
});
