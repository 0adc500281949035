// Arrays that are not row-major, in which values are repeated, or of which only some are used: the addon gives the bits that it
// gives for row-major copies of what they stand for.
import { describe, expect, test } from "vitest";
import { operations, type Slot } from "../lib/backend/call-frame.js";
import { addon, type Numbers, newFrame, numberIn, slots, write } from "./support/addon.js";
import { generator, integerBelow, pick, type Random } from "./support/data.js";

type Data = Float32Array | Float64Array | Uint16Array | Int8Array | Uint8Array | Int32Array;

const dtypes = {
  bool: [0, Uint8Array],
  int8: [1, Int8Array],
  uint8: [2, Uint8Array],
  int32: [5, Int32Array],
  float16: [8, Uint16Array],
  bfloat16: [9, Uint16Array],
  float32: [10, Float32Array],
  float64: [11, Float64Array],
} as const;

type Dtype = keyof typeof dtypes;

const floats = ["float16", "bfloat16", "float32", "float64"] as const;
const names = Object.keys(dtypes) as Dtype[];

const newData = (dtype: Dtype, n: number) => new (dtypes[dtype][1] as new (n: number) => Data)(n);

/** The bits of a small number with few digits. */
function encoded(dtype: Dtype, value: number): number {
  if (dtype !== "float16" && dtype !== "bfloat16") return value;
  const [bits] = new Uint32Array(
    Float32Array.of(value * (dtype === "float16" ? 2 ** -112 : 1)).buffer,
  );
  const sign = ((bits as number) >>> 16) & 0x8000;
  return sign | (((bits as number) & 0x7fffffff) >>> (dtype === "float16" ? 13 : 16));
}

