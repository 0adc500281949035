// Crammer–Singer and Weston–Watkins against their formulas.
import {
  CrammerSinger,
  crammerSinger,
  gradient,
  oneHot,
  tensor,
  WestonWatkins,
  westonWatkins,
} from "maxmargin";
import { describe, expect, test } from "vitest";
import { type ClassBatch, classBatch, idsOf, scoreKinds } from "./support/class-batches.js";
import { type ClassRow, lossOfClassRow, slopesOfClassRow } from "./support/class-formulas.js";
import { castValues, generator, seed } from "./support/data.js";
import { forEachImplementation } from "./support/implementations.js";
import { type ClassLossName, classLossNames, makeLoss } from "./support/losses.js";

type Dtype = "float32" | "float64";

/** How far a result of arithmetic of a dtype may be from one that is about as large as `size`. */
const tolerance = (dtype: Dtype, size: number) => (dtype === "float64" ? 1e-13 : 3e-6) * size;

/** The rows of a batch, with their scores as the loss reads them. */
function rowsOf(
  loss: ClassLossName,
  { ids, shape, yPred }: ClassBatch,
  { margin, power }: { margin: number; power: 1 | 2 },
  dtype: Dtype,
): ClassRow[] {
  const width = shape.at(-1) as number;
  const scores = castValues(yPred.dtype, yPred.data, dtype);
  const own = dtype === "float32" ? Math.fround(margin) : margin;
  return Array.from(ids, (id, row) => ({
    ...{ loss, id, power, margin: own },
    scores: scores.slice(row * width, (row + 1) * width),
  }));
}

function isNear(dtype: Dtype, got: number, expected: number, size: number): boolean {
  if (!Number.isFinite(expected)) return Object.is(got, expected);
  if (dtype === "float32" && !Number.isFinite(got)) return got === Math.fround(expected);
  return Math.abs(got - expected) <= tolerance(dtype, size);
}

/** The largest finite number that has a part in a row, and its square if there is a power. */
function sizeOf({ scores, margin, power }: ClassRow): number {
  const finite = scores as readonly number[];
  const largest = finite
    .filter(Number.isFinite)
    .reduce((max, score) => Math.max(max, Math.abs(score)), 1);
  return (2 * largest + margin) ** power;
}

const parameters = [0, 0.1, 1, 2.5].flatMap((margin) =>
  ([1, 2] as const).map((power) => ({ margin, power })),
);

function differences(
  loss: ClassLossName,
  batch: ClassBatch,
  options: (typeof parameters)[number],
  dtype: Dtype,
): string[] {
  const { shape, yPred, title } = batch;
  const width = shape.at(-1) as number;
  const rows = rowsOf(loss, batch, options, dtype);
  const own = makeLoss(loss, { ...options, dtype, reduction: null });
  const { value, gradient } = own.valueAndGradient(idsOf(batch), yPred);
  const [losses, slopes] = [value as { data: Float64Array }, gradient].map(
    ({ data }) => data as Float64Array,
  );
  return rows.flatMap((row, i) => {
    const size = sizeOf(row);
    const where = `row ${i} of ${title}, ${JSON.stringify(options)}`;
    const loss = lossOfClassRow(row);
    const found = isNear(dtype, losses[i], loss, size)
      ? []
      : [`${losses[i]}, not ${loss}: ${where}`];
    // Infinity times 0 is a matter of taste.
    if (!Number.isFinite(loss) && !Number.isNaN(loss) && options.power === 2) return found;
    const expected = slopesOfClassRow(row);
    for (let j = 0; j < width; j++) {
      const got = slopes[i * width + j];
      if (!isNear(dtype, got, expected[j], 2 * size) || Object.is(got, -0)) {
        found.push(`slope ${j}: ${got}, not ${expected[j]}: ${where}`);
      }
    }
    return found;
  });
}

/** Sums of huge values are known only up to their magnitude, which other tests compare. */
const kinds = Object.keys(scoreKinds).filter((kind) => !/huge|overflow/.test(kind));

