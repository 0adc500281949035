import { type Tensor, tensor } from "maxmargin";
import { describe, expect, test } from "vitest";
import {
  asFloat32,
  dataOf,
  filled,
  generator,
  integerBelow,
  type LabelDtype,
  labelDtypes,
  pick,
  type Random,
  randomPredictions,
  repeated,
  seed,
  smallestLabel,
} from "./support/data.js";
import { forEachImplementation } from "./support/implementations.js";
import { functions, type LossName, lossNames, lossOf, scalarReductions } from "./support/losses.js";
import { type Bounded, exactReduction, exactRows, isWithin } from "./support/oracle.js";

interface Batch {
  readonly title: string;
  readonly yTrue: Tensor;
  readonly yPred: Tensor;
  /** Computed once, for all implementations. */
  exactRows(loss: LossName): readonly Bounded[];
}

function batchOf(
  title: string,
  dtype: LabelDtype,
  data: Tensor["data"],
  predictions: Float32Array,
  shape: readonly number[],
): Batch {
  const labels = asFloat32(dtype, data);
  const width = shape.at(-1) as number;
  const known = new Map<LossName, readonly Bounded[]>();
  return {
    title: `${title}, ${dtype} labels, shape [${shape.join(", ")}]`,
    yTrue: tensor(data, shape, dtype),
    yPred: tensor(predictions, shape),
    exactRows(loss) {
      const rows = known.get(loss) ?? exactRows(loss, labels, predictions, width);
      known.set(loss, rows);
      return rows;
    },
  };
}

/** Every result of `loss` for the batch that is not within its bound, and how many were looked at. */
function check(loss: LossName, batch: Batch) {
  const { title, yTrue, yPred } = batch;
  const rows = batch.exactRows(loss);
  const wrong: string[] = [];
  let checked = 0;
  const compare = (what: string, place: string | number, result: number, exact: Bounded) => {
    checked++;
    if (isWithin(result, exact)) return;
    const range = `${exact.value} ± ${exact.error}`;
    wrong.push(`${title}, ${what} ${place}: ${result}, not ${range} (seed ${seed})`);
  };
  const shape = yPred.shape.slice(0, -1).join();
  const unreduced = {
    function: functions[loss](yTrue, yPred),
    call: lossOf(loss, "sum").call(yTrue, yPred),
    none: lossOf(loss, "none").value(yTrue, yPred),
    null: lossOf(loss, null).value(yTrue, yPred),
  };
  for (const [what, result] of Object.entries(unreduced)) {
    const { data, dtype, shape: own } = result;
    if (dtype !== "float32" || own.join() !== shape || data.length !== rows.length) {
      wrong.push(`${title}, ${what}: ${data.length} ${dtype} values of shape [${own}]`);
    }
    for (let i = 0; i < rows.length; i++) compare(what, i, data[i], rows[i]);
  }
  for (const reduction of scalarReductions) {
    compare(
      "reduction",
      reduction,
      lossOf(loss, reduction).value(yTrue, yPred),
      exactReduction(rows, reduction),
    );
  }
  return { wrong, checked };
}

// ---- Random batches

/** Shapes of every rank that end in `width`: few rows where they are long. */
function shapesOf(width: number): number[][] {
  return width > 1000
    ? [[width], [3, width], [1, 2, width], [2, 1, 1, width]]
    : [[width], [5, width], [4, 3, width], [2, 3, 3, width]];
}

const labelKinds = {
  "-1 and 1": (dtype, n, _, random) =>
    repeatRandom(n, () => (random() < 0.5 ? smallestLabel(dtype) : 1)),
  "0 and 1": (_dtype, n, _, random) => repeatRandom(n, () => integerBelow(2, random)),
  "one-hot": (_dtype, n, width, random) => {
    const values = new Array<number>(n).fill(0);
    for (let i = 0; i < n; i += width) values[i + integerBelow(width, random)] = 1;
    return values;
  },
  "0 and 1 with one other": (dtype, n, _, random) => {
    const values = repeatRandom(n, () => integerBelow(2, random));
    values[integerBelow(n, random)] =
      dtype === "float32" || dtype === "float64"
        ? pick([-1, 0.5, 2, 1e-40, 1 + 2 ** -23], random)
        : pick([smallestLabel(dtype), 2, 127], random);
    return values;
  },
} satisfies Record<
  string,
  (dtype: LabelDtype, n: number, width: number, random: Random) => number[]
>;

function repeatRandom(n: number, next: () => number): number[] {
  return filled(new Array<number>(n), next);
}

const kindNames = Object.keys(labelKinds) as (keyof typeof labelKinds)[];

const widths = [
  1, 2, 3, 7, 8, 9, 10, 16, 17, 31, 33, 63, 64, 65, 100, 127, 1000, 8191, 8192, 8193, 20000,
];
const ranks = [1, 2, 3, 4];

