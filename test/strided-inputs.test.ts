// Inputs that are not row-major are read in place, with the bits of row-major copies.
import {
  gradient,
  Hinge,
  type Loss,
  metrics,
  type TensorLike,
  type TensorObject,
  tensor,
} from "maxmargin";
import { describe, expect, test } from "vitest";
import { dataOf, generator, integerBelow, pick, type Random } from "./support/data.js";
import { forEachImplementation } from "./support/implementations.js";
import { functions, type LossName, lossNames, lossOf, reductions } from "./support/losses.js";
import { expectSame } from "./support/same.js";

const metricOf = (name: LossName) =>
  new ({
    hinge: metrics.Hinge,
    squared_hinge: metrics.SquaredHinge,
    categorical_hinge: metrics.CategoricalHinge,
    modified_huber: metrics.ModifiedHuber,
  })[name]();

type Shape = readonly number[];

const sizeOf = (shape: Shape) => shape.reduce((size, dimension) => size * dimension, 1);

/** A strided object, and a row-major tensor of the same values. */
interface Input {
  readonly strided: TensorObject;
  readonly copy: TensorLike;
}

const dtypes = ["float32", "float64", "float16", "bfloat16", "int8", "uint8", "int64"] as const;
type AnyDtype = (typeof dtypes)[number] | "bool";

/** Draws strides: permuted axes, reversed axes, gaps and an offset. */
function randomLayout(shape: Shape, random: Random) {
  const strides = shape.map(() => 0);
  let step = 1 + integerBelow(2, random);
  let offset = integerBelow(3, random);
  const axes = shape
    .map((_, axis) => [random(), axis] as const)
    .sort(([a], [b]) => a - b)
    .map(([, axis]) => axis);
  for (const axis of axes) {
    const isReversed = random() < 0.3;
    strides[axis] = isReversed ? -step : step;
    if (isReversed) offset += step * (shape[axis] - 1);
    step *= shape[axis];
    if (random() < 0.3) step += 1 + integerBelow(3, random);
  }
  return { strides, offset, end: offset + step + 1 };
}

