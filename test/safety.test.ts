// What a program may do to the arrays that it hands over, while they are looked at and between calls: the worst that
// comes of it is an error. views.test.ts and detached.test.ts have the plain cases of labels and predictions.
import { Worker } from "node:worker_threads";
import * as maxmargin from "maxmargin";
import {
  backend,
  Hinge,
  hinge,
  metrics,
  type Reduction,
  setBackend,
  type TensorLike,
  tensor,
} from "maxmargin";
import { describe, expect, test, vi } from "vitest";
import { detach, GrowableBuffer, ResizableBuffer, WebAssemblyMemory } from "./support/buffers.js";
import { forEachImplementation } from "./support/implementations.js";
import { classes, functions, lossNames, lossOf, reductions } from "./support/losses.js";

const rows = 50;
const width = 4;
const shape = [rows, width];
const labels = () => new Int8Array(rows * width).fill(1);
const predictions = () => new Float32Array(rows * width).fill(0.5);
const column = () => new Float32Array(rows).fill(1);

/** What no type allows. */
const wrong = <T = never>(value: unknown) => value as T;

/** An answer, or an error of ours. */
function outcome(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    expect([TypeError, RangeError]).toContain((error as Error).constructor);
    return `${error}`;
  }
}

/** What takes memory away, or makes it shorter or longer. */
const attacks: Readonly<Record<string, () => { buffer: ArrayBuffer; attack(): void }>> = {
  detached: () => {
    const buffer = new ArrayBuffer(rows * width * 4);
    return { buffer, attack: () => detach(buffer) };
  },
  ...Object.fromEntries(
    [0, 1, rows * 4 - 1, rows * width * 4 - 1, rows * width * 8].map((bytes) => [
      `resized to ${bytes}`,
      () => {
        const buffer = new ResizableBuffer(rows * width * 4, { maxByteLength: rows * width * 8 });
        return { buffer, attack: () => buffer.resize(bytes) };
      },
    ]),
  ),
};

