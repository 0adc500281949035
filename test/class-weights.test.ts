// Weights by class, which are sample weights, and ignored rows, which are as good as not there.
import { type Tensor, tensor } from "maxmargin";
import { describe, expect, test } from "vitest";
import {
  bitsOfAll,
  classBatch,
  idsOf,
  otherBits,
  otherWeightedBits,
  parametersAt,
  scoreKinds,
} from "./support/class-batches.js";
import { written } from "./support/class-labels.js";
import { dataOf, generator } from "./support/data.js";
import { forEachImplementation } from "./support/implementations.js";
import {
  allLossNames,
  makeLoss,
  makeMetric,
  reductions,
  scalarReductions,
} from "./support/losses.js";
import { expectSame } from "./support/same.js";

/** Powers of two, which no product rounds. */
const powersOfTwo = (classes: number) =>
  Array.from({ length: classes }, (_, i) => 2 ** ((i % 5) - 2));

const shapes = [
  [7, 3],
  [40, 10],
  [5, 129],
  [9, 1],
  [2, 3, 4],
  [2, 8193],
  [1, 5],
] as const;

const kinds = Object.keys(scoreKinds);

/** Rows of a batch that are ignored: their labels, which are no classes, and whether they count. */
function withIgnored(ids: Float64Array, ignored: number, every = 3) {
  const labels = ids.map((id, row) => (row % every === 1 ? ignored : id));
  const counts = Uint8Array.from(ids, (_, row) => Number(row % every !== 1));
  return { labels, counts };
}