/** Every width and rank with one dtype; over the ranks, every kind of labels. */
function randomBatches(dtype: LabelDtype): Batch[] {
  const random = generator(labelDtypes.indexOf(dtype));
  return widths.flatMap((width, w) =>
    shapesOf(width).map((shape, r) => {
      const kind = kindNames[(w + r) % kindNames.length];
      const n = shape.reduce((size, dimension) => size * dimension, 1);
      const labels = dataOf(dtype, labelKinds[kind](dtype, n, width, random));
      return batchOf(kind, dtype, labels, randomPredictions(n, random), shape);
    }),
  );
}

// ---- Hard sums of terms that are not negative

/** Predictions from 1e-8 to 1e38, of both signs. */
function ofAnyMagnitude(n: number, random: Random): Float32Array {
  return filled(new Float32Array(n), () => (random() < 0.5 ? -1 : 1) * 10 ** (random() * 46 - 8));
}

/**
 * Terms for which every addition of a fold by halves over 64 rounds by nearly half a unit in the last
 * place, all in one direction: what 2 ** 20 takes up is just below, or just above, half its unit.
 */
function roundingOneWay(n: number, above: boolean): Float32Array {
  const half = 2 ** -4 * (above ? 1.001 : 0.999);
  const terms = Array.from({ length: 64 }, (_, i) => {
    if (i < 8) return 2 ** 20;
    if (i < 16 || (i >= 24 && i < 32) || (i >= 40 && i < 48) || i >= 56) return half / 4;
    return i < 32 || i >= 48 ? half / 2 : half;
  });
  // For labels -1: the term is 1 + p.
  return repeated(
    terms.map((term) => term - 1),
    n,
  );
}

function hardBatches(): Batch[] {
  const random = generator(100);
  const big = 3_000_000;
  const minusOnes = (n: number) => new Int8Array(n).fill(-1);
  const signs = (n: number) => filled(new Int8Array(n), () => (random() < 0.5 ? -1 : 1));
  return [
    batchOf("3 million", "int8", signs(big), randomPredictions(big, random), [big]),
    batchOf(
      "3 million in rows",
      "float32",
      Float32Array.from(signs(big)),
      ofAnyMagnitude(big, random),
      [3, big / 3],
    ),
    batchOf("narrow rows", "int8", signs(big / 10), ofAnyMagnitude(big / 10, random), [
      big / 100,
      10,
    ]),
    batchOf("3 million rounded down", "int8", minusOnes(big), roundingOneWay(big, false), [big]),
    batchOf("3 million rounded up", "int8", minusOnes(big), roundingOneWay(big, true), [big]),
    ...[1, 8, 63, 64, 65, 128, 1000].map((width) =>
      batchOf("any magnitude", "int8", signs(40 * width), ofAnyMagnitude(40 * width, random), [
        40,
        width,
      ]),
    ),
    ...[64, 128, 640].flatMap((width) =>
      [false, true].map((above) =>
        batchOf("rounded one way", "int8", minusOnes(width), roundingOneWay(width, above), [width]),
      ),
    ),
    // Their sum is beyond float32, their mean is not.
    ...[7, 64, 1000, 100_000].map((n) =>
      batchOf("sum beyond float32", "int8", minusOnes(n), new Float32Array(n).fill(3e38), [n]),
    ),
  ];
}

/** Every value is one result of 4 unreduced ones; then come the reductions. */
const resultsOf = ({ yPred: { shape } }: Batch) =>
  4 * shape.slice(0, -1).reduce((rows, dimension) => rows * dimension, 1) + scalarReductions.length;

function checkAll(loss: LossName, batches: readonly Batch[]): void {
  const wrong: string[] = [];
  let checked = 0;
  for (const batch of batches) {
    const of = check(loss, batch);
    wrong.push(...of.wrong);
    checked += of.checked;
  }
  expect(wrong.slice(0, 10)).toEqual([]);
  expect(checked).toBe(batches.reduce((sum, batch) => sum + resultsOf(batch), 0));
}

const random = new Map(labelDtypes.map((dtype) => [dtype, randomBatches(dtype)]));
const hard = hardBatches();

test("the batches have the intended labels and predictions", () => {
  expect(random.size).toBe(7);
  for (const batches of random.values()) {
    expect(batches).toHaveLength(widths.length * ranks.length);
    for (const kind of kindNames) {
      expect(batches.filter((batch) => batch.title.startsWith(`${kind},`))).toHaveLength(
        widths.length,
      );
    }
  }
  const beyond = hard.filter((batch) => batch.title.startsWith("sum beyond float32"));
  expect(beyond.map((batch) => Math.fround(batch.exactRows("hinge")[0].value))).toEqual(
    Array(4).fill(Math.fround(3e38)),
  );
});

describe(`exact results, seed ${seed}`, () => {
  forEachImplementation(() => {
    describe.each(lossNames)("%s", (loss) => {
      test.each(labelDtypes)("%s labels, every width and rank", (dtype) => {
        checkAll(loss, random.get(dtype) as Batch[]);
      });
    });

    test.each(["hinge", "squared_hinge"] as const)("%s of hard sums", (loss) => {
      checkAll(loss, hard);
    });
  });
});
