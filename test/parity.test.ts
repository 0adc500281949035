import { availableParallelism } from "node:os";
import { backend, setBackend, setNumThreads, tensor } from "maxmargin";
import { afterAll, describe, expect, test } from "vitest";
import {
  filled,
  generator,
  inPlaceDtypes,
  integerBelow,
  randomPredictions,
} from "./support/data.js";
import { force, implementations } from "./support/implementations.js";
import { functions, type LossName, lossNames, lossOf } from "./support/losses.js";
import {
  type Batch,
  batchOf,
  fewThousands,
  labelKinds,
  lengths,
  lossesSpoiledBy,
  pairOf,
  predictionKinds,
  type Result,
  resultOf,
  rowCountsOf,
  sizeOf,
  spoiledBatches,
  spoilers,
  tieBatch,
  widths,
} from "./support/parity.js";
import { addedInARow, products, rowLosses, type Summation, squaredTerms } from "./support/ties.js";
import { unlikeJs } from "./support/unlike-js.js";

// The number of threads is one for the whole process: no other test file may set it.
const threadCounts = [1, 2, 3, 7];

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
    // WebAssembly has one thread.
    for (const threads of kernel === "wasm" ? [1] : threadCounts) {
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
    batches.length * losses.length * (backend().kernels.length * threadCounts.length + 1),
  );
}

afterAll(() => {
  setBackend("auto");
  setNumThreads(availableParallelism());
});

// ---- Tests

describe("all implementations and thread counts return the same bits", () => {
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

  // As a block of its own such a batch is folded three times in float32, and in double from there.
  test.each([8, 16, 32, 64])("sums of batches of %d values, whatever these are", (n) => {
    const random = generator(n);
    const batches = Array.from({ length: 300 }, () => ({
      yTrue: tensor(filled(new Int8Array(n), () => 2 * integerBelow(2, random) - 1)),
      yPred: tensor(randomPredictions(n, random)),
    }));
    const sums = (implementation: string) => {
      force(implementation);
      return batches.map(({ yTrue, yPred }) =>
        (["squared_hinge", "hinge"] as const).map((loss) =>
          lossOf(loss, "sum").value(yTrue, yPred),
        ),
      );
    };
    const expected = sums("js");
    for (const implementation of implementations) expect(sums(implementation)).toEqual(expected);
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
          const batch = tieBatch(summation, shape, ties);
          const values = batch.yPred.data as Float32Array;
          batches.push({ ...batch, title: `${batch.title}, trial ${trial}` });
          const { data } = isColumn
            ? { data: [lossOf(summation.loss, "mean").value(batch.yTrue, batch.yPred)] }
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
      const batches = shapes.flatMap((shape) => spoiledBatches(dtype, spoiler, shape));
      expect(batches.length).toBeGreaterThan(70);
      expectSameBits(batches, lossesSpoiledBy(spoiler));
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

// parity.dtypes.test.ts has all pairs of dtypes, in small batches.
describe("pairs of dtypes in batches for several threads", () => {
  test.each([
    ["float64", "float64"],
    ["int64", "float64"],
    ["float16", "float16"],
    ["int64", "float16"],
    ["int16", "float32"],
    ["float32", "int8"],
  ] as const)("%s labels, %s predictions", (labels, predictions) => {
    const batches = [
      [40_000, 3],
      [2, 70_000],
    ].map((shape) => pairOf(labels, predictions, shape, ["0 and 1", "reals"]));
    expect(unlikeJs(batches, [1, 3])).toEqual([]);
  });
});
