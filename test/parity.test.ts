import { availableParallelism } from "node:os";
import { backend, setBackend, setNumThreads, type Tensor, tensor } from "maxmargin";
import { afterAll, describe, expect, test } from "vitest";
import {
  type AnyDtype,
  dtypes as anyDtypes,
  dataOf,
  filled,
  floatDtypes,
  generator,
  inPlaceDtypes,
  integerBelow,
  isUnsigned,
  type Random,
  randomPredictions,
  repeated,
} from "./support/data.js";
import { force, implementations } from "./support/implementations.js";
import {
  classes,
  functions,
  type LossName,
  lossNames,
  lossOf,
  scalarReductions,
} from "./support/losses.js";
import {
  addedInARow,
  nearTie,
  products,
  rowLosses,
  type Summation,
  squaredTerms,
} from "./support/ties.js";

// The number of threads is one for the whole process: no other test file may set it.
const threadCounts = [1, 2, 3, 7];

type Dtype = (typeof inPlaceDtypes)[number];

interface Batch {
  readonly title: string;
  readonly yTrue: Tensor;
  readonly yPred: Tensor;
}

// ---- What can be seen of a result

const wide = new Float64Array(1);
const wideBits = new BigUint64Array(wide.buffer);

/** The bits of a number. JavaScript knows but one NaN: what bits it shows is up to the engine. */
function bitsOf(value: number): bigint {
  wide[0] = value;
  return Number.isNaN(value) ? -1n : wideBits[0];
}

interface Result {
  readonly rows: Uint32Array;
  readonly mean: bigint;
}

