// Gradients where the library takes a path of its own: past the caches, over broadcast predictions, with factors that are
// not exact, without a reduction.
import {
  gradient,
  gradientAsync,
  Hinge,
  type hinge,
  type Tensor,
  tensor,
  valueAndGradient,
} from "maxmargin";
import { describe, expect, test } from "vitest";
import { filled, generator, type Random, randomPredictions } from "./support/data.js";
import { rowGradient } from "./support/gradients.js";
import { forEachImplementation } from "./support/implementations.js";
import { classes, functions, type LossName, lossNames } from "./support/losses.js";
import { expectSame } from "./support/same.js";

/** Labels of -1 and 1, or one-hot labels. */
function randomLabels(loss: LossName, rows: number, width: number, random: Random): Float64Array {
  const labels = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const hot = Math.floor(random() * width);
    for (let i = 0; i < width; i++) {
      labels[row * width + i] =
        loss === "categorical_hinge" ? Number(i === hot) : random() < 0.5 ? -1 : 1;
    }
  }
  return labels;
}

/** The gradients of the losses of rows, one after the other, in double. */
function gradientsOfRows(
  loss: LossName,
  y: Float64Array,
  p: Float64Array,
  width: number,
): number[] {
  return Array.from({ length: y.length / width }, (_, row) => {
    const at = [row * width, (row + 1) * width] as const;
    return rowGradient(loss, Array.from(y.subarray(...at)), Array.from(p.subarray(...at)));
  }).flat();
}

/** Without a difference in words, which takes long for so many values. */
function expectSlopes(actual: Tensor["data"], expected: (i: number) => number): void {
  const wrong = (actual as Float64Array).findIndex((slope, i) => !Object.is(slope, expected(i)));
  expect([wrong, actual[wrong]]).toEqual([-1, undefined]);
}

const sizeOf = (shape: readonly number[]) => shape.reduce((size, dimension) => size * dimension, 1);

/** Gradients of more than 16 MiB, which are written past the caches. */
const large = [
  { dtype: "float32", Kind: Float32Array, shape: [1, 5_000_000] },
  { dtype: "float32", Kind: Float32Array, shape: [500_001, 10] },
  { dtype: "float64", Kind: Float64Array, shape: [1, 2_500_000] },
] as const;

/** A prime period, so that values in a wrong place show. */
const isWithoutLoss = (i: number) => i % 251 === 0;
const labels = new Int8Array(5_000_010).fill(1);
const predictions = filled(new Float32Array(5_000_010), (i) => (isWithoutLoss(i) ? 2 : -0.5));
const predictionsOf = {
  float32: predictions,
  float64: Float64Array.from(predictions.subarray(0, 2_500_000)),
};

