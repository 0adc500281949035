import { Hinge, hinge, type Reduction, setBackend, tensor, type WeightOptions } from "maxmargin";
import { describe, expect, test } from "vitest";
import { dataOf, floatDtypes } from "./support/data.js";
import { force, forEachImplementation, implementations } from "./support/implementations.js";
import { functions, lossNames, lossOf, reductions } from "./support/losses.js";

/** Repeats with a prime period, so that a value in a wrong place shows. */
const predictions = (n: number) =>
  Float32Array.from({ length: n }, (_, i) => ((i % 251) - 125) / 50);
const signs = (n: number) => Int8Array.from({ length: n }, (_, i) => (i % 127 < 60 ? -1 : 1));
const weightsOf = (n: number) => Float32Array.from({ length: n }, (_, i) => (i % 13) / 4);

const valuesOf = (result: number | { readonly data: ArrayLike<number> }) =>
  typeof result === "number" ? [result] : [...(result.data as Float32Array)];

forEachImplementation(() => {
  const rows = 3000;
  const width = 10;
  const yTrue = tensor(signs(rows * width), [rows, width]);
  const yPred = tensor(predictions(rows * width), [rows, width]);

  describe.each(lossNames)("%s", (name) => {
    const losses = () => [...(functions[name](yTrue, yPred).data as Float32Array)];

    test("a weight for each row", () => {
      const weights = weightsOf(rows);
      const exact = losses().map((loss, row) => loss * weights[row]);
      const sum = exact.reduce((a, b) => a + b, 0);
      const total = weights.reduce((a, b) => a + b, 0);
      const apply = (reduction: Reduction) =>
        valuesOf(lossOf(name, reduction).value(yTrue, yPred, { sampleWeight: weights }));
      const close = (values: number[], expected: number) => {
        expect(values).toHaveLength(1);
        expect(Math.abs(values[0] - expected)).toBeLessThanOrEqual(5e-7 * Math.abs(expected));
      };
      close(apply("sum"), sum);
      close(apply("mean"), sum / rows);
      close(apply("sum_over_batch_size"), sum / rows);
      close(apply("mean_with_sample_weight"), sum / total);
      const each = apply(null);
      expect(each).toHaveLength(rows);
      each.forEach((loss, row) => {
        expect(Math.abs(loss - exact[row])).toBeLessThanOrEqual(2.4e-7 * exact[row]);
      });
    });

    test("a mask of nothing hides no NaN, whether it is one for all rows or one a row", () => {
      const spoiled = tensor(predictions(rows * width), [rows, width]);
      spoiled.data[777] = NaN;
      for (const mask of [0, new Uint8Array(rows)]) {
        const apply = (reduction: Reduction) =>
          valuesOf(lossOf(name, reduction).value(yTrue, spoiled, { mask }))[0];
        expect(["sum", "mean", "sum_over_batch_size"].map((r) => apply(r as Reduction))).toEqual([
          NaN,
          NaN,
          NaN,
        ]);
        // Its divisor is 0.
        expect(apply("mean_with_sample_weight")).toBe(0);
      }
    });

    test("weights of 1 and a mask of everything change nothing", () => {
      for (const reduction of reductions) {
        const loss = lossOf(name, reduction);
        const plain = valuesOf(loss.value(yTrue, yPred));
        for (const weighting of [
          { sampleWeight: 1 },
          { sampleWeight: new Int8Array(rows).fill(1) },
          { mask: tensor(new Uint8Array(rows).fill(7), [rows], "bool") },
          { sampleWeight: null, mask: null },
        ] satisfies WeightOptions[]) {
          // A weight of 1 for all makes Keras's weighted mean a sum.
          if (reduction === "mean_with_sample_weight" && weighting.sampleWeight === 1) continue;
          const values = valuesOf(loss.value(yTrue, yPred, weighting));
          expect(values).toHaveLength(plain.length);
          values.forEach((value, i) => {
            expect(Math.abs(value - plain[i])).toBeLessThanOrEqual(2.4e-7 * Math.abs(plain[i]));
          });
        }
      }
    });

    test("a mask gives the mean over the kept losses", () => {
      const mask = Uint8Array.from({ length: rows }, (_, row) => Number(row % 3 === 0));
      const kept = losses().filter((_, row) => mask[row] === 1);
      const mean = kept.reduce((a, b) => a + b, 0) / kept.length;
      const result = lossOf(name, "mean").value(yTrue, yPred, { mask });
      expect(Math.abs(result - mean)).toBeLessThanOrEqual(5e-7 * mean);
      expect(lossOf(name, "mean").value(yTrue, yPred, { mask: new Uint8Array(rows) })).toBe(0);
    });

    test("broadcast weights have the results of repeated ones", () => {
      for (const [own, values] of [
        [[1, width], width],
        [[width], width],
        [[rows, 1], rows],
        [[], 1],
      ] as const) {
        // Labels that are repeated along the classes are refused.
        if (name === "categorical_hinge" && values !== width) continue;
        const labels = signs(values);
        const small = tensor(labels, own);
        const out = Int8Array.from({ length: rows * width }, (_, i) =>
          values === width ? labels[i % width] : labels[Math.floor(i / width) % values],
        );
        const written = functions[name](tensor(out, [rows, width]), yPred);
        const spread = functions[name](small, yPred);
        expect(spread.shape).toEqual([rows]);
        expect(valuesOf(spread)).toEqual(valuesOf(written));
      }
    });
  });

  // Losses of 1, 0.5, 2 and 0.75.
  const fourLabels = tensor(new Int8Array(4).fill(1), [2, 2, 1]);
  const fourPredictions = tensor(Float32Array.of(0, 0.5, -1, 0.25), [2, 2, 1]);

  test("a mask that is broadcast counts by its own size in a mean", () => {
    for (const reduction of ["mean", "sum_over_batch_size"] as const) {
      const loss = new Hinge({ reduction });
      const apply = (weighting: WeightOptions) =>
        loss.value(fourLabels, fourPredictions, weighting);
      expect(apply({ mask: [[1, 0]] })).toBe(1.5);
      expect(apply({ mask: [[1], [0]] })).toBe(0.75);
      expect(apply({ mask: [[1], [0]], sampleWeight: [[1, 2]] })).toBe(1);
      const options = { mask: [[1, 0]] };
      const { value, gradient } = loss.valueAndGradient(fourLabels, fourPredictions, options);
      expect(value).toBe(1.5);
      expect(gradient.data).toEqual(Float32Array.of(-0.5, 0, -0.5, 0));
    }
    const sum = new Hinge({ reduction: "sum" });
    expect(sum.value(fourLabels, fourPredictions, { mask: [[1, 0]] })).toBe(3);
  });

  test("weights with an axis of 1 in the middle", () => {
    const shape = [2, 4, 3, 1];
    const yTrue = tensor(new Int8Array(24).fill(1), shape);
    const yPred = tensor(
      Float32Array.from({ length: 24 }, (_, i) => -i),
      shape,
    );
    const sampleWeight = tensor(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 1, 3]);
    const sum = new Hinge({ reduction: "sum" });
    expect(sum.value(yTrue, yPred, { sampleWeight })).toBe(1282);
    const { data } = sum.gradient(yTrue, yPred, { sampleWeight });
    const weightOf = (i: number) => 1 + Math.floor(i / 12) * 3 + (i % 3);
    expect(data).toEqual(Float32Array.from({ length: 24 }, (_, i) => -weightOf(i)));
  });

  test("weights and a mask whose ranks differ are broadcast before they meet the losses, as in Keras", () => {
    const yTrue = tensor(Int8Array.of(1, 1), [2, 1, 1]);
    const yPred = tensor(Float32Array.of(0, -1), [2, 1, 1]);
    const weighting = { sampleWeight: tensor(Float32Array.of(3, 5), [2, 1, 1]), mask: [1, 0] };
    // Losses [1, 2], of shape [2, 1], with weights of shape [2, 1, 2].
    const none = new Hinge({ reduction: null });
    const { shape, data } = none.value(yTrue, yPred, weighting);
    expect(shape).toEqual([2, 2, 2]);
    expect(data).toEqual(Float32Array.of(3, 0, 6, 0, 5, 0, 10, 0));
    const sum = new Hinge({ reduction: "sum" });
    const { value, gradient } = sum.valueAndGradient(yTrue, yPred, weighting);
    expect(value).toBe(24);
    expect(sum.value(yTrue, yPred, weighting)).toBe(24);
    expect(gradient.data).toEqual(Float32Array.of(-8, -8));
  });

  // The bits of -0 are not 0.
  test.each(floatDtypes)("-0 in a mask of %s is 0", (dtype) => {
    const maskOf = (values: number[], shape: number[]) => ({
      mask: tensor(dataOf(dtype, values), shape, dtype),
    });
    const apply = (reduction: Reduction, weighting: WeightOptions) =>
      valuesOf(new Hinge({ reduction }).value(fourLabels, fourPredictions, weighting));
    const own = maskOf([1, -0, 0, 1], [2, 2]);
    expect(apply(null, own)).toEqual([1, 0, 0, 0.75]);
    expect(apply("sum", own)).toEqual([1.75]);
    expect(apply("mean", own)).toEqual([0.875]);
    expect(apply("mean_with_sample_weight", own)).toEqual([0.875]);
    const broadcast = maskOf([1, -0], [1, 2]);
    expect(apply(null, broadcast)).toEqual([1, 0, 2, 0]);
    expect(apply("sum", broadcast)).toEqual([3]);
    expect(apply("mean", broadcast)).toEqual([1.5]);
    // More than a register holds.
    const many = maskOf(
      Array.from({ length: 300 }, (_, i) => [1, -0, 0][i % 3]),
      [300],
    );
    const [ones, zeros] = [1, 0].map((value) =>
      tensor(new Float32Array(300).fill(value), [300, 1]),
    );
    const { value, gradient } = new Hinge({ reduction: "sum" }).valueAndGradient(ones, zeros, many);
    expect(value).toBe(100);
    expect(gradient.data).toEqual(
      Float32Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? -1 : 0)),
    );
  });

  test("weights become the smallest numbers of float16, ties to even", () => {
    const unit = 2 ** -24;
    const rounded = [
      ...([
        [0.6, 1],
        [0.5, 0],
        [0.4, 0],
        [1.5, 2],
        [2.5, 2],
        [-0.6, -1],
      ] as const),
    ];
    const weights = rounded.map(([weight]) => weight * unit);
    const expected = rounded.map(([, units]) => units * unit * 2 ** 15);
    // Losses of 2 ** 15, so that the products are well within float16.
    const n = weights.length;
    const yTrue = tensor(new Int8Array(n).fill(-1), [n, 1]);
    const yPred = tensor(new Float32Array(n).fill(2 ** 15 - 1), [n, 1]);
    const losses = new Hinge({ dtype: "float16", reduction: null });
    const sum = new Hinge({ dtype: "float16", reduction: "sum" });
    for (const Kind of [Float32Array, Float64Array]) {
      const sampleWeight = Kind.from(weights);
      const { data } = losses.value(yTrue, yPred, { sampleWeight });
      expect(data).toEqual(dataOf("float16", expected));
      weights.forEach((weight, i) => {
        // One weight for all takes another way.
        const one = tensor(Kind.of(weight), [1, 1]);
        expect(sum.value(yTrue, yPred, { sampleWeight: one })).toBe(n * expected[i] + 0);
      });
    }
  });

  test("the whole tensor decides about labels, not the part that is spread out at once", () => {
    const n = 200_000;
    const labels = Float32Array.from({ length: n }, (_, i) => i % 2);
    const one = tensor(Float32Array.of(0.5, -0.5, 0.25), [1, 3]);
    const of = (data: Float32Array) => hinge(tensor(data, [n, 1]), one).data;
    expect([...of(labels).subarray(0, 2)]).toEqual([13 / 12, 11 / 12].map(Math.fround));
    labels[n - 1] = -1;
    expect([...of(labels).subarray(0, 2)]).toEqual([1, 11 / 12].map(Math.fround));
  });
});