/** An array with strides over a shape, and the row-major copy of what it stands for. */
interface Operand {
  readonly dtype: Dtype;
  readonly data: Data;
  readonly strides: number[];
  readonly offset: number;
  readonly copy: Data;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((size, length) => size * length, 1);

/** Calls use(place) for each logical index, in order. */
function eachPlace(
  shape: readonly number[],
  strides: readonly number[],
  offset: number,
  use: (place: number, i: number) => void,
): void {
  const index = shape.map(() => 0);
  const size = sizeOf(shape);
  let place = offset;
  for (let i = 0; i < size; i++) {
    use(place, i);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += strides[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if (index[axis] !== shape[axis]) break;
      place -= (strides[axis] as number) * (shape[axis] as number);
      index[axis] = 0;
    }
  }
}

/** Axes in any order, reversed, repeated, or with gaps between their values. */
function randomStrides(
  shape: readonly number[],
  random: Random,
): { strides: number[]; offset: number; n: number } {
  const order = shape.map((_, axis) => axis);
  for (let i = order.length - 1; i > 0; i--) {
    const j = random() < 0.5 ? i : integerBelow(i + 1, random);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  const strides = shape.map(() => 0);
  let distance = random() < 0.2 ? 1 + integerBelow(3, random) : 1;
  let before = integerBelow(3, random);
  for (const axis of order.reverse()) {
    const kind = random();
    if (kind < 0.2) continue;
    const length = shape[axis] as number;
    strides[axis] = kind < 0.35 ? -distance : distance;
    if (kind < 0.35) before += (length - 1) * distance;
    distance *= length + (random() < 0.2 ? integerBelow(3, random) : 0);
  }
  return { strides, offset: before, n: before + distance + integerBelow(3, random) };
}

function operandOf(
  dtype: Dtype,
  shape: readonly number[],
  values: readonly number[],
  random: Random,
  { strides, offset, n } = randomStrides(shape, random),
): Operand {
  const data = newData(dtype, n);
  for (let i = 0; i < n; i++) data[i] = encoded(dtype, pick(values, random));
  const copy = newData(dtype, sizeOf(shape));
  eachPlace(shape, strides, offset, (place, i) => {
    copy[i] = data[place] as number;
  });
  return { dtype, data, strides, offset, copy };
}

const code = (operand: Operand | undefined) => dtypes[operand?.dtype ?? "float32"][0];

interface Case {
  readonly shape: readonly number[];
  readonly loss: number;
  readonly compute: (typeof floats)[number];
  readonly labels: Operand;
  readonly predictions: Operand;
  readonly weights?: Operand | undefined;
  readonly mask?: Operand | undefined;
  readonly numbers: Numbers;
}

const few = [-1.5, -1, -0.5, -0.25, 0, 0.25, 0.5, 1, 1.5];
const whole = [-2, -1, 0, 1, 2];
const unsigned = [0, 1, 2];

function valuesFor(dtype: Dtype, random: Random): readonly number[] {
  if (dtype === "bool") return [0, 1];
  if (random() < 0.4) return [0, 1];
  if (dtype.startsWith("uint")) return unsigned;
  if (random() < 0.5) return [-1, 1];
  return dtype.startsWith("int") ? whole : few;
}

function randomShape(random: Random): number[] {
  const width = pick(
    [1, 2, 3, 4, 5, 8, 10, 17, 33, 64, 65, 100, 300, 1000, 2049, 8192, 9000],
    random,
  );
  const values = random() < 0.15 ? 70_000 : 4000;
  const rows = 1 + integerBelow(Math.max(4, Math.floor(values / width)), random);
  const kind = random();
  if (kind < 0.5) return [rows, width];
  if (kind < 0.6) return [width];
  const outer = 1 + integerBelow(4, random);
  const inner = Math.max(1, Math.floor(rows / outer));
  return kind < 0.9
    ? [outer, inner, width]
    : [outer, inner, 1, width, ...(random() < 0.5 ? [1] : [])];
}

function randomCase(random: Random): Case {
  const shape = randomShape(random);
  const rowShape = shape.slice(0, -1);
  const width = shape.at(-1) as number;
  const rows = sizeOf(rowShape);
  const compute = pick(floats, random);
  const labelDtype = pick(names, random);
  const predictionDtype = random() < 0.5 ? "float32" : pick(names, random);
  const column = (probability: number, values: readonly number[]) =>
    random() < probability ? operandOf(pick(names, random), rowShape, values, random) : undefined;
  const group = Math.max(1, Math.floor(8192 / width));
  const firstRow = random() < 0.3 ? group * integerBelow(Math.ceil(rows / group), random) : 0;
  return {
    shape,
    loss: integerBelow(3, random),
    compute,
    labels: operandOf(labelDtype, shape, valuesFor(labelDtype, random), random),
    predictions: operandOf(
      predictionDtype,
      shape,
      predictionDtype === "bool" || predictionDtype === "uint8"
        ? unsigned
        : predictionDtype.startsWith("int")
          ? whole
          : few,
      random,
    ),
    weights: column(0.4, [0, 1, 2]),
    mask: column(0.3, [0, 1]),
    numbers: {
      encoding: integerBelow(2, random),
      firstRow,
      rows: random() < 0.3 ? 1 + integerBelow(rows - firstRow, random) : rows - firstRow,
      divisor: pick([1, 3, 7], random),
    },
  };
}

/** Describes what is computed of the row-major copies. */
function plainNumbers({
  shape,
  loss,
  compute,
  labels,
  predictions,
  weights,
  mask,
  numbers,
}: Case): Numbers {
  const width = shape.at(-1) as number;
  const batchRows = sizeOf(shape) / width;
  return {
    loss,
    labelDtype: code(labels),
    predictionDtype: code(predictions),
    computeDtype: dtypes[compute][0],
    weightDtype: code(weights),
    maskDtype: code(mask),
    lossesDtype: dtypes[compute][0],
    gradientDtype: dtypes[compute][0],
    batchRows,
    width,
    ...numbers,
  };
}

const rowMajor = (shape: readonly number[]) =>
  shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));

/** Describes the arrays themselves. */
function stridedNumbers(one: Case): Numbers {
  const { shape, labels, predictions, weights, mask } = one;
  return {
    ...plainNumbers(one),
    isStrided: 1,
    rank: shape.length,
    shape,
    labelStrides: labels.strides,
    labelOffset: labels.offset,
    predictionStrides: predictions.strides,
    predictionOffset: predictions.offset,
    weightStrides: weights?.strides ?? [],
    weightOffset: weights?.offset ?? 0,
    maskStrides: mask?.strides ?? [],
    maskOffset: mask?.offset ?? 0,
    gradientStrides: rowMajor(shape),
    gradientOffset: 0,
  };
}

const rounded = (frame: Float64Array) =>
  (["losses", "weights", "kept", "wasBinary"] as const).map((slot: Slot) => numberIn(frame, slot));