forEachImplementation(() => {
  describe.each(Object.keys(attacks))("memory that is %s in the middle of a call", (name) => {
    /** The arguments of a call, each of which may stand in the memory that goes away. */
    interface Victims {
      yTrue: Int8Array;
      yPred: Float32Array;
      sampleWeight: Float32Array;
      mask: Int8Array;
      out: Float32Array;
    }
    const victims = ["yTrue", "yPred", "sampleWeight", "mask", "out"] as const;

    function withVictim(
      victim: keyof Victims,
      isTracking: boolean,
      use: (all: Victims, attack: () => void) => void,
    ) {
      const { buffer, attack } = attacks[name]();
      let attacked = false;
      const all: Victims = {
        yTrue: labels(),
        yPred: predictions(),
        sampleWeight: column(),
        mask: new Int8Array(rows).fill(1),
        out: column(),
      };
      const Kind = all[victim].constructor as new (
        buffer: ArrayBuffer,
        at: number,
        n?: number,
      ) => never;
      const { length, byteLength } = all[victim];
      // At the end, so that whatever is cut off is the victim's.
      const at = buffer.byteLength - byteLength;
      all[victim] = isTracking ? new Kind(buffer, at) : new Kind(buffer, at, length);
      use(all, () => {
        if (!attacked) attack();
        attacked = true;
      });
      expect(attacked).toBe(true);
    }

    /** An object that attacks when a property of it is read. */
    const armed = <T extends object>(object: T, property: string, attack: () => void): T =>
      new Proxy(object, {
        get(target, key) {
          if (key === property) attack();
          return Reflect.get(target, key) as unknown;
        },
      });

    test.each(victims)("%s", (victim) => {
      for (const loss of lossNames) {
        for (const isTracking of [false, true]) {
          for (const property of ["data", "shape", "dtype"]) {
            withVictim(victim, isTracking, ({ yTrue, yPred, out }, attack) => {
              const like = { data: yPred, shape, dtype: "float32" } as const;
              const options = victim === "out" ? { out } : {};
              const first = tensor(yTrue, shape);
              outcome(() => functions[loss](first, armed(like, property, attack), options));
              // Whatever happened, the next call sees what is there.
              outcome(() => functions[loss](first, { data: yPred, shape }, options));
            });
          }
          for (const reduction of reductions) {
            withVictim(victim, isTracking, ({ yTrue, yPred, sampleWeight, mask }, attack) => {
              const options = armed({ sampleWeight, mask }, "mask", attack);
              outcome(() =>
                lossOf(loss, reduction).value(tensor(yTrue, shape), tensor(yPred, shape), options),
              );
            });
            withVictim(victim, isTracking, ({ yTrue, yPred, sampleWeight }, attack) => {
              const mask = armed({ data: new Int8Array(rows), shape: [rows] }, "shape", attack);
              outcome(() =>
                lossOf(loss, reduction).value(tensor(yTrue, shape), tensor(yPred, shape), {
                  sampleWeight,
                  mask,
                }),
              );
            });
          }
        }
      }
    });

    test("metrics keep their state", () => {
      withVictim("sampleWeight", true, ({ yTrue, yPred, sampleWeight }, attack) => {
        const metric = new metrics.Hinge();
        metric.updateState([1, -1], [0.5, 0.5]);
        const state = metric.getState();
        const mask = armed({ data: new Int8Array(rows).fill(1), shape: [rows] }, "shape", attack);
        const error = outcome(() =>
          metric.updateState(tensor(yTrue, shape), tensor(yPred, shape), { sampleWeight, mask }),
        );
        if (error !== undefined) expect(metric.getState()).toEqual(state);
      });
    });
  });

  describe("messages", () => {
    const gone = "received 0 (was the buffer detached?)";

    test.each(["sampleWeight", "mask"] as const)("%s that is detached in the call", (name) => {
      for (const reduction of reductions) {
        const data = column();
        const other = {
          data: column(),
          get shape() {
            if (data.length > 0) detach(data.buffer);
            return [rows];
          },
        };
        // Weights are read before the mask.
        const weighting =
          name === "sampleWeight"
            ? { sampleWeight: data, mask: other }
            : { sampleWeight: other, mask: tensor(data, [rows]) };
        expect(() =>
          lossOf("hinge", reduction).value(
            tensor(labels(), shape),
            tensor(predictions(), shape),
            weighting,
          ),
        ).toThrow(new RangeError(`${name}: expected 50 values for its shape [50], ${gone}`));
      }
    });

    test("a number among nested arrays that detaches the labels", () => {
      const data = labels();
      const yPred = [[0.5, 0.5, 0.5, 0.5]];
      Object.defineProperty(yPred[0], 2, {
        get() {
          if (data.length > 0) detach(data.buffer);
          return 0.5;
        },
      });
      expect(() => hinge(tensor(data, shape), yPred)).toThrow(
        new RangeError(`yTrue: expected 200 values for its shape [50, 4], ${gone}`),
      );
    });
  });

  describe("shapes that lie", () => {
    const data = new Float32Array(6);
    const yTrue = tensor(new Int8Array(6).fill(1), [2, 3]);
    const call = (lie: unknown) => () => hinge(yTrue, { data, shape: wrong<number[]>(lie) });
    const proxy = (target: unknown[], length: unknown) =>
      new Proxy(target, {
        get: (from, key) => (key === "length" ? length : (Reflect.get(from, key) ?? 1)) as unknown,
      });

    test.each([2 ** 53, 2 ** 32, Infinity, 65])("of %d dimensions", (length) => {
      for (const kind of [proxy([2, 3], length), proxy([2, 3], { valueOf: () => length })]) {
        expect(call(kind)).toThrow(
          new RangeError(`yPred.shape: expected at most 64 dimensions, received ${length}`),
        );
      }
      expect(call(new Array(65).fill(1))).toThrow(
        new RangeError("yPred.shape: expected at most 64 dimensions, received 65"),
      );
    });

    test.each([-1, Number.NaN, 1.5, "2", undefined, null])("of a length of %j", (length) => {
      expect([TypeError, RangeError, undefined]).toContain(
        (() => {
          try {
            call(proxy([2, 3], length))();
            return undefined;
          } catch (error) {
            return (error as Error).constructor;
          }
        })(),
      );
    });

    test("with a length that grows each time it is read", () => {
      let length = 1;
      expect(call(proxy([6], { valueOf: () => length++ }))).not.toThrow(/dimensions/);
    });

    test("with dimensions that are others each time", () => {
      let asked = 0;
      const changing = Object.defineProperties([2, 3], {
        0: { get: () => [2, 1e9, -1, Number.NaN][asked++ % 4] },
      });
      // Asked once, and then never again.
      expect([...hinge(yTrue, { data, shape: changing }).data]).toEqual([1, 1]);
      expect(asked).toBe(1);
    });

    test("with dimensions whose product overflows", () => {
      for (const lie of [
        [2 ** 52, 2 ** 52],
        [2 ** 32, 2 ** 32],
        [3, 2 ** 53 - 1],
        [2 ** 31, 2, 2 ** 31, 2, 2],
      ]) {
        expect(call(lie)).toThrow(/^yPred.shape: expected a product below 2 \*\* 53/);
      }
      // Of these none is too large by itself.
      expect(call([2 ** 53 - 1])).toThrow(/^yPred.data: expected 9007199254740991 values/);
      expect(call([0, 2 ** 52])).toThrow(/^yPred.data: expected 0 values/);
    });

    test("of nested arrays", () => {
      for (const length of [-1, 1.5, Number.NaN, 2 ** 53, "3", null, {}]) {
        const error = outcome(() => hinge(yTrue, wrong(proxy([1, 2, 3], length))));
        expect(error).toMatch(/^(Type|Range)Error: yPred/);
      }
      class Endless extends Array<number> {
        override *entries(): ArrayIterator<[number, number]> {
          for (;;) yield [0, 1];
        }
      }
      expect(hinge([1, 1], Endless.of(0.5, 0.5)).data[0]).toBe(0.5);
    });

    test("a broadcast that takes hours", async () => {
      const long = tensor(new Int8Array(2 ** 20), [2 ** 20, 1, 1]);
      const wide = tensor(new Float32Array(2 ** 20), [2 ** 20, 1]);
      const expected = (argument: string, other: string) =>
        new RangeError(
          `${argument}: expected a shape that broadcasts with ${other}, to at most 2 ** 32 values, ` +
            "received [1048576, 1, 1]",
        );
      expect(() => hinge(long, wide)).toThrow(expected("yTrue", "yPred, [1048576, 1]"));
      for (const argument of ["sampleWeight", "mask"]) {
        const error = expected(argument, "the losses, [1048576]");
        const options = { [argument]: long };
        expect(() => new Hinge().value(wide, wide, options)).toThrow(error);
        await expect(new Hinge().valueAsync(wide, wide, options)).rejects.toThrow(error);
        expect(() => new metrics.Hinge().updateState(wide, wide, options)).toThrow(error);
      }
    });
  });

  describe("objects with changing answers", () => {
    test.each(["data", "shape", "dtype"])("%s is read once", (property) => {
      const like = { data: predictions(), shape, dtype: "float32" } as const;
      const answers: Record<string, readonly unknown[]> = {
        data: [like.data, new Float64Array(1), null],
        shape: [shape, [1e9, 1e9], null],
        dtype: ["float32", "float64", 7],
      };
      let asked = 0;
      const changing = Object.defineProperty({ ...like }, property, {
        get: () => answers[property][asked++],
      });
      expect(hinge(tensor(labels(), shape), changing).data).toHaveLength(rows);
      expect(asked).toBe(1);
    });

    test("typed arrays that lie about themselves", () => {
      for (const property of ["length", "byteLength", "byteOffset", "buffer", "constructor"]) {
        const lies = [0, 1, rows * width + 1, 2 ** 33, -1, 1.5, NaN, "x", null, new ArrayBuffer(1)];
        for (const lie of lies) {
          const data = predictions();
          Object.defineProperty(data, property, { get: () => lie });
          for (const call of [
            () => hinge(labels(), data),
            () => hinge(tensor(labels(), shape), { data, shape }),
            () =>
              hinge(tensor(labels(), [rows, width]), tensor(predictions(), shape), { out: data }),
            () => new Hinge().value(data, predictions(), { sampleWeight: data, mask: data }),
          ]) {
            outcome(call);
          }
        }
      }
    });

    test("a typed array whose length runs code in the middle of the computation", () => {
      const data = labels();
      const other = predictions();
      Object.defineProperty(data, "length", {
        get() {
          hinge(labels(), predictions());
          if (other.byteLength > 0) detach(other.buffer);
          return rows * width;
        },
      });
      outcome(() => hinge(data, other));
      expect(hinge(labels(), predictions()).data[0]).toBe(0.5);
    });

    const lies = {
      rows: 2 ** 40,
      width: 2 ** 40,
      code: 11,
      shape: [2 ** 40, 4],
      data: new Float64Array(1),
      dtype: "float64",
    };

    test.each(Object.entries(lies))("a tensor's %s cannot be changed", (field, value) => {
      const yPred = tensor(predictions(), shape);
      expect(() => Object.defineProperty(yPred, field, { value })).toThrow(TypeError);
      expect(() => Object.assign(yPred, { [field]: value })).toThrow(TypeError);
      expect(() => Object.assign(yPred.shape, { 0: 7 })).toThrow(TypeError);
      expect(hinge(tensor(labels(), shape), yPred).data).toHaveLength(rows);
    });

    test("objects in a tensor's image, with other fields", () => {
      for (const [field, value] of Object.entries(lies)) {
        for (const lie of [value, -1, Number.NaN, 1.5, null, undefined, "x"]) {
          const real = tensor(predictions(), shape);
          for (const yPred of [
            Object.create(real, { [field]: { value: lie } }) as typeof real,
            wrong<typeof real>({ ...real, [field]: lie }),
          ]) {
            for (const call of [
              () => hinge(tensor(labels(), shape), yPred),
              () => hinge(yPred, tensor(predictions(), shape)),
              () => new Hinge({ reduction: null }).value(tensor(labels(), shape), yPred),
              () => new Hinge().value(yPred, yPred, { sampleWeight: yPred }),
            ]) {
              outcome(call);
            }
          }
        }
      }
      expect(hinge(labels(), predictions()).data[0]).toBe(0.5);
    });

    test("objects that only inherit from a tensor", () => {
      const heir = Object.create(tensor(predictions(), shape)) as ReturnType<typeof tensor>;
      expect(hinge(tensor(labels(), shape), heir).data).toHaveLength(rows);
      expect(() => heir.toArray()).toThrow(TypeError);
    });
  });

  describe("memory of other kinds", () => {
    test("WebAssembly memory: its arrays go when it grows", () => {
      const memory = new WebAssemblyMemory({ initial: 1, maximum: 4 });
      const make = () => {
        const data = new Float32Array(memory.buffer, 16, rows * width).fill(0.5);
        return tensor(data, shape);
      };
      const yPred = make();
      const yTrue = tensor(labels(), shape);
      expect(hinge(yTrue, yPred).data[0]).toBe(0.5);
      memory.grow(1);
      expect(() => hinge(yTrue, yPred)).toThrow(/^yPred: expected 200 values .* detached/);
      expect(hinge(yTrue, make()).data[0]).toBe(0.5);
      const growing = {
        data: make().data,
        get shape() {
          memory.grow(1);
          return shape;
        },
      };
      expect(() => hinge(yTrue, growing)).toThrow(/^yPred.data: expected 200 values .* detached/);
    });

    test("shared WebAssembly memory: its arrays stay when it grows", () => {
      const memory = new WebAssemblyMemory({ initial: 1, maximum: 4, shared: true });
      const yPred = tensor(new Float32Array(memory.buffer, 4, rows * width).fill(0.5), shape);
      memory.grow(2);
      expect(hinge(tensor(labels(), shape), yPred).data[0]).toBe(0.5);
    });

    test("growable shared memory", () => {
      const buffer = new GrowableBuffer(rows * width * 4, { maxByteLength: rows * width * 8 });
      const tracking = tensor(new Float32Array(buffer).fill(0.5), shape);
      const fixed = tensor(new Float32Array(buffer, 0, rows * width), shape);
      const yTrue = tensor(labels(), shape);
      expect(hinge(yTrue, tracking).data[0]).toBe(0.5);
      buffer.grow(rows * width * 8);
      expect(hinge(yTrue, fixed).data[0]).toBe(0.5);
      expect(() => hinge(yTrue, tracking)).toThrow(
        new RangeError("yPred: expected 200 values for its shape [50, 4], received 400"),
      );
    });
  });
});