forEachImplementation(() => {
  describe.each(allLossNames)("%s", (loss) => {
    test("weights of classes are sample weights", async () => {
      for (const [i, shape] of shapes.entries()) {
        const dtype = i % 2 === 0 ? "float32" : "float64";
        const batch = classBatch(kinds[i], dtype, shape, generator(61));
        const labels = idsOf(batch);
        const rows = shape.slice(0, -1);
        const classWeight = powersOfTwo(shape.at(-1) as number);
        const own = Float32Array.from(batch.ids, (_, row) => (row % 5) / 2);
        const ofClass = Float32Array.from(batch.ids, (id) => classWeight[id]);
        const product = own.map((weight, row) => weight * ofClass[row]);
        const mask = tensor(
          Uint8Array.from(batch.ids, (_, row) => Number(row % 4 !== 2)),
          rows,
          "bool",
        );
        const options = { dtype, labels: "sparse", ...parametersAt(loss, i) };
        for (const [weighting, weights] of [
          [{}, { sampleWeight: tensor(ofClass, rows) }],
          [{ sampleWeight: tensor(own, rows) }, { sampleWeight: tensor(product, rows) }],
          [{ mask }, { mask, sampleWeight: tensor(ofClass, rows) }],
          [
            { mask, sampleWeight: tensor(own, rows) },
            { mask, sampleWeight: tensor(product, rows) },
          ],
        ]) {
          const weighed = bitsOfAll(
            loss,
            { ...options, classWeight },
            labels,
            batch.yPred,
            weighting,
          );
          const expected = bitsOfAll(loss, options, labels, batch.yPred, weights);
          expect(otherWeightedBits(weighed, expected), batch.title).toEqual([]);
          const weighedLosses = makeLoss(loss, { ...options, classWeight }).call(
            labels,
            batch.yPred,
          );
          const unreduced = makeLoss(loss, { ...options, reduction: null });
          const ofRows = { sampleWeight: tensor(ofClass, rows) };
          expectSame(weighedLosses, unreduced.value(labels, batch.yPred, ofRows) as Tensor);
          const metrics = [{ ...options, classWeight }, options].map((each) =>
            makeMetric(loss, each),
          );
          metrics[0].updateState(labels, batch.yPred, weighting);
          metrics[1].updateState(labels, batch.yPred, weights);
          expect(metrics[0].getState()).toEqual(metrics[1].getState());
          await metrics[0].updateStateAsync(labels, batch.yPred, weighting);
          await metrics[1].updateStateAsync(labels, batch.yPred, weights);
          expect(metrics[0].getState()).toEqual(metrics[1].getState());
        }
      }
    });

    test("mean_with_sample_weight divides by the weights of the classes", () => {
      const yPred = tensor(Float32Array.of(0.5, 1, -0.5, 0.25, 0, 2), [2, 3]);
      const classWeight = [0.5, 3, 7];
      const losses = makeLoss(loss, { labels: "sparse" }).call([1, 0], yPred).data as Float32Array;
      const own = makeLoss(loss, {
        ...{ labels: "sparse", classWeight, dtype: "float64" },
        reduction: "mean_with_sample_weight",
      });
      const expected = (3 * losses[0] + 0.5 * losses[1]) / 3.5;
      expect(own.value([1, 0], yPred)).toBeCloseTo(expected, 6);
      const sums = makeLoss(loss, { labels: "sparse", classWeight, reduction: "sum" });
      expect(sums.value([1, 0], yPred)).toBeCloseTo(3 * losses[0] + 0.5 * losses[1], 6);
      const mean = makeLoss(loss, { labels: "sparse", classWeight });
      expect(mean.value([1, 0], yPred)).toBeCloseTo((3 * losses[0] + 0.5 * losses[1]) / 2, 6);
    });

    test("weights of classes that repeat the losses", () => {
      const batch = classBatch("ordinary", "float32", [2, 3, 4], generator(62));
      const classWeight = [1, 0.5, 4, 2];
      const repeated = Float32Array.of(0.5, 2, 1, 8, 0, 4);
      const sampleWeight = tensor(repeated, [2, 1, 3]);
      const products = Float32Array.from(
        { length: 12 },
        (_, i) => repeated[3 * Math.floor(i / 6) + (i % 3)] * classWeight[batch.ids[i % 6]],
      );
      const options = { labels: "sparse" };
      const weighed = bitsOfAll(loss, { ...options, classWeight }, idsOf(batch), batch.yPred, {
        sampleWeight,
      });
      const expected = bitsOfAll(loss, options, idsOf(batch), batch.yPred, {
        sampleWeight: tensor(products, [2, 2, 3]),
      });
      expect(otherWeightedBits(weighed, expected)).toEqual([]);
    });

    test.each([-1, 255, -100, 0, 2, 0.5, Infinity])(
      "rows of the class %d are ignored",
      async (ignored) => {
        for (const [i, shape] of shapes.entries()) {
          const dtype = i % 2 === 0 ? "float32" : "float64";
          const batch = classBatch(kinds[(3 * i + 2) % kinds.length], dtype, shape, generator(63));
          const rows = shape.slice(0, -1);
          const { labels, counts } = withIgnored(batch.ids, ignored);
          for (let row = 0; row < counts.length; row++) {
            counts[row] = Number(labels[row] !== ignored);
          }
          // A mask hides no NaN.
          const clean = batch.scores.map((score, at) =>
            counts[Math.floor(at / (shape.at(-1) as number))] === 1 ? score : 0,
          );
          const yPred = tensor(dataOf(dtype, clean), shape, dtype);
          const mask = tensor(counts, rows, "bool");
          const yTrue = tensor(Float64Array.from(labels), rows);
          const options = { dtype, labels: "sparse", ...parametersAt(loss, i) };
          const own = Float32Array.from(batch.ids, (_, row) => ((row % 5) + 1) / 2);
          const sampleWeight = tensor(own, rows);
          const other = tensor(
            Uint8Array.from(counts, (_, row) => Number(row % 4 !== 2)),
            rows,
            "bool",
          );
          const both = tensor(
            counts.map((count, row) => count * Number(row % 4 !== 2)),
            rows,
            "bool",
          );
          for (const [weighting, weights] of [
            [{}, { mask }],
            [{ sampleWeight }, { sampleWeight, mask }],
            [{ mask: other }, { mask: both }],
            [
              { sampleWeight, mask: other },
              { sampleWeight, mask: both },
            ],
          ]) {
            const ignoring = { ...options, ignoreClass: ignored };
            const all = bitsOfAll(loss, ignoring, yTrue, batch.yPred, weighting);
            const expected = bitsOfAll(loss, options, idsOf(batch), yPred, weights);
            expect(otherWeightedBits(all, expected), batch.title).toEqual([]);
            // The losses of `call`.
            const losses = makeLoss(loss, ignoring).call(yTrue, batch.yPred);
            const masked = makeLoss(loss, { ...options, reduction: null });
            expectSame(losses, masked.value(idsOf(batch), yPred, { mask }) as Tensor);
            const metrics = [ignoring, options].map((each) => makeMetric(loss, each));
            metrics[0].updateState(yTrue, batch.yPred, weighting);
            metrics[1].updateState(idsOf(batch), yPred, weights);
            expect(metrics[0].getState()).toEqual(metrics[1].getState());
            const later = await makeLoss(loss, ignoring).valueAndGradientAsync(
              yTrue,
              batch.yPred,
              weighting,
            );
            expectSame(
              later.gradient,
              makeLoss(loss, ignoring).gradient(yTrue, batch.yPred, weighting),
            );
          }
        }
      },
    );

    test("NaN and infinities in ignored rows have no part in anything", () => {
      const width = 3;
      const clean = classBatch("ordinary", "float32", [40, width], generator(64));
      for (const special of [Number.NaN, Infinity, -Infinity, 3e38]) {
        const { labels, counts } = withIgnored(clean.ids, -1);
        const scores = clean.scores.map((score, i) =>
          counts[Math.floor(i / width)] === 1 ? score : special,
        );
        const kept = [...clean.ids.keys()].filter((row) => counts[row] === 1);
        const keptScores = kept.flatMap((row) => [
          ...clean.scores.subarray(row * width, (row + 1) * width),
        ]);
        const keptIds = tensor(
          Int32Array.from(kept, (row) => clean.ids[row]),
          [kept.length],
        );
        const without = tensor(Float32Array.from(keptScores), [kept.length, width]);
        const yPred = tensor(Float32Array.from(scores), [40, width]);
        for (const reduction of scalarReductions) {
          const ignoring = makeLoss(loss, { labels: "sparse", ignoreClass: -1, reduction });
          const own = makeLoss(loss, { labels: "sparse", reduction });
          const [got, expected] = [
            ignoring.valueAndGradient(tensor(labels, [40]), yPred),
            own.valueAndGradient(keptIds, without),
          ];
          expect(Math.abs((got.value as number) - (expected.value as number))).toBeLessThan(2e-5);
          expect(ignoring.value(tensor(labels, [40]), yPred)).toBe(got.value);
          const slopes = got.gradient.data as Float32Array;
          const others = expected.gradient.data as Float32Array;
          kept.forEach((row, i) => {
            expect(slopes.slice(row * width, (row + 1) * width)).toEqual(
              others.slice(i * width, (i + 1) * width),
            );
          });
          const ofIgnored = slopes.filter((_, i) => counts[Math.floor(i / width)] === 0);
          expect(ofIgnored.every((slope) => Object.is(slope, 0))).toBe(true);
        }
        const losses = makeLoss(loss, { labels: "sparse", ignoreClass: -1 }).call(
          tensor(labels, [40]),
          yPred,
        ).data as Float32Array;
        expect(
          losses.filter((_, row) => counts[row] === 0).every((each) => Object.is(each, 0)),
        ).toBe(true);
      }
    });

    test("all rows ignored", async () => {
      const yPred = tensor(Float32Array.of(Number.NaN, 1, 2, 3, Infinity, 5), [2, 3]);
      const labels = Int16Array.of(-100, -100);
      for (const classWeight of [null, [1, 2, 3]]) {
        const options = { labels: "sparse", ignoreClass: -100, classWeight };
        for (const reduction of reductions) {
          const own = makeLoss(loss, { ...options, reduction });
          const { value, gradient } = own.valueAndGradient(labels, yPred);
          const all = typeof value === "number" ? [value] : [...(value.data as Float32Array)];
          expect(all.every((each) => Object.is(each, 0))).toBe(true);
          expect([...(gradient.data as Float32Array)].every((each) => Object.is(each, 0))).toBe(
            true,
          );
          expectSame(own.value(labels, yPred) as Tensor, value as Tensor);
          expectSame((await own.valueAsync(labels, yPred)) as Tensor, value as Tensor);
        }
        const metric = makeMetric(loss, options);
        metric.updateState(labels, yPred);
        expect([metric.total, metric.count, metric.result()]).toEqual([0, 0, 0]);
      }
    });

    test("ignored rows beside weights of classes", () => {
      const batch = classBatch("ordinary", "float32", [40, 5], generator(65));
      const { labels, counts } = withIgnored(batch.ids, 255);
      const classWeight = powersOfTwo(5);
      const sampleWeight = tensor(
        Float32Array.from(batch.ids, (id) => classWeight[id]),
        [40],
      );
      const options = { labels: "sparse" };
      const own = bitsOfAll(
        loss,
        { ...options, classWeight, ignoreClass: 255 },
        tensor(Uint8Array.from(labels), [40]),
        batch.yPred,
      );
      const expected = bitsOfAll(loss, options, idsOf(batch), batch.yPred, {
        sampleWeight,
        mask: tensor(counts, [40], "bool"),
      });
      expect(otherWeightedBits(own, expected)).toEqual([]);
    });

    test("many rows, in the background", async () => {
      const rows = 60_000;
      const batch = classBatch("NaN for the class", "float32", [rows, 3], generator(66));
      // The rows with NaN are those that are ignored.
      const { labels } = withIgnored(batch.ids, -1);
      const ids = new Int32Array(new SharedArrayBuffer(4 * rows));
      ids.set(labels);
      const scores = new Float32Array(new SharedArrayBuffer(4 * batch.scores.length));
      scores.set(batch.scores);
      const own = makeLoss(loss, {
        ...{ labels: "sparse", ignoreClass: -1, classWeight: [1, 0.3, 2] },
        ...{ reduction: "mean_with_sample_weight" },
      });
      const expected = own.valueAndGradient(ids, batch.yPred);
      expect(expected.value).toBeGreaterThan(0);
      for (const yPred of [batch.yPred, tensor(scores, [rows, 3])]) {
        const later = await own.valueAndGradientAsync(ids, yPred);
        expect(later.value).toBe(expected.value);
        expectSame(later.gradient, expected.gradient);
        expect(await own.valueAsync(ids, yPred)).toBe(expected.value);
      }
    });
  });

  test("one-hot labels have weights of classes", () => {
    for (const loss of ["crammer_singer", "weston_watkins"] as const) {
      const batch = classBatch("ordinary", "float32", [40, 5], generator(67));
      const classWeight = powersOfTwo(5);
      const own = bitsOfAll(
        loss,
        { labels: "onehot", classWeight },
        written(loss, batch.ids, batch.shape),
        batch.yPred,
      );
      const expected = bitsOfAll(
        loss,
        { labels: "sparse", classWeight },
        idsOf(batch),
        batch.yPred,
      );
      expect(otherBits(own, expected)).toEqual([]);
    }
  });
});