const bytesOf = (data: Data) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/** What an operation gives: sums, losses and a gradient. */
function answerOf(
  one: Case,
  operation: number,
  isStrided: boolean,
  // Of the losses of rows that are written, the sum is another than that of their terms.
  writesLosses = one.loss !== 1,
) {
  const { shape, compute, labels, predictions, weights, mask } = one;
  const frame = newFrame({
    ...(isStrided ? stridedNumbers(one) : plainNumbers(one)),
    operation,
  });
  const arrayOf = (operand: Operand | undefined) => (isStrided ? operand?.data : operand?.copy);
  const losses = newData(compute, sizeOf(shape.slice(0, -1)));
  const gradient = newData(compute, sizeOf(shape));
  const hasLosses =
    operation === operations.rows || (operation === operations.gradient && writesLosses);
  addon.evaluateWith(
    frame,
    ...[labels, predictions].map(arrayOf),
    ...[hasLosses ? losses : undefined, gradient],
    ...[weights, mask].map(arrayOf),
  );
  return { sums: rounded(frame), losses: bytesOf(losses), gradient: bytesOf(gradient) };
}

const kernels = addon.kernels();

function withEveryKernel(use: (title: string) => void): void {
  const threads = addon.threads();
  for (const kernel of kernels) {
    for (const count of [1, 3]) {
      expect(addon.useKernel(kernel)).toBe(true);
      addon.setThreads(count);
      use(`${kernel} with ${count} threads`);
    }
  }
  addon.useKernel(kernels[0]);
  addon.setThreads(threads);
}

describe("strided arrays", () => {
  test("give the bits of their row-major copies, for every operation", () => {
    const random = generator(31);
    for (let round = 0; round < 200; round++) {
      const one = randomCase(random);
      for (const operation of Object.values(operations)) {
        if (operation === operations.weights && !one.weights && !one.mask) continue;
        const expected = answerOf(one, operation, false);
        withEveryKernel((title) => {
          const answer = answerOf(one, operation, true);
          const shown = { round, operation, title };
          expect({ ...shown, sums: answer.sums }).toEqual({ ...shown, sums: expected.sums });
          expect({ ...shown, same: answer.losses.equals(expected.losses) }).toEqual({
            ...shown,
            same: true,
          });
          expect({ ...shown, same: answer.gradient.equals(expected.gradient) }).toEqual({
            ...shown,
            same: true,
          });
        });
      }
    }
  });

  test("of every pair of dtypes, transposed and broadcast", () => {
    const random = generator(32);
    const shape = [70, 37];
    for (const labelDtype of names) {
      for (const predictionDtype of names) {
        const numbers = { encoding: 1, firstRow: 0, rows: 70, divisor: 2 };
        const one: Case = {
          shape,
          loss: integerBelow(3, random),
          compute: pick(floats, random),
          labels: operandOf(labelDtype, shape, valuesFor(labelDtype, random), random, {
            strides: [1, 0],
            offset: 0,
            n: 70,
          }),
          predictions: operandOf(predictionDtype, shape, [0, 1], random, {
            strides: [1, 70],
            offset: 0,
            n: 70 * 37,
          }),
          numbers,
        };
        for (const operation of [operations.sum, operations.rows, operations.gradient]) {
          expect(answerOf(one, operation, true)).toEqual(answerOf(one, operation, false));
        }
      }
    }
  });

  test("calls in the background read their frame before they begin", async () => {
    const random = generator(33);
    for (let round = 0; round < 30; round++) {
      const one = randomCase(random);
      const frame = newFrame({ ...stridedNumbers(one), operation: operations.sum });
      const { labels, predictions, weights, mask } = one;
      const promise = addon.evaluateInBackground(
        frame,
        ...[labels.data, predictions.data, undefined, undefined, weights?.data, mask?.data],
      );
      frame.fill(Number.NaN, slots.rank[0]);
      await promise;
      expect(rounded(frame)).toEqual(answerOf(one, operations.sum, false).sums);
    }
  });
});