describe("every export and every argument", () => {
  const values: readonly unknown[] = [
    ...[undefined, null, true, 0, -1, 1.5, Number.NaN, Infinity, 2 ** 53, 3n, "", "hinge", "x"],
    ...[Symbol("s"), () => 0, class {}, {}, [], [[]], [1, [2]], new Array(3), new Map()],
    ...[new ArrayBuffer(8), new DataView(new ArrayBuffer(8)), new BigUint64Array(2)],
    ...[Object.create(null), new Proxy({}, {}), new Proxy([], {}), Float32Array.of(1)],
    ...[{ data: 1, shape: 1 }, { class_name: "Hinge", config: null }, { valueOf: () => 1 }],
    ...[Promise.resolve(1), new Date(0), /x/, new Error("x"), new WeakMap(), globalThis],
  ];

  /** Calls with every value in every place, the others good; nothing may come but answers, exceptions and rejections. */
  async function attempt(
    call: (...args: never[]) => unknown,
    good: readonly unknown[],
  ): Promise<number> {
    let calls = 0;
    for (let place = 0; place < Math.max(1, good.length); place++) {
      for (const value of values) {
        const args = good.map((usual, i) => (i === place ? value : usual));
        calls++;
        try {
          await call(...(args as never[]));
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }
    }
    return calls;
  }

  test("functions", async () => {
    // These are for the whole process: errors.test.ts has what they refuse.
    const settings = ["setBackend", "setNumThreads", "setFloatx"];
    const exported = Object.entries({ ...maxmargin, ...metrics }).filter(
      ([name, value]) => typeof value === "function" && !settings.includes(name),
    ) as [string, (...args: never[]) => unknown][];
    expect(exported.length).toBeGreaterThan(10);
    for (const [, value] of exported) {
      const isClass = /^class /.test(Function.prototype.toString.call(value));
      const call = isClass
        ? (...args: never[]) => Reflect.construct(value, args) as unknown
        : value;
      expect(await attempt(call, [[1, -1], [0.5, 0.5], {}])).toBe(3 * values.length);
    }
  });

  test("methods", async () => {
    const one: TensorLike = [[1, -1]];
    for (const name of lossNames) {
      for (const reduction of reductions as readonly Reduction[]) {
        const loss = new classes[name]({ reduction });
        await attempt(loss.value.bind(loss), [one, one, {}]);
        await attempt(loss.call.bind(loss), [one, one, {}]);
        for (const key of ["sampleWeight", "mask"]) {
          await attempt((value) => loss.value(one, one, { [key]: value }), [1]);
        }
        await attempt((value) => loss.call(one, one, { out: value }), [1]);
      }
    }
    const metric = new metrics.Hinge();
    await attempt(metric.updateState.bind(metric), [one, one, {}]);
    await attempt(metric.merge.bind(metric), [metric]);
    await attempt(metric.setState.bind(metric), [{ total: 0, count: 0 }]);
  });
});

test("memory that another thread writes to all the time", async () => {
  const n = 40_000;
  const shared = new SharedArrayBuffer(8 * n);
  const [yTrue, yPred] = [new Float32Array(shared, 0, n), new Float32Array(shared, 4 * n, n)];
  const worker = new Worker(
    `const { workerData: bytes } = require("node:worker_threads");
     for (let i = 1; ; i = (i * 1664525 + 1013904223) >>> 0) new Uint32Array(bytes)[i % ${2 * n}] = i;`,
    { eval: true, workerData: shared },
  );
  await new Promise((resolve) => worker.once("online", resolve));
  for (const kernel of backend().kernels) {
    setBackend("native", kernel);
    for (let round = 0; round < 100; round++) {
      for (const name of lossNames) {
        expect(
          functions[name](tensor(yTrue, [n / 8, 8]), tensor(yPred, [n / 8, 8])).data,
        ).toHaveLength(n / 8);
        expect(lossOf(name, "mean").value(yTrue, yPred)).toBeTypeOf("number");
      }
    }
  }
  setBackend("auto");
  await worker.terminate();
});

describe("globals that a program replaces later", () => {
  const n = 300_000;
  async function replacing<K extends keyof typeof globalThis>(
    name: K,
    value: (typeof globalThis)[K],
    use: () => Promise<void>,
  ): Promise<void> {
    const own = globalThis[name];
    globalThis[name] = value;
    try {
      await use();
    } finally {
      globalThis[name] = own;
    }
  }

  test("a structuredClone that moves nothing: another thread would read memory of the caller", () =>
    replacing(
      "structuredClone",
      <T>(value: T) => value,
      async () => {
        const yPred = new Float32Array(n);
        const promise = new Hinge().valueAsync(new Int8Array(n).fill(1), yPred, { transfer: true });
        expect(yPred).toHaveLength(0);
        expect((await promise).value).toBe(1);
      },
    ));

  test("arrays that expose results which another thread still writes", async () => {
    const yTrue = tensor(new Int8Array(new SharedArrayBuffer(n)).fill(1), [n, 1]);
    const yPred = tensor(new Float32Array(new SharedArrayBuffer(4 * n)), [n, 1]);
    const seen: number[] = [];
    const Own = Float32Array;
    class Telling extends Own {
      constructor(length: number) {
        super(length);
        seen.push(length);
      }
    }
    await replacing("Float32Array", Telling as never, async () => {
      const losses = await new Hinge({ reduction: null }).valueAsync(yTrue, yPred);
      expect(losses.data).toHaveLength(n);
      expect(losses.data).toBeInstanceOf(Own);
    });
    expect(seen).toEqual([]);
  });

  test("timers that never fire", async () => {
    vi.useFakeTimers();
    try {
      expect(await new Hinge().valueAsync(new Int8Array(n).fill(1), new Float32Array(n))).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test("a clock that returns NaN", async () => {
    const clock = vi.spyOn(performance, "now").mockReturnValue(Number.NaN);
    expect(await new Hinge().valueAsync(new Int8Array(n).fill(1), new Float32Array(n))).toBe(1);
    clock.mockRestore();
  });
});