function resultOf(loss: LossName, { yTrue, yPred }: Batch): Result {
  const { data } = functions[loss](yTrue, yPred);
  return {
    rows: new Uint32Array(data.buffer, data.byteOffset, data.length),
    mean: bitsOf(lossOf(loss, "sum_over_batch_size").apply(yTrue, yPred)),
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function differences(result: Result, expected: Result): string[] {
  const found: string[] = [];
  if (!bytesOf(result.rows).equals(bytesOf(expected.rows))) {
    const row = result.rows.findIndex((bits, i) => bits !== expected.rows[i]);
    const [bits, right] = [result, expected].map(({ rows }) => rows[row]?.toString(16));
    found.push(`row ${row} of ${result.rows.length}: ${bits}, not ${right}`);
  }
  if (result.mean !== expected.mean) found.push(`mean: ${result.mean}, not ${expected.mean}`);
  return found;
}

/** Every kernel with every number of threads against JavaScript. */
function expectSameBits(batches: readonly Batch[], losses: readonly LossName[] = lossNames): void {
  expect(batches).not.toHaveLength(0);
  const wrong: string[] = [];
  let compared = 0;
  force("js");
  const expected = batches.map((batch) => losses.map((loss) => resultOf(loss, batch)));
  for (const kernel of implementations.filter((implementation) => implementation !== "js")) {
    for (const threads of threadCounts) {
      force(kernel);
      setNumThreads(threads);
      for (const [b, batch] of batches.entries()) {
        for (const [l, loss] of losses.entries()) {
          compared++;
          for (const difference of differences(resultOf(loss, batch), expected[b][l])) {
            wrong.push(`${loss} of ${batch.title}, ${kernel} × ${threads}: ${difference}`);
          }
        }
      }
      expect(backend().threads).toBe(threads);
    }
  }
  expect(wrong.slice(0, 10)).toEqual([]);
  expect(compared).toBe(
    batches.length * losses.length * backend().kernels.length * threadCounts.length,
  );
}

afterAll(() => {
  setBackend("auto");
  setNumThreads(availableParallelism());
});

// ---- Inputs. Tables of prime lengths: blocks, chunks or rows that were swapped would show.

const random = generator(7);
const predictionTable = randomPredictions(251, random);
const labelTable = filled(new Float32Array(127), () => (random() < 0.5 ? 0 : 1));

function signsOf(n: number, negative: number): Float32Array {
  return repeated(
    labelTable.map((label) => (label === 1 ? 1 : negative)),
    n,
  );
}

/** Labels that are read as they are, labels that become signs, and one that spoils it. */
const labelKinds: Readonly<Record<string, (dtype: Dtype, n: number) => Tensor["data"]>> = {
  "0 and 1": (dtype, n) => dataOf(dtype, signsOf(n, 0)),
  "no 0": (dtype, n) => {
    const negative = { float32: -1, int8: -1, uint8: 3, bool: 255 }[dtype];
    return dataOf(dtype, signsOf(n, negative));
  },
};

function nanOf(bits: number): number[] {
  return [bits, bits | 0x80000000];
}

/** What floating-point numbers have in store. Each changes ordinary predictions for these labels. */
const predictionKinds: Readonly<
  Record<string, (values: Float32Array, labels: ArrayLike<number>) => void>
> = {
  ordinary() {},
  "signed zeros and subnormals"(values) {
    const table = [
      0, -0, 1e-45, -1e-45, 1.1754942e-38, -1.1754942e-38, 1.17549435e-38, 1, -1, 1e-30,
    ];
    for (let i = 0; i < values.length; i++) if (i % 3 !== 0) values[i] = table[i % 10];
  },
  "sums beyond float32"(values) {
    const table = [3e38, -3e38, 3.4028234e38, -3.4028234e38, 1e38, -1e38, 1e30];
    for (let i = 0; i < values.length; i++) if (i % 5 !== 0) values[i] = table[i % 7];
  },
  "one sum beyond float32"(values) {
    for (let i = 0; i < values.length; i += 8) values[i] = i % 1009 < 40 ? 3.2e38 : values[i];
  },
  "squares beyond float32"(values) {
    const table = [2e19, -2e19, 1.8e19, -1.8e19, 1e19];
    for (let i = 0; i < values.length; i += 11) values[i] = table[i % 5];
  },
  "infinities that agree with their labels"(values, labels) {
    for (let i = 0; i < values.length; i += 67) values[i] = labels[i] > 0 ? Infinity : -Infinity;
  },
  "few infinities"(values) {
    for (let i = 13; i < values.length; i += 1009) values[i] = i % 2 === 0 ? Infinity : -Infinity;
  },
  "many infinities"(values) {
    for (let i = 0; i < values.length; i += 3) values[i] = i % 2 === 0 ? Infinity : -Infinity;
  },
  "few NaNs"(values) {
    const bits = new Uint32Array(values.buffer);
    const table = [0x7fc00000, 0x7fc00001, 0x7f800001, 0x7fabcdef, 0x7fffffff].flatMap(nanOf);
    for (let i = 5; i < values.length; i += 1013) bits[i] = table[(i >> 1) % table.length];
  },
  "a NaN at the end"(values) {
    new Uint32Array(values.buffer)[values.length - 1] = 0xff812345;
  },
  "a NaN at the begin"(values) {
    new Uint32Array(values.buffer)[0] = 0x7f800001;
  },
};

const sizeOf = (shape: readonly number[]) => shape.reduce((n, dimension) => n * dimension, 1);

function batchOf(
  dtype: Dtype,
  labelKind: string,
  predictionKind: string,
  shape: readonly number[],
): Batch {
  const n = sizeOf(shape);
  const labels = labelKinds[labelKind](dtype, n);
  const predictions = repeated(predictionTable, n);
  predictionKinds[predictionKind](predictions, labels as ArrayLike<number>);
  return {
    title: `${predictionKind}, ${dtype} labels (${labelKind}), [${shape.join(", ")}]`,
    yTrue: tensor(labels, shape, dtype),
    yPred: tensor(predictions, shape),
  };
}

// ---- Tests

function around(...boundaries: number[]): number[] {
  return boundaries.flatMap((n) => [n - 1, n, n + 1]);
}

const fewThousands = [
  ...new Set([1, ...around(2, 4, 8, 16, 32, 48, 64, 128, 192, 512, 2048, 8192)]),
];

/** Of 65536 values on, 2, of 98304 on 3, of 229376 on 7 threads share the work. */
const lengths = [...fewThousands, ...around(16384, 65536, 98304, 131072, 229376), 300_007];

const widths = [
  1, 2, 3, 7, 8, 9, 10, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 1000, 4096, 4097,
  8191, 8192, 8193, 20000,
];

/** Few rows, rows around the tiles and groups in which they are computed, and enough for threads. */
function rowCountsOf(width: number): number[] {
  const group = Math.max(1, Math.floor(8192 / width));
  const tile = Math.max(8, Math.floor(2048 / width / 8) * 8);
  const counts = [1, 2, 7, 8, 9, tile, tile + 1, group - 1, group, group + 1, 3 * group + 5];
  return [
    ...new Set([
      ...counts.filter((rows) => rows > 0 && rows * width <= 2e5),
      Math.ceil(7e4 / width),
    ]),
  ];
}

describe("all implementations and thread counts give the same bits", () => {
  test("there is something to compare", () => {
    expect(implementations.length).toBeGreaterThanOrEqual(2);
    expect(backend().error).toBeNull();
  });

  describe.each(inPlaceDtypes)("%s labels", (dtype) => {
    test.each(Object.keys(labelKinds))("%s: one row of every length", (labels) => {
      expectSameBits(lengths.map((n) => batchOf(dtype, labels, "ordinary", [n])));
    });

    test.each(Object.keys(labelKinds))("%s: rows of one value", (labels) => {
      expectSameBits(
        [...fewThousands, 65_537, 240_007].map((n) => batchOf(dtype, labels, "ordinary", [n, 1])),
      );
    });

    test.each(Object.keys(labelKinds))("%s: rows of every width", (labels) => {
      const batches = widths.flatMap((width) =>
        rowCountsOf(width).map((rows) => batchOf(dtype, labels, "ordinary", [rows, width])),
      );
      expect(batches.length).toBeGreaterThan(100);
      expectSameBits(batches);
    });
  });

  describe.each(["float32", "int8"] as const)("special values, %s labels", (dtype) => {
    const shapes = [
      [1],
      [7],
      [8],
      [63],
      [64],
      [65],
      [130],
      [1000],
      [8193],
      [70_001],
      [240_007],
      [5, 1],
      [8193, 1],
      [3000, 3],
      [1000, 9],
      [700, 10],
      [300, 33],
      [200, 63],
      [130, 64],
      [130, 65],
      [70, 129],
      [20, 1000],
      [8, 8192],
      [3, 8193],
      [5, 20_000],
    ];
    test.each(Object.keys(predictionKinds))("%s", (predictions) => {
      for (const labels of Object.keys(labelKinds)) {
        expectSameBits(shapes.map((shape) => batchOf(dtype, labels, predictions, shape)));
      }
    });
  });

  describe("the order of every addition", () => {
    const ties = generator(17);

    /** Batches of near-ties, and how many of their results another order of additions would change. */
    function expectSameOrder(
      summation: Summation,
      shapes: ReadonlyArray<readonly number[]>,
      trials: number,
    ): void {
      const batches: Batch[] = [];
      let changed = 0;
      force("js");
      for (const shape of shapes) {
        // A column is one sum; otherwise each row is.
        const isColumn = summation === rowLosses;
        const width = isColumn ? sizeOf(shape) : (shape.at(-1) as number);
        for (let trial = 0; trial < trials; trial++) {
          const values = new Float32Array(sizeOf(shape));
          for (let i = 0; i < values.length; i += width) {
            values.set(nearTie(summation, width, ties), i);
          }
          const labels = new Int8Array(values.length).fill(summation.label);
          const title = `${summation.title} near a tie, [${shape.join(", ")}], trial ${trial}`;
          const batch = { title, yTrue: tensor(labels, shape), yPred: tensor(values, shape) };
          batches.push(batch);
          const { data } = isColumn
            ? { data: [lossOf(summation.loss, "mean").apply(batch.yTrue, batch.yPred)] }
            : functions[summation.loss](batch.yTrue, batch.yPred);
          for (let row = 0; row < data.length; row++) {
            const own = values.subarray(row * width, (row + 1) * width);
            if (data[row] !== addedInARow(summation, own)) changed++;
          }
        }
      }
      // Otherwise the batches would be no test at all.
      expect(changed).toBeGreaterThanOrEqual(10);
      expectSameBits(batches, [summation.loss]);
    }

    const lengths = [1000, 8191, 8192, 8193, 20_000];
    test.each([squaredTerms, products])("of $title: one row", (summation) => {
      expectSameOrder(
        summation,
        [...lengths, 100_003].map((n) => [n]),
        20,
      );
    });
    test.each([squaredTerms, products])("of $title: rows of every width", (summation) => {
      // Few terms are in the same order by chance more often.
      for (const width of [16, 33, 64, 65, 100]) expectSameOrder(summation, [[10_000, width]], 1);
      expectSameOrder(summation, [[500, 1000]], 1);
      expectSameOrder(
        summation,
        [
          [5, 8193],
          [5, 20_000],
        ],
        10,
      );
    });
    test("of the losses of rows", () => {
      expectSameOrder(
        rowLosses,
        [...lengths, 100_003].map((n) => [n, 1]),
        20,
      );
    });
  });

  describe("labels of 0 and 1 with one that is neither", () => {
    const spoilers: ReadonlyArray<readonly [Dtype, number]> = [
      ["float32", -1],
      ["float32", 0.5],
      ["float32", 2],
      ["float32", NaN],
      ["float32", 1e-45],
      ["float32", -1e-45],
      ["float32", Infinity],
      ["float32", -Infinity],
      ["float32", 1 + 2 ** -23],
      ["float32", 1 - 2 ** -24],
      ["float32", -0],
      ["int8", -1],
      ["int8", 2],
      ["int8", -128],
      ["uint8", 2],
      ["uint8", 255],
      ["bool", 2],
      ["bool", 255],
    ];
    const shapes = [
      [1],
      [9],
      [64],
      [200],
      [9000],
      [240_007],
      [200, 1],
      [20_001, 1],
      [1000, 10],
      [7001, 10],
      [1100, 64],
      [600, 129],
      [9, 8192],
      [12, 20_000],
    ];
    test.each(spoilers)("%s labels with one %d", (dtype, spoiler) => {
      const batches = shapes.flatMap((shape) => {
        const { yTrue, yPred } = batchOf(dtype, "0 and 1", "ordinary", shape);
        const n = yPred.data.length;
        // In the two samples that are looked at first, beside them, and far from both.
        const places = [0, 63, 64, Math.floor(n / 2), n - 65, n - 64, n - 1];
        return [...new Set(places)]
          .filter((place) => place >= 0 && place < n)
          .map((place) => {
            const data = dataOf(dtype, yTrue.data as Float32Array);
            data[place] = spoiler;
            return {
              title: `labels with ${spoiler} at ${place}, ${dtype}, [${shape.join(", ")}]`,
              yTrue: tensor(data, shape, dtype),
              yPred,
            };
          });
      });
      expect(batches.length).toBeGreaterThan(70);
      // Categorical hinge knows no such labels; NaN and infinities are labels like any other to it.
      expectSameBits(batches, Number.isFinite(spoiler) ? ["hinge", "squared_hinge"] : lossNames);
    });

    test("two that are neither, for two threads to find", () => {
      const shape = [300_007];
      const { yTrue, yPred } = batchOf("float32", "0 and 1", "ordinary", shape);
      const labels = Float32Array.from(yTrue.data as Float32Array);
      labels[1000] = -1;
      labels[299_000] = -1;
      const spoiled = { title: "two spoilers", yTrue: tensor(labels, shape), yPred };
      expectSameBits([spoiled, { ...spoiled, yTrue: tensor(labels, [300_007]) }]);
    });
  });
});

// ---- All pairs of dtypes, with weights and masks

/** Any bits that a dtype can have, or ordinary values: 0 and 1, -1 and 1, reals. */
function anyData(dtype: AnyDtype, n: number, style: string, random: Random): Tensor["data"] {
  if (style === "any bits") {
    const bytes = filled(new Uint8Array(8 * n), () => integerBelow(256, random));
    const data = dataOf(dtype, []);
    const Values = data.constructor as new (
      buffer: ArrayBuffer,
      at: number,
      n: number,
    ) => typeof data;
    return new Values(bytes.buffer, 0, n);
  }
  const numbers = filled(new Array<number>(n), () => {
    if (style === "0 and 1") return integerBelow(2, random);
    if (style === "signs") return isUnsigned(dtype) ? 3 : 2 * integerBelow(2, random) - 1;
    const value = (random() - 0.5) * 6;
    return floatDtypes.some((float) => float === dtype) ? value : Math.trunc(Math.abs(value));
  });
  return dataOf(dtype, numbers);
}

const styles = [
  ["0 and 1", "reals"],
  ["signs", "reals"],
  ["any bits", "reals"],
  ["0 and 1", "any bits"],
] as const;

/** The bytes of all that the classes and the function give. */
function bytesOfAll(yTrue: Tensor, yPred: Tensor, weights: Tensor, mask: Tensor): Buffer {
  const parts: ArrayBufferView[] = [];
  const numbers: number[] = [];
  for (const name of lossNames) {
    parts.push(functions[name](yTrue, yPred).data);
    for (const dtype of floatDtypes) {
      const Class = classes[name];
      parts.push(new Class({ dtype }).call(yTrue, yPred).data);
      const weighting = { sampleWeight: weights, mask };
      parts.push(new Class({ dtype, reduction: null }).apply(yTrue, yPred, weighting).data);
      numbers.push(new Class({ dtype }).apply(yTrue, yPred));
      for (const reduction of scalarReductions) {
        numbers.push(new Class({ dtype, reduction }).apply(yTrue, yPred, weighting));
      }
    }
  }
  parts.push(BigInt64Array.from(numbers, bitsOf));
  return Buffer.concat(
    parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)),
  );
}