describe("gradients of predictions that are broadcast", () => {
  const roundTo = (compute: string) => (compute === "float64" ? (x: number) => x : Math.fround);

  /** The derivatives of each loss by itself, times its factor, added up in the order of the values. */
  function expected(
    one: Case,
    strides: readonly number[],
    offset: number,
    n: number,
  ): Float64Array {
    const { shape, compute, weights, mask, numbers } = one;
    const derivatives = new Float64Array(sizeOf(shape));
    const frame = newFrame({
      ...plainNumbers(one),
      operation: operations.gradient,
      gradientDtype: dtypes.float64[0],
      divisor: 1,
    });
    addon.evaluateWith(frame, one.labels.copy, one.predictions.copy, undefined, derivatives);
    const sums = new Float64Array(n);
    const round = roundTo(compute);
    const width = shape.at(-1) as number;
    const [first, rows] = [numbers.firstRow as number, numbers.rows as number];
    const decoded = (operand: Operand | undefined, row: number): number => {
      if (operand === undefined) return 1;
      const value = [0, 1, 2].find(
        (x) => encoded(operand.dtype, x) === operand.copy[row],
      ) as number;
      return operand.dtype === "bool" ? Math.min(1, value) : value;
    };
    eachPlace(shape, strides, offset, (place, i) => {
      const row = Math.floor(i / width);
      if (row < first || row >= first + rows) return;
      const weight = decoded(weights, row) * (decoded(mask, row) === 0 ? 0 : 1);
      const factor = round(weight / (numbers.divisor as number));
      sums[place] = (sums[place] as number) + round((derivatives[i] as number) * factor);
    });
    return sums;
  }

  test("are added up in the order of the values", () => {
    const random = generator(34);
    for (let round = 0; round < 60; round++) {
      const one = randomCase(random);
      const { strides, offset, n } = randomStrides(one.shape, random);
      if (strides.every((stride, axis) => stride === rowMajor(one.shape)[axis])) continue;
      const derivatives = expected(one, strides, offset, n);
      const { sums } = answerOf(one, operations.gradient, false, false);
      withEveryKernel((title) => {
        const frame = newFrame({
          ...stridedNumbers(one),
          operation: operations.gradient,
          gradientDtype: dtypes.float64[0],
          gradientStrides: strides,
          gradientOffset: offset,
        });
        const { labels, predictions, weights, mask } = one;
        const gradient = new Float64Array(n);
        addon.evaluateWith(
          frame,
          ...[labels.data, predictions.data, undefined, gradient, weights?.data, mask?.data],
        );
        expect({ round, title, gradient }).toEqual({
          round,
          title,
          gradient: derivatives,
        });
        expect(rounded(frame)).toEqual(sums);
      });
    }
  });
});