test("every implementation returns the same bits with weights, masks and broadcasting", () => {
  const batch = [
    tensor(signs(40_000), [200, 20, 10]),
    tensor(predictions(2000), [200, 1, 10]),
  ] as const;
  const weighting = {
    sampleWeight: tensor(weightsOf(4000), [200, 20]),
    mask: tensor(
      Uint8Array.from({ length: 20 }, (_, i) => Number(i % 3 > 0)),
      [20],
      "bool",
    ),
  };
  const answers = lossNames.flatMap((name) =>
    reductions.map((reduction) =>
      implementations.map((implementation) => {
        force(implementation);
        return valuesOf(lossOf(name, reduction).value(...batch, weighting)).join();
      }),
    ),
  );
  setBackend("auto");
  expect(answers).toHaveLength(6 * lossNames.length);
  for (const each of answers) expect(new Set(each).size).toBe(1);
});

describe("wrong weights", () => {
  const yTrue = tensor(signs(6), [3, 2]);
  const yPred = tensor(predictions(6), [3, 2]);
  const apply = (options: unknown) => () =>
    new Hinge().value(yTrue, yPred, options as WeightOptions);

  test.each([
    [
      { sampleWeight: "1" },
      'sampleWeight: received "1"; expected a typed array, a tensor, { data, shape }, a number or nested arrays',
    ],
  ])("TypeError for %j", (options, message) => {
    expect(apply(options)).toThrow(new TypeError(message));
  });

  test.each([
    [
      { sampleWeight: [1, 2] },
      "sampleWeight: expected a shape that broadcasts with the losses, [3], received [2]",
    ],
    [
      { mask: [true, false] },
      "mask: expected a shape that broadcasts with the losses, [3], received [2]",
    ],
    [
      { sampleWeight: [1, 2, 3], mask: [true, false] },
      "mask: expected a shape that broadcasts with sampleWeight, [3], received [2]",
    ],
  ])("RangeError for %j", (options, message) => {
    expect(apply(options)).toThrow(new RangeError(message));
  });

  test("memory that has gone", () => {
    for (const key of ["sampleWeight", "mask"]) {
      const gone = tensor(Float32Array.of(1, 2, 3), [3]);
      structuredClone(gone.data.buffer, { transfer: [gone.data.buffer as ArrayBuffer] });
      expect(apply({ [key]: gone })).toThrow(
        new RangeError(
          `${key}: expected 3 values for its shape [3], received 0 (was the buffer detached?)`,
        ),
      );
    }
  });
});