function expectSameBytes(batches: readonly (readonly [string, () => Buffer])[], threads: number[]) {
  force("js");
  const expected = batches.map(([, bytes]) => bytes());
  const wrong: string[] = [];
  for (const kernel of implementations.filter((implementation) => implementation !== "js")) {
    force(kernel);
    for (const count of threads) {
      setNumThreads(count);
      for (const [i, [title, bytes]] of batches.entries()) {
        if (!bytes().equals(expected[i])) wrong.push(`${title}, ${kernel} × ${count}`);
      }
    }
  }
  expect(wrong.slice(0, 10)).toEqual([]);
  expect(expected.every(({ length }) => length > 100)).toBe(true);
}

function pairOf(
  labels: AnyDtype,
  predictions: AnyDtype,
  [rows, width]: readonly number[],
  [labelStyle, predictionStyle]: readonly [string, string],
): readonly [string, () => Buffer] {
  const random = generator(rows + width);
  const n = rows * width;
  const yTrue = tensor(anyData(labels, n, labelStyle, random), [rows, width], labels);
  const yPred = tensor(
    anyData(predictions, n, predictionStyle, random),
    [rows, width],
    predictions,
  );
  const weights = tensor(
    filled(new Float32Array(rows), () => random()),
    [rows],
  );
  const mask = tensor(
    Uint8Array.from({ length: rows }, (_, i) => Number(i % 3 !== 1)),
    [rows],
    "bool",
  );
  return [
    `[${rows}, ${width}], ${labelStyle} with ${predictionStyle}`,
    () => bytesOfAll(yTrue, yPred, weights, mask),
  ];
}

describe("every pair of dtypes gives the same bits", () => {
  const shapes = [
    [1, 7],
    [9, 1],
    [11, 3],
    [5, 64],
    [2, 65],
  ];
  describe.each(anyDtypes)("%s predictions", (predictions) => {
    test.each(anyDtypes)("%s labels", (labels) => {
      const batches = shapes.flatMap((shape) =>
        styles.map((style) => pairOf(labels, predictions, shape, style)),
      );
      batches.push(pairOf(labels, predictions, [1, 8200], styles[0]));
      expectSameBytes(batches, [1]);
    });
  });

  const pairs = [
    ...([
      ["float64", "float64"],
      ["int64", "float64"],
      ["float16", "float16"],
    ] as const),
    ...([
      ["int64", "float16"],
      ["int16", "float32"],
      ["float32", "int8"],
    ] as const),
  ] as const;
  test.each(pairs)("%s labels, %s predictions, threads", (labels, predictions) => {
    const batches = [
      [40_000, 3],
      [2, 70_000],
    ].map((shape) => pairOf(labels, predictions, shape, ["0 and 1", "reals"]));
    expectSameBytes(batches, [1, 3]);
  });
});
