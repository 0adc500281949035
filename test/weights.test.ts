import { Hinge, hinge, type Reduction, setBackend, tensor, type WeightOptions } from "maxmargin";
import { describe, expect, test } from "vitest";
import { forEachImplementation, implementations } from "./support/implementations.js";
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

    test("a mask means the mean over what is kept", () => {
      const mask = Uint8Array.from({ length: rows }, (_, row) => Number(row % 3 === 0));
      const kept = losses().filter((_, row) => mask[row] === 1);
      const mean = kept.reduce((a, b) => a + b, 0) / kept.length;
      const result = lossOf(name, "mean").value(yTrue, yPred, { mask });
      expect(Math.abs(result - mean)).toBeLessThanOrEqual(5e-7 * mean);
      expect(lossOf(name, "mean").value(yTrue, yPred, { mask: new Uint8Array(rows) })).toBe(0);
    });

    test("what is broadcast is as if it were written out", () => {
      for (const [own, values] of [
        [[1, width], width],
        [[width], width],
        [[rows, 1], rows],
        [[], 1],
      ] as const) {
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

test("every implementation gives the same bits with weights, masks and broadcasting", () => {
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
        if (implementation === "js") setBackend("js");
        else setBackend("native", implementation);
        return valuesOf(lossOf(name, reduction).value(...batch, weighting)).join();
      }),
    ),
  );
  setBackend("auto");
  expect(answers).toHaveLength(18);
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
      "sampleWeight: expected a typed array (Float32Array, Float64Array, Float16Array, Int8Array, Uint8Array, " +
        "Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, BigInt64Array), a tensor, " +
        '{ data, shape }, a number or nested arrays, received "1"',
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