describe(`formulas, seed ${seed}`, () => {
  forEachImplementation(() => {
    describe.each(classLossNames)("%s", (loss) => {
      test.each(kinds)("%s", (kind) => {
        const random = generator(41);
        const shapes = [
          [1, 1],
          [4, 1],
          [7, 2],
          [20, 3],
          [9, 8],
          [13, 17],
          [5, 64],
          [4, 65],
          [3, 200],
        ];
        const found = (["float32", "float64"] as const).flatMap((dtype) =>
          shapes.flatMap((shape) => {
            const batch = classBatch(kind, dtype, shape, random);
            return parameters.flatMap((options) => differences(loss, batch, options, dtype));
          }),
        );
        expect(found).toEqual([]);
      });

      test("rows of more than a chunk", () => {
        const random = generator(42);
        const found = ["ordinary", "ties", "NaN for the class", "-Infinity for the class"].flatMap(
          (kind) =>
            [8191, 8193, 16_390].flatMap((width) => {
              const batch = classBatch(kind, "float64", [2, width], random);
              return differences(loss, batch, parameters[5], "float64");
            }),
        );
        expect(found).toEqual([]);
      });

      test("the class in every place of a row", () => {
        const found = [1, 2, 5, 8, 9, 16, 17, 33, 64, 65, 130].flatMap((width) => {
          const batch = classBatch("ordinary", "float32", [width, width], generator(43));
          const ids = Float64Array.from({ length: width }, (_, row) => row);
          return differences(loss, { ...batch, ids }, parameters[4], "float32");
        });
        expect(found).toEqual([]);
      });
    });

    test("masked classes, which have a score of -Infinity", () => {
      const yPred = tensor(Float32Array.of(1, -Infinity, 0.5, -Infinity), [1, 4]);
      expect(crammerSinger([0], yPred).data).toEqual(Float32Array.of(0.5));
      expect(gradient(crammerSinger, [0], yPred).data).toEqual(Float32Array.of(-1, 0, 1, 0));
      expect(westonWatkins([0], yPred).data).toEqual(Float32Array.of(0.125));
      expect(gradient(westonWatkins, [0], yPred).data).toEqual(Float32Array.of(-0.25, 0, 0.25, 0));
    });

    test("a single class has no loss", () => {
      for (const loss of [new CrammerSinger(), new WestonWatkins()]) {
        const { value, gradient } = loss.valueAndGradient([0, 0], [[3], [-3]]);
        expect([value, [...gradient.data]]).toEqual([0, [0, 0]]);
        expect(loss.value([0, 0], [[Number.NaN], [1]])).toBe(Number.NaN);
      }
    });

    test("classes that tie share the derivative of the maximum", () => {
      const yPred = tensor(Float32Array.of(0, 2, 2, 1), [1, 4]);
      expect(gradient(crammerSinger, [0], yPred).data).toEqual(Float32Array.of(-1, 0.5, 0.5, 0));
      // The row's own class has no part in it.
      expect(gradient(crammerSinger, [1], yPred).data).toEqual(Float32Array.of(0, -1, 1, 0));
      expect(gradient(westonWatkins, [1], yPred).data).toEqual(
        Float32Array.of(0, -0.5, 0.25, 0.25),
      );
    });

    test("at the kink the derivative is that of the side with a loss", () => {
      const yPred = tensor(Float32Array.of(2, 1, 0), [1, 3]);
      expect(crammerSinger([0], yPred).data).toEqual(Float32Array.of(0));
      expect(gradient(crammerSinger, [0], yPred).data).toEqual(Float32Array.of(-1, 1, 0));
      expect(gradient(westonWatkins, [0], yPred).data).toEqual(
        Float32Array.from([-1, 1, 0], (slope) => Math.fround(slope * Math.fround(1 / 3))),
      );
    });

    test("one-hot labels of any dtype are read as classes", () => {
      const yPred = tensor(Float32Array.of(0.5, 1, -0.5, 0.25, 0, 2), [2, 3]);
      const labels = oneHot([1, 0], 3);
      for (const yTrue of [
        labels,
        [
          [0, 1, 0],
          [1, 0, 0],
        ],
        Float64Array.of(-0, 1, 0, 1, -0, 0),
      ]) {
        const own = yTrue instanceof Float64Array ? tensor(yTrue, [2, 3]) : yTrue;
        expect(crammerSinger(own, yPred, { labels: "onehot" }).data).toEqual(
          Float32Array.of(0.5, 2.75),
        );
      }
    });
  });
});