describe("hostile frames", () => {
  const n = 24;
  const good: Numbers = {
    labelDtype: dtypes.int8[0],
    predictionDtype: dtypes.float32[0],
    computeDtype: dtypes.float32[0],
    weightDtype: dtypes.float32[0],
    maskDtype: dtypes.float32[0],
    lossesDtype: dtypes.float32[0],
    gradientDtype: dtypes.float64[0],
    rows: 6,
    batchRows: 6,
    width: 4,
    divisor: 1,
    isStrided: 1,
    rank: 3,
    shape: [2, 3, 4],
    labelStrides: [12, 4, 1],
    predictionStrides: [1, 2, 6],
    weightStrides: [0, 1],
    maskStrides: [3, 1],
    gradientStrides: [0, 4, 1],
  };
  const arrays = () => [
    new Int8Array(n).fill(1),
    new Float32Array(n),
    undefined,
    new Float64Array(12),
    new Float32Array(3),
    new Float32Array(6),
  ];
  const call = (numbers: Numbers, operation: number = operations.gradient) =>
    addon.evaluateWith(newFrame({ ...good, operation, ...numbers }), ...arrays());

  test("the good one is good, and so are strides up to the ends of arrays", () => {
    call({});
    call({ labelStrides: [-12, -4, -1], labelOffset: 23 });
    call({ labelStrides: [0, 0, 0], labelOffset: 23 });
    call({ labelStrides: [23, 0, 0] });
    call({ weightStrides: [2, 0] });
    call({
      shape: [6, 1, 4],
      labelStrides: [4, 2 ** 52, 1],
      predictionStrides: [4, -(2 ** 52), 1],
      weightStrides: [0, 9],
      maskStrides: [1, 9],
      gradientStrides: [0, 9, 1],
    });
  });

  test.each(["label", "prediction", "weight", "mask", "gradient"] as const)(
    "%s strides that leave the array",
    (name) => {
      const strides = good[`${name}Strides`] as number[];
      const wrong: Numbers[] = [
        ...[-1, 0.5, n, 2 ** 53, Number.NaN, Infinity].map((offset) => ({
          [`${name}Offset`]: offset,
        })),
        { [`${name}Offset`]: n - 1 },
        ...strides.flatMap((_, axis) =>
          [-1, 0.5, n, -n, 2 ** 31, 2 ** 32, 2 ** 52, -(2 ** 52), 2 ** 53, 2 ** 63, 1e300].map(
            (stride) => ({
              [`${name}Strides`]: strides.map((own, i) => (i === axis ? stride : own)),
            }),
          ),
        ),
        ...[Number.NaN, Infinity, -Infinity].map((stride) => ({
          [`${name}Strides`]: strides.map(() => stride),
        })),
      ];
      for (const numbers of wrong) {
        expect(() => call(numbers), JSON.stringify(numbers)).toThrow(/^maxmargin: /);
      }
    },
  );

  test("strides that reach exactly one value beyond the array", () => {
    const [labels, predictions] = [new Int8Array(n).fill(1), new Float32Array(n)];
    const beyond = (numbers: Numbers) => {
      const frame = newFrame({ ...good, operation: operations.sum, ...numbers });
      return () => addon.evaluateWith(frame, labels, predictions);
    };
    for (const name of ["label", "prediction"]) {
      expect(beyond({ [`${name}Offset`]: 1 }), name).toThrow(/^maxmargin: labels/);
      const strides = { [`${name}Strides`]: [-12, -4, -1], [`${name}Offset`]: n - 2 };
      expect(beyond(strides), name).toThrow(/^maxmargin: labels/);
    }
  });

  test("strides whose product with a length is 0 in 64 bits", () => {
    const rows = 2 ** 12 + 1;
    const far = { rows, batchRows: rows, width: 1, rank: 2, shape: [rows, 1] };
    const near = { labelStrides: [0, 0], predictionStrides: [0, 0] };
    const evaluate = (numbers: Numbers) => {
      const frame = newFrame({ ...good, ...far, ...near, operation: operations.sum, ...numbers });
      addon.evaluateWith(frame, new Int8Array(1), new Float32Array(1));
    };
    evaluate({});
    for (const stride of [2 ** 52, -(2 ** 52)]) {
      for (const slot of ["labelStrides", "predictionStrides"]) {
        expect(() => evaluate({ [slot]: [stride, 0] })).toThrow(/^maxmargin: labels/);
      }
    }
  });

  test("a gradient with strides in another dtype than float64", () => {
    for (const dtype of ["float32", "float16", "int8"] as const) {
      const values = arrays();
      values[3] = newData(dtype, 12) as never;
      const frame = newFrame({
        ...good,
        operation: operations.gradient,
        gradientDtype: dtypes[dtype][0],
      });
      expect(() => addon.evaluateWith(frame, ...values), dtype).toThrow(/^maxmargin: the output/);
    }
  });

  test("ranks and shapes", () => {
    for (const rank of [0, 65, 1e9, -1, 2.5, Number.NaN, Infinity, 2, 4]) {
      expect(() => call({ rank }), `rank ${rank}`).toThrow(/^maxmargin: the frame/);
    }
    for (const shape of [
      [2, 3, 5],
      [0, 3, 4],
      [2, 3, 0],
      [2.5, 2.4, 4],
      [-2, -3, 4],
      [Number.NaN, 3, 4],
      [2 ** 53, 3, 4],
      [2 ** 52, 2 ** 52, 4],
      [1, 3, 4],
      [6, 2, 4],
    ]) {
      expect(() => call({ shape }), `shape ${shape}`).toThrow(/^maxmargin: the frame/);
    }
    expect(() => call({ isStrided: 2 })).toThrow(/^maxmargin: the frame/);
  });

  test("random numbers everywhere", () => {
    const random = generator(35);
    const numbers = [
      0,
      1,
      -1,
      2,
      3,
      4,
      5,
      12,
      24,
      64,
      65,
      0.5,
      2 ** 31,
      2 ** 52,
      2 ** 53,
      1e300,
      Number.NaN,
      Infinity,
    ];
    const all = (Object.keys(slots) as Slot[]).filter(
      (slot) => !/^(losses|weights|kept)/.test(slot) && slot !== "wasBinary",
    );
    let good = 0;
    for (let round = 0; round < 20_000; round++) {
      const frame = newFrame({ ...goodNumbers(), operation: integerBelow(4, random) });
      for (let k = integerBelow(4, random); k >= 0; k--) {
        const [index, count] = slots[pick(all, random)];
        frame[index + integerBelow(Math.min(count, 4), random)] = pick(numbers, random);
      }
      try {
        addon.evaluateWith(frame, ...arrays());
        good++;
      } catch (error) {
        expect([TypeError, RangeError]).toContain((error as Error).constructor);
        expect((error as Error).message).toMatch(/^maxmargin: /);
      }
    }
    expect(good).toBeGreaterThan(100);
  });

  const goodNumbers = () => good;

  test("an array that has shrunk", () => {
    for (let place = 0; place < 6; place++) {
      const values = arrays();
      if (values[place] === undefined) continue;
      values[place] = values[place]?.subarray(1) as Float32Array<ArrayBuffer>;
      const frame = write(newFrame(good), { operation: operations.gradient });
      expect(() => addon.evaluateWith(frame, ...values)).toThrow(/^maxmargin: /);
    }
  });
});
