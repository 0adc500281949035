// What a fingerprint is made of: the parity tests' own batches, so few that an emulated processor has done with them in a
// minute, with one kernel.
import { createHash } from "node:crypto";
import type { FloatDtype } from "maxmargin";
import {
  type Bits,
  bitsOfAll,
  classBatch,
  idsOf,
  parametersAt,
  scoreKinds,
} from "../support/class-batches.js";
import { dtypes, floatDtypes, generator } from "../support/data.js";
import { allLossNames, type LossName, lossNames } from "../support/losses.js";
import {
  type Batch,
  batchOf,
  bytesOfAll,
  bytesOfGradients,
  fewThousands,
  labelKinds,
  lossesSpoiledBy,
  pairOf,
  predictionKinds,
  resultOf,
  rowCountsOf,
  sizeOf,
  spoiledBatches,
  spoilers,
  styles,
  tieBatch,
  type WeightedBatch,
  widths,
} from "../support/parity.js";
import { products, rowLosses, squaredTerms } from "../support/ties.js";

export interface Subject {
  readonly title: string;
  /** Whether more than one thread shares the work. */
  readonly isShared: boolean;
  hash(): Promise<string>;
}

const hashOf = (parts: Iterable<NodeJS.ArrayBufferView>) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex").slice(0, 16);
};

const losses = (
  title: string,
  batches: () => readonly Batch[],
  names: readonly LossName[] = lossNames,
  isShared = false,
): Subject => ({
  title,
  isShared,
  async hash() {
    const results = batches().flatMap((batch) => names.map((name) => resultOf(name, batch)));
    return hashOf(results.flatMap(({ rows, mean }) => [rows, BigInt64Array.of(mean)]));
  },
});

const weighted = (
  title: string,
  batches: () => readonly WeightedBatch[],
  isShared: boolean,
): Subject => ({ title, isShared, hash: async () => hashOf(batches().map(bytesOfAll)) });

const gradients = (
  title: string,
  batches: () => readonly WeightedBatch[],
  isShared: boolean,
  as: readonly FloatDtype[],
): Subject => ({
  title: `${title}: gradients and promises`,
  isShared,
  async hash() {
    const parts = await Promise.all(batches().map((batch) => bytesOfGradients(batch, as)));
    return hashOf(parts);
  },
});

function* pairs(): Generator<Subject> {
  let pair = 0;
  for (const predictions of dtypes) {
    for (const labels of dtypes) {
      const [first, second] = [pair, pair + 1].map((i) => i % styles.length);
      const title = `${labels} labels, ${predictions} predictions`;
      const batches = () => [
        pairOf(labels, predictions, [11, 3], styles[first]),
        pairOf(labels, predictions, [2, 65], styles[second]),
      ];
      yield weighted(title, batches, false);
      yield gradients(title, batches, false, floatDtypes);
      pair++;
    }
  }
}

function* large(): Generator<Subject> {
  for (const [labels, predictions] of [
    ["float32", "float32"],
    ["int64", "float16"],
  ] as const) {
    const title = `${labels} labels, ${predictions} predictions, for threads`;
    const batches = () => [pairOf(labels, predictions, [22_000, 3], styles[0])];
    yield weighted(title, batches, true);
    yield gradients(title, batches, true, ["float32"]);
  }
}

function* shapes(): Generator<Subject> {
  for (const dtype of ["float32", "int8"] as const) {
    for (const labels of Object.keys(labelKinds)) {
      const of = (shape: readonly number[]) => batchOf(dtype, labels, "ordinary", shape);
      const title = `${dtype} labels (${labels})`;
      yield losses(`${title}, rows of every length`, () => fewThousands.map((n) => of([n])));
      yield losses(`${title}, rows of every width`, () =>
        widths.flatMap((width) =>
          rowCountsOf(width)
            .map((rows) => [rows, width])
            .filter((shape) => sizeOf(shape) <= 5000)
            .map(of),
        ),
      );
      yield losses(
        `${title}, for threads`,
        () => [of([240_007]), of([70_001, 1])],
        lossNames,
        true,
      );
    }
  }
}

function* specials(): Generator<Subject> {
  const shapes = [[1], [65], [8193], [3000, 3], [700, 10], [130, 65], [20, 1000]];
  for (const dtype of ["float32", "int8"] as const) {
    for (const labels of Object.keys(labelKinds)) {
      for (const predictions of Object.keys(predictionKinds)) {
        yield losses(`${predictions}, ${dtype} labels (${labels})`, () =>
          shapes.map((shape) => batchOf(dtype, labels, predictions, shape)),
        );
      }
    }
  }
  for (const [dtype, spoiler] of spoilers) {
    yield losses(
      `one ${spoiler} among ${dtype} labels`,
      () =>
        [[64], [9000], [1000, 10], [9, 129]].flatMap((shape) =>
          spoiledBatches(dtype, spoiler, shape),
        ),
      lossesSpoiledBy(spoiler),
    );
  }
}

function* ties(): Generator<Subject> {
  for (const summation of [squaredTerms, products, rowLosses]) {
    const shapes =
      summation === rowLosses
        ? [
            [1000, 1],
            [8193, 1],
          ]
        : [[1000], [8193], [100, 65], [300, 16]];
    yield losses(`${summation.title} near ties`, () => {
      const random = generator(17);
      return shapes.flatMap((shape) => [1, 2, 3].map(() => tieBatch(summation, shape, random)));
    }, [summation.loss]);
  }
}

/** Class ids of every loss, which its parameters take turns with. */
function* classIds(): Generator<Subject> {
  const shapes = [
    [1, 1],
    [9, 1],
    [30, 2],
    [40, 3],
    [17, 10],
    [31, 33],
    [9, 65],
    [5, 1000],
    [2, 8193],
  ];
  for (const loss of allLossNames) {
    for (const dtype of ["float32", "float64"] as const) {
      yield {
        title: `class ids of ${loss}, ${dtype}`,
        isShared: false,
        async hash() {
          const random = generator(19);
          const parts = Object.keys(scoreKinds).flatMap((kind, i) =>
            shapes.flatMap((shape, k) => {
              const batch = classBatch(kind, dtype, shape, random);
              const options = { ...parametersAt(loss, i + k), labels: "sparse", dtype };
              return partsOf(bitsOfAll(loss, options, idsOf(batch), batch.yPred));
            }),
          );
          return hashOf(parts);
        },
      };
    }
    yield {
      title: `class ids of ${loss}, for threads`,
      isShared: true,
      async hash() {
        const batch = classBatch("ties", "float32", [23_000, 3], generator(20));
        const options = { ...parametersAt(loss, 6), labels: "sparse", ignoreClass: 2 };
        const own = { ...options, classWeight: [0.5, 3, 1] };
        return hashOf(partsOf(bitsOfAll(loss, own, idsOf(batch), batch.yPred)));
      },
    };
  }
}

const partsOf = (bits: Bits) => Object.values(bits).map((part) => Buffer.from(part as string));

export const subjects: readonly Subject[] = [
  ...pairs(),
  ...large(),
  ...shapes(),
  ...specials(),
  ...ties(),
  ...classIds(),
];