function placeOf(i: number, shape: Shape, strides: Shape): number {
  let rest = i;
  let place = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place += (rest % shape[axis]) * strides[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return place;
}

/** Puts the same values into a strided object and a row-major tensor. Values between them are 77. */
function inputOf(
  dtype: AnyDtype,
  shape: Shape,
  values: readonly number[],
  random: Random,
  isShared = false,
): Input {
  const { strides, offset, end } = randomLayout(shape, random);
  const all = new Array<number>(end).fill(77);
  for (const [i, value] of values.entries()) all[offset + placeOf(i, shape, strides)] = value;
  const strided = { data: sharedIf(isShared, dataOf(dtype, all)), shape, strides, offset, dtype };
  return {
    strided,
    copy: tensor(sharedIf(isShared, dataOf(dtype, values)), shape, dtype as never),
  };
}

function sharedIf<A extends ReturnType<typeof dataOf>>(isShared: boolean, data: A): A {
  if (!isShared) return data;
  const Kind = data.constructor as new (buffer: SharedArrayBuffer) => A;
  const shared = new Kind(new SharedArrayBuffer(data.byteLength));
  shared.set(data as never);
  return shared;
}

interface Batch {
  readonly yTrue: Input;
  readonly yPred: Input;
  readonly sampleWeight: Input;
  readonly mask: Input;
}

function batchOf(shape: Shape, random: Random, isShared = false): Batch {
  const n = sizeOf(shape);
  const rows = shape.slice(0, -1);
  const isBinary = random() < 0.5;
  const labels = Array.from({ length: n }, () =>
    isBinary ? integerBelow(2, random) : integerBelow(2, random) * 2 - 1,
  );
  const labelDtype = pick(isBinary ? [...dtypes, "bool" as const] : ["int8", "float32"], random);
  const numbers = (count: number) =>
    Array.from({ length: count }, () => (integerBelow(33, random) - 16) / 8);
  const bits = Array.from({ length: sizeOf(rows) }, () => integerBelow(2, random));
  const float = pick(dtypes.slice(0, 4), random);
  return {
    yTrue: inputOf(labelDtype as AnyDtype, shape, labels, random, isShared),
    yPred: inputOf(float, shape, numbers(n), random, isShared),
    sampleWeight: inputOf("float32", rows, numbers(sizeOf(rows)), random, isShared),
    mask: inputOf("bool", rows, bits, random, isShared),
  };
}

/** One side of a batch, with a random selection of its strided inputs. */
function argumentsOf({ yTrue, yPred, sampleWeight, mask }: Batch, random: Random) {
  const isWeighted = random() < 0.5;
  const isMasked = random() < 0.5;
  const inputs = { yTrue, yPred, sampleWeight, mask };
  const strided = new Set(Object.keys(inputs).filter(() => random() < 0.7));
  const take = (isStrided: boolean) => {
    const of = (name: keyof Batch) =>
      isStrided && strided.has(name) ? inputs[name].strided : inputs[name].copy;
    return {
      labels: of("yTrue"),
      predictions: of("yPred"),
      options: {
        ...(isWeighted && { sampleWeight: of("sampleWeight") }),
        ...(isMasked && { mask: of("mask") }),
      },
    };
  };
  return [take(true), take(false)] as const;
}

type Arguments = ReturnType<typeof argumentsOf>[number];

/** Everything that a loss, its function and its metric compute. */
function resultsOf(name: LossName, loss: Loss, { labels, predictions, options }: Arguments) {
  const { value, gradient: slopes } = loss.valueAndGradient(labels, predictions, options);
  const metric = metricOf(name);
  metric.updateState(labels, predictions, options);
  return [
    loss.value(labels, predictions, options),
    loss.value(labels, predictions),
    loss.call(labels, predictions),
    value,
    slopes,
    functions[name](labels, predictions),
    gradient(functions[name], labels, predictions),
    ...Object.values(metric.getState()).map((sum) => Number([sum].flat(2).at(-1))),
  ];
}

async function asyncResultsOf(name: LossName, loss: Loss, batch: Arguments) {
  const { labels, predictions, options } = batch;
  const { value, gradient: slopes } = await loss.valueAndGradientAsync(
    labels,
    predictions,
    options,
  );
  const metric = metricOf(name);
  await metric.updateStateAsync(labels, predictions, options);
  return [
    await loss.valueAsync(labels, predictions, options),
    await loss.callAsync(labels, predictions),
    value,
    slopes,
    ...Object.values(metric.getState()).map((sum) => Number([sum].flat(2).at(-1))),
  ];
}

type Results = ReturnType<typeof resultsOf>;

function expectAllSame(results: Results, expected: Results): void {
  expect(results).toHaveLength(expected.length);
  for (const [i, result] of results.entries()) expectSame(result, expected[i]);
}

/** Shapes of few values, with long rows, and of several slices. */
const small = [[3, 2], [1, 5], [7, 1], [4, 3, 5], [2, 1, 3, 4], [65, 3], [6]];
const large = [
  [3, 9001],
  [2500, 4],
  [3, 700, 5],
];
const long = [
  [35_000, 2],
  [3, 30_001],
];

forEachImplementation(() => {
  describe.each(lossNames)("%s", (name) => {
    test.each([...small, ...large].map((shape) => [shape]))("batches of shape %j", (shape) => {
      const random = generator(sizeOf(shape));
      for (let i = 0; i < (sizeOf(shape) > 1000 ? 4 : 40); i++) {
        const loss = lossOf(name, pick(reductions, random));
        const [strided, copies] = argumentsOf(batchOf(shape, random), random);
        expectAllSame(resultsOf(name, loss, strided), resultsOf(name, loss, copies));
      }
    });

    test.each([
      ...[small[3], small[5], large[0]].map((shape) => [shape, false]),
      ...long.flatMap((shape) => [
        [shape, false],
        [shape, true],
      ]),
    ] as [number[], boolean][])("async, of shape %j, shared: %j", async (shape, isShared) => {
      const random = generator(sizeOf(shape));
      const loss = lossOf(name, pick(reductions, random));
      const [strided, copies] = argumentsOf(batchOf(shape, random, isShared), random);
      const results = await asyncResultsOf(name, loss, strided);
      expectAllSame(results, await asyncResultsOf(name, loss, copies));
    });
  });

  test("broadcast inputs, and gradients of repeated predictions", () => {
    const random = generator(1);
    const numbers = (n: number) => Array.from({ length: n }, () => integerBelow(9, random) / 2 - 2);
    for (const [own, other] of [
      [
        [4, 3],
        [1, 3],
      ],
      [[4, 3], [3]],
      [
        [5, 2, 3],
        [2, 3],
      ],
      [
        [5, 2, 3],
        [1, 1, 3],
      ],
      [
        [2, 3],
        [5, 2, 3],
      ],
    ] as [number[], number[]][]) {
      const labels = inputOf("int8", own, numbers(sizeOf(own)).map(Math.sign), random);
      const predictions = inputOf("float32", other, numbers(sizeOf(other)), random);
      const weights = inputOf("float32", [own[0], 1], numbers(own[0]), random);
      const loss = lossOf("hinge", "sum");
      for (const options of [{}, own.length === 3 ? { sampleWeight: weights } : {}]) {
        const of = (side: keyof Input) => {
          const weighted = options.sampleWeight && { sampleWeight: options.sampleWeight[side] };
          const both = loss.valueAndGradient(labels[side], predictions[side], weighted);
          return [both.value as number, both.gradient] as const;
        };
        const [[value, slopes], expected] = [of("strided"), of("copy")];
        expectSame(value, expected[0]);
        expectSame(slopes, expected[1]);
        expect(slopes.shape).toEqual(other);
      }
    }
  });

  test("views that repeat values by strides of 0", () => {
    const view = { data: Float32Array.of(0.5, -2), shape: [1000, 2], strides: [0, 1] };
    const yTrue = { data: Int8Array.of(1), shape: [1000, 2], strides: [0, 0] };
    const copy = tensor(view);
    expect(new Hinge().value(yTrue, view)).toBe(new Hinge().value(tensor(yTrue), copy));
    const slopes = new Hinge().gradient(yTrue, view);
    expectSame(slopes, new Hinge().gradient(tensor(yTrue), copy));
  });

  test("weights and a mask of an empty batch", () => {
    const batch = tensor(new Float32Array(0), [3, 0]);
    const sampleWeight = {
      data: Float32Array.of(4, 9, 2, 9, 1),
      shape: [3],
      strides: [-2],
      offset: 4,
    };
    const mask = { data: Uint8Array.of(1, 7, 1, 7, 0), shape: [3], strides: [2] };
    const metric = new metrics.Hinge();
    metric.updateState(batch, batch, { sampleWeight, mask });
    expect(metric.getState()).toEqual({ total: ["NaN"], count: [0, 3] });
  });

  test("a mask that is invalid names the place of the value", () => {
    const mask = { data: Uint8Array.of(1, 0, 1, 1, 3, 0), shape: [2, 3], strides: [1, 2] };
    const batch = tensor(new Float32Array(6), [2, 3, 1]);
    const call = () => new Hinge().value(batch, batch, { mask });
    expect(call).toThrow(new RangeError("mask[0][2]: expected 0 or 1, received 3"));
    const none = tensor(new Float32Array(0), [2, 3, 0]);
    expect(() => new Hinge().value(none, none, { mask })).toThrow(/^mask\[0\]\[2\]: expected 0/);
  });

  test("a gradient is row-major in an array of the caller", () => {
    const yPred = { data: Float32Array.of(0, 2, 0, 0, 2, 0), shape: [3, 2], strides: [1, 3] };
    const out = new Float32Array(6).fill(7);
    const yTrue = tensor(new Float32Array(6).fill(1), [3, 2]);
    const slopes = new Hinge({ reduction: "sum" }).gradient(yTrue, yPred, { out });
    expect(slopes.data).toBe(out);
    expect([...out]).toEqual([-0.5, -0.5, 0, 0, -0.5, -0.5]);
  });

  test("memory that is written to as well is an error", () => {
    const all = new Float32Array(16);
    const yPred = { data: all, shape: [3, 2], strides: [1, 3], offset: 1 };
    const yTrue = new Float32Array(6).fill(1);
    const call = (out: Float32Array) =>
      new Hinge({ reduction: "sum" }).gradient(tensor(yTrue, [3, 2]), yPred, { out });
    expect(() => call(all.subarray(4, 10))).toThrow(
      new RangeError("out: expected memory of its own, received the memory of yPred"),
    );
    // The values end before this.
    expect(call(all.subarray(7, 13)).data).toHaveLength(6);
  });

  test("an aborted call ends", async () => {
    const n = 2 ** 22;
    const shared = new Float32Array(new SharedArrayBuffer(4 * n));
    const batch = { data: shared, shape: [n / 4, 4], strides: [1, n / 4] };
    for (const data of [batch, { ...batch, data: new Float32Array(n) }]) {
      const controller = new AbortController();
      const call = new Hinge().valueAsync(data, data, { signal: controller.signal });
      setImmediate(() => controller.abort(new Error("stopped")));
      await expect(call).rejects.toThrow("stopped");
    }
  });
});

describe("memory", () => {
  const n = 2 ** 24;
  const rows = n / 16;
  const arrays = [["ordinary", new Float32Array(n)] as const];
  const shared = new Float32Array(new SharedArrayBuffer(4 * n));

  test.each([...arrays, ["shared", shared] as const])("%s: none is copied", async (_, data) => {
    const yPred = { data, shape: [rows, 16], strides: [1, rows] };
    const yTrue = { data: Int8Array.of(1), shape: [rows, 16], strides: [0, 0] };
    const memory = () => process.memoryUsage().arrayBuffers;
    const before = memory();
    expect(new Hinge().value(yTrue, yPred)).toBe(1);
    expect(memory() - before).toBeLessThan(2 ** 20);
    let most = 0;
    const timer = setInterval(() => {
      most = Math.max(most, memory() - before);
    }, 1);
    const call = new Hinge().valueAsync(yTrue, yPred);
    most = Math.max(most, memory() - before);
    expect(await call).toBe(1);
    most = Math.max(most, memory() - before);
    clearInterval(timer);
    expect(most).toBeLessThan(2 ** 20);
  });
});

describe("buffers that are taken away", () => {
  const yTrue = { data: Float32Array.of(1, 1, 1, 1), shape: [2, 2], strides: [1, 2] };
  const gone = /expected 4 values for its shape \[2, 2\], received 0 \(was the buffer detached/;

  test("by a getter that is read later", () => {
    for (const name of ["yTrue", "yPred"] as const) {
      const own = { ...yTrue, data: yTrue.data.slice() };
      const other = { ...yTrue, data: yTrue.data.slice() };
      const options = {
        get sampleWeight() {
          structuredClone(own.data, { transfer: [own.data.buffer] });
          return 1;
        },
      };
      const [labels, predictions] = name === "yTrue" ? [own, other] : [other, own];
      expect(() => new Hinge().value(labels, predictions, options)).toThrow(gone);
    }
  });

  test("during an async call", async () => {
    const n = 2 ** 20;
    const data = new Float32Array(n);
    const batch = { data, shape: [n / 2, 2], strides: [1, n / 2] };
    const call = new Hinge().valueAsync(batch, { ...batch, data: new Float32Array(n) });
    structuredClone(data, { transfer: [data.buffer] });
    await expect(call).rejects.toThrow(
      `yTrue: expected its ${n} values until the promise is settled, received none`,
    );
  });

  test("with transfer come back row-major", async () => {
    const yPred = {
      data: Float32Array.of(9, 1, 2, 3, 4),
      shape: [2, 2],
      strides: [1, 2],
      offset: 1,
    };
    const result = await new Hinge().valueAsync(
      [
        [1, 1],
        [1, 1],
      ],
      yPred,
      { transfer: true },
    );
    expect(result.value).toBe(0);
    expect(result.yPred.toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(yPred.data).toHaveLength(0);
  });
});