forEachImplementation(() => {
  // New memory, and memory that begins 4 or 8, and 60 or 56, bytes into a cache line.
  test.each(large)(
    "$dtype values that the caches do not hold: $shape",
    ({ dtype, Kind, shape }) => {
      const yTrue = tensor(labels.subarray(0, sizeOf(shape)), shape);
      const yPred = tensor(predictionsOf[dtype].subarray(0, sizeOf(shape)) as Float32Array, shape);
      const n = sizeOf(shape);
      const loss = new Hinge({ reduction: "sum", dtype });
      const slope = dtype === "float32" ? Math.fround(-1 / shape[1]) : -1 / shape[1];
      const expected = (i: number) => (isWithoutLoss(i) ? 0 : slope);
      expectSlopes(loss.gradient(yTrue, yPred).data, expected);
      for (const offset of [1, 15]) {
        const memory = new Kind(n + 16).fill(7);
        const out = memory.subarray(offset, offset + n) as Float32Array;
        expectSlopes(loss.gradient(yTrue, yPred, { out }).data, expected);
        expect([...memory.subarray(0, offset)]).toEqual(new Array(offset).fill(7));
        expect([...memory.subarray(offset + n)]).toEqual(new Array(16 - offset).fill(7));
      }
    },
  );

  describe.each(lossNames)("%s", (loss) => {
    // Powers of two: the slopes of a mean are exact until they are multiplied by the factor.
    test.each([
      [19, 1],
      [19, 4],
      [9, 64],
      [7, 128],
      [3, 16_384],
    ])("a factor that float32 does not hold, in float64: [%d, %d]", (rows, width) => {
      const random = generator(rows + width);
      const y = randomLabels(loss, rows, width, random);
      const p = Float64Array.from(
        { length: rows * width },
        () => Math.round(random() * 16) / 4 - 2,
      );
      const weights = Float64Array.from({ length: rows }, (_, row) => (row + 1) / 10);
      const terms = loss === "categorical_hinge" ? 1 : width;
      const slopes = gradientsOfRows(loss, y, p, width);
      for (const [reduction, divisor] of [
        ["sum", 1],
        ["mean", rows],
      ] as const) {
        const { data } = new classes[loss]({ dtype: "float64", reduction }).gradient(
          tensor(y, [rows, width]),
          tensor(p, [rows, width]),
          { sampleWeight: weights },
        );
        expectSlopes(data, (i) => {
          const factor = weights[Math.floor(i / width)] / (divisor * terms);
          return slopes[i] * terms * factor + 0;
        });
      }
    });

    // The last of these is computed in two parts.
    test.each([
      ["one row for all", [1, 3], [7, 3]],
      ["one vector for all", [3], [7, 3]],
      ["one prediction a row", [7, 1], [7, 3]],
      ["an axis of 1 in the middle", [2, 1, 3], [2, 4, 3]],
      ["one row for very many", [1, 3], [22_001, 3]],
    ] as const)("predictions that are broadcast add up their slopes: %s", (_, own, shape) => {
      const width = 3;
      const n = sizeOf(shape);
      const rows = n / width;
      const random = generator(n);
      const y = randomLabels(loss, rows, width, random);
      const size = sizeOf(own);
      const p = Float64Array.from(randomPredictions(size, random));
      const written = (i: number): number => {
        if (own[own.length - 1] === 1) return Math.floor(i / width);
        return own.length === 3 ? Math.floor(i / 12) * 3 + (i % width) : i % width;
      };
      const slopes = gradientsOfRows(
        loss,
        y,
        Float64Array.from(y, (_, i) => p[written(i)]),
        width,
      );
      const weights = Float64Array.from({ length: rows }, () => random() + 0.5);
      const expected = new Float64Array(size);
      const magnitudes = new Float64Array(size);
      slopes.forEach((slope, i) => {
        const weighted = slope * weights[Math.floor(i / width)];
        expected[written(i)] += weighted;
        magnitudes[written(i)] += Math.abs(weighted);
      });
      for (const dtype of ["float32", "float64"] as const) {
        const { data, shape: given } = new classes[loss]({ reduction: "sum", dtype }).gradient(
          tensor(y, shape),
          tensor(p, own),
          { sampleWeight: tensor(weights, shape.slice(0, -1)) },
        );
        expect(given).toEqual(own);
        const bound = dtype === "float32" ? 4e-7 : 1e-13;
        expected.forEach((slope, i) => {
          expect(Math.abs((data[i] as number) - slope)).toBeLessThanOrEqual(bound * magnitudes[i]);
        });
      }
    });

    test.each([
      [7, 1],
      [7, 3],
      [40, 100],
      [2, 8193],
      [4001, 3],
    ])("without a reduction it is the gradient of the sum: [%d, %d]", async (rows, width) => {
      const random = generator(rows * width);
      const y = randomLabels(loss, rows, width, random);
      const p = randomPredictions(rows * width, random);
      const args = [tensor(y, [rows, width]), tensor(p, [rows, width])] as const;
      const own = functions[loss] as typeof hinge;
      const expected = new classes[loss]({ reduction: "sum" }).gradient(...args);
      gradientsOfRows(loss, y, Float64Array.from(p), width).forEach((slope, i) => {
        const error = Math.abs((expected.data[i] as number) - slope);
        if (!(error <= 4e-7 * Math.abs(slope))) expect([i, expected.data[i]]).toEqual([i, slope]);
      });
      for (const reduction of [null, "none"] as const) {
        const each = new classes[loss]({ reduction });
        expectSame(each.valueAndGradient(...args).value, own(...args));
        expectSame(each.gradient(...args), expected);
        expectSame(each.valueAndGradient(...args).gradient, expected);
        expectSame(await each.gradientAsync(...args), expected);
        expectSame((await each.valueAndGradientAsync(...args)).gradient, expected);
      }
      expectSame(gradient(own, ...args), expected);
      expectSame(await gradientAsync(own, ...args), expected);
      expectSame(valueAndGradient(own, ...args).gradient, expected);
    });
  });
});
