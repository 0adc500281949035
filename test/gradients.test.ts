import { availableParallelism } from "node:os";
import {
  type Dtype,
  type FloatDtype,
  gradient,
  Hinge,
  hinge,
  type Reduction,
  setNumThreads,
  type Tensor,
  type TensorLike,
  tensor,
  valueAndGradient,
  type WeightOptions,
} from "maxmargin";
import { afterAll, describe, expect, test } from "vitest";
import {
  castValues,
  dataOf,
  dtypes,
  filled,
  floatDtypes,
  generator,
  integerBelow,
  type Random,
  randomPredictions,
  roundedTo,
  smallestLabel,
  valuesOf,
} from "./support/data.js";
import { rowGradient } from "./support/gradients.js";
import { force, forEachImplementation, implementations } from "./support/implementations.js";
import { classes, functions, type LossName, lossNames, reductions } from "./support/losses.js";
import { expectSame } from "./support/same.js";

// The number of threads is one for the whole process.
afterAll(() => setNumThreads(availableParallelism()));

function labelsFor(loss: LossName, rows: number, width: number, random: Random): number[] {
  if (loss !== "categorical_hinge") {
    return Array.from({ length: rows * width }, () => (random() < 0.5 ? -1 : 1));
  }
  const oneHot = new Array<number>(rows * width).fill(0);
  for (let row = 0; row < rows; row++) oneHot[row * width + Math.floor(random() * width)] = 1;
  return oneHot;
}

const make = (loss: LossName, reduction: Reduction, dtype: FloatDtype = "float32") =>
  new classes[loss]({ reduction, dtype });

function expectClose(values: ArrayLike<number>, expected: readonly number[], bound: number): void {
  expect(values.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(values[i] - expected[i]);
    if (!(error <= bound * Math.abs(expected[i]))) {
      expect({ i, value: values[i] }).toEqual({ i, value: expected[i] });
    }
  }
}

const shapes: [rows: number, width: number][] = [
  ...[1, 2, 3, 7, 8, 9, 10, 16, 17, 33, 64, 65, 100].map((width): [number, number] => [37, width]),
  ...[1, 2, 10].map((width): [number, number] => [3001, width]),
  [9, 1000],
  [1, 8193],
  [2, 20011],
];

/** Around every size of a block, a tile and a chunk. */
const widths = [
  ...[1, 2, 3, 7, 8, 9, 16, 17, 31, 32, 33, 63, 64, 65, 100, 128, 129, 1000],
  ...[2048, 2049, 8192, 8193, 8192 + 2049],
];

/** Without a difference in words: that of thousands of slopes takes longer than anybody waits. */
function expectSameSlopes({ data }: Tensor, expected: Float32Array | Float64Array): void {
  expect(data.length).toBe(expected.length);
  const i = expected.findIndex((slope, i) => !Object.is(slope, data[i]));
  expect([i, data[i]]).toEqual([i, expected[i]]);
}

forEachImplementation(() => {
  describe.each(lossNames)("%s", (loss) => {
    test.each(shapes)("has the derivatives of its formula, [%d, %d]", (rows, width) => {
      const random = generator(rows * width);
      const y = labelsFor(loss, rows, width, random);
      const p = randomPredictions(rows * width, random);
      const weights = filled(new Float32Array(rows), () => random() + 0.5);
      const yTrue = tensor(Float32Array.from(y), [rows, width]);
      const yPred = tensor(p, [rows, width]);
      const slopes = Array.from({ length: rows }, (_, row) => {
        const own = [row * width, (row + 1) * width] as const;
        return rowGradient(loss, y.slice(...own), Array.from(p.subarray(...own)));
      });
      const plain = make(loss, "sum_over_batch_size").gradient(yTrue, yPred);
      expectClose(
        plain.data as Float32Array,
        slopes.flat().map((slope) => slope / rows),
        4e-7,
      );
      const weighted = make(loss, "sum").gradient(yTrue, yPred, { sampleWeight: weights });
      const own = slopes.flatMap((row, i) => row.map((slope) => slope * weights[i]));
      expectClose(weighted.data as Float32Array, own, 4e-7);
    });

    test.each(reductions)("agrees with finite differences, %s", (reduction) => {
      const [rows, width] = [4, 3];
      const random = generator(7);
      const y = Float64Array.from(labelsFor(loss, rows, width, random));
      const p = Float64Array.from({ length: rows * width }, () => random() * 4 - 2);
      const mean = make(loss, reduction, "float64");
      const cases: { title: string; yTrue: TensorLike; yPred: Tensor; options: WeightOptions }[] = [
        ["plain", [rows, width], {}],
        ["a weight a row", [rows, width], { sampleWeight: [1, 2, 0, 0.5] }],
        ["a weight for all", [rows, width], { sampleWeight: 3 }],
        ["a mask", [rows, width], { mask: [1, 0, 1, 1] }],
        ["both", [rows, width], { sampleWeight: [1, 2, 3, 4], mask: [true, false, true, true] }],
        ["weights in columns", [2, 2, width], { sampleWeight: [[1], [2]] }],
        [
          "more weights than losses",
          [rows, width],
          {
            sampleWeight: [
              [1, 2, 3, 4],
              [5, 6, 7, 8],
            ],
          },
        ],
      ].map(([title, shape, options]) => ({
        title: title as string,
        yTrue: tensor(y, shape as number[]),
        yPred: tensor(p, shape as number[]),
        options: options as WeightOptions,
      }));
      cases.push(
        {
          title: "predictions repeated",
          yTrue: tensor(y, [rows, width]),
          yPred: tensor(p.slice(0, width), [width]),
          options: { sampleWeight: [1, 2, 0, 0.5] },
        },
        {
          title: "one prediction a row",
          yTrue: tensor(y, [rows, width]),
          yPred: tensor(p.slice(0, rows), [rows, 1]),
          options: {},
        },
        {
          title: "labels repeated",
          yTrue: tensor(y.slice(0, width), [width]),
          yPred: tensor(p, [rows, width]),
          options: { mask: [1, 1, 0, 1] },
        },
      );
      const total = (value: number | Tensor) =>
        typeof value === "number"
          ? value
          : (value.data as Float64Array).reduce((sum, loss) => sum + loss, 0);
      for (const { title, yTrue, yPred, options } of cases) {
        const gradient = mean.gradient(yTrue, yPred, options);
        expect(gradient.shape).toEqual(yPred.shape);
        const data = yPred.data as Float64Array;
        for (let i = 0; i < data.length; i++) {
          const step = 1e-6;
          const moved = [step, -step].map((change) => {
            const other = tensor(
              data.map((value, at) => (at === i ? value + change : value)),
              yPred.shape,
            );
            return total(mean.value(yTrue, other, options));
          });
          const slope = (moved[0] - moved[1]) / (2 * step);
          expect.soft(gradient.data[i], `${title}, ${i}`).toBeCloseTo(slope, 6);
        }
      }
    });

    test("accepts every pair of dtypes", () => {
      const [rows, width] = [19, 13];
      const random = generator(11);
      const y = labelsFor(loss, rows, width, random);
      const values = Array.from({ length: rows * width }, () => Math.round(random() * 8 - 4) / 2);
      for (const labelDtype of dtypes) {
        const labels = y.map((label) => Math.max(label, smallestLabel(labelDtype)));
        for (const dtype of [...floatDtypes, "int8"] as const) {
          const yTrue = tensor(dataOf(labelDtype, labels), [rows, width], labelDtype);
          const yPred = tensor(dataOf(dtype, values), [rows, width], dtype);
          for (const as of floatDtypes) {
            const own = make(loss, "mean", as);
            const { value, gradient } = own.valueAndGradient(yTrue, yPred);
            expect(gradient.dtype).toBe(as);
            expectSame(value, own.value(yTrue, yPred));
            const p = castValues(dtype, yPred.data, as);
            const slopes = Array.from({ length: rows }, (_, row) => {
              const at = [row * width, (row + 1) * width] as const;
              const signs = y.slice(...at);
              return rowGradient(loss, signs, p.slice(...at));
            }).flat();
            const bound = { float16: 1e-3, bfloat16: 8e-3, float32: 4e-7, float64: 1e-15 }[as];
            expectClose(
              valuesOf(as, gradient.data),
              slopes.map((slope) => slope / rows),
              bound,
            );
          }
        }
      }
    });

    test.each(widths)("is right at ties and kinks, rows of %d", (width) => {
      const rows = width > 1000 ? 2 : 19;
      const random = generator(width);
      const y = labelsFor(loss, rows, width, random);
      const p = Array.from({ length: rows * width }, () => integerBelow(3, random) - 1);
      const slopes = Array.from({ length: rows }, (_, row) => {
        const own = [row * width, (row + 1) * width] as const;
        return rowGradient(loss, y.slice(...own), p.slice(...own)).map((slope) => slope + 0);
      }).flat();
      const yTrue = tensor(Int8Array.from(y), [rows, width]);
      for (const dtype of ["int8", "float32", "float64"] as const) {
        const yPred = tensor(dataOf(dtype, p), [rows, width], dtype);
        expectSameSlopes(make(loss, "sum").gradient(yTrue, yPred), Float32Array.from(slopes));
        const wide = make(loss, "sum", "float64").gradient(yTrue, yPred);
        expectSameSlopes(wide, Float64Array.from(slopes));
      }
    });

    test.each(dtypes)("accepts weights and masks of %s", (dtype) => {
      const [rows, width] = [3000, 3];
      const random = generator(23);
      const yTrue = tensor(Int8Array.from(labelsFor(loss, rows, width, random)), [rows, width]);
      const yPred = tensor(randomPredictions(rows * width, random), [rows, width]);
      const column = (as: Dtype, values: ArrayLike<number>) =>
        tensor(dataOf(as, values), [rows], as);
      const most = dtype === "bool" ? 2 : 4;
      const weights = filled(new Float32Array(rows), () => integerBelow(most, random));
      const mask = filled(new Float32Array(rows), () => integerBelow(2, random));
      for (const reduction of ["sum", "mean", "mean_with_sample_weight", null] as const) {
        const own = make(loss, reduction);
        const given = (as: Dtype): WeightOptions[] => [
          { sampleWeight: column(as, weights) },
          { mask: column(as, mask) },
          { sampleWeight: column(as, weights), mask: column(as, mask) },
        ];
        const expected = given("float32").map((options) =>
          own.valueAndGradient(yTrue, yPred, options),
        );
        given(dtype).forEach((options, i) => {
          const { value, gradient } = own.valueAndGradient(yTrue, yPred, options);
          expectSame(value, expected[i].value);
          expectSame(value, own.value(yTrue, yPred, options));
          expectSame(gradient, expected[i].gradient);
        });
      }
    });

    test("in 16 bits is the float32 gradient, rounded", () => {
      const [rows, width] = [40, 10];
      const random = generator(13);
      const y = tensor(Float32Array.from(labelsFor(loss, rows, width, random)), [rows, width]);
      const p = randomPredictions(rows * width, random).map((value) => Math.round(value * 8) / 8);
      const exact = make(loss, "mean").gradient(y, tensor(p, [rows, width])).data as Float32Array;
      for (const as of ["float16", "bfloat16"] as const) {
        const own = make(loss, "mean", as).gradient(y, tensor(p, [rows, width]));
        const rounded = Array.from(exact, (slope) => roundedTo(as, slope, "float32") + 0);
        expect(valuesOf(as, own.data)).toEqual(rounded);
      }
    });
  });

  test("at the kink it is the derivative of the side with a loss", () => {
    const sum = { reduction: "sum" } as const;
    const kink = tensor(Float32Array.of(1, -1, 2, -2, 0.5), [1, 5]);
    const labels = tensor(Float32Array.of(1, -1, 1, -1, 1), [1, 5]);
    const of = (loss: LossName) => make(loss, sum.reduction).gradient(labels, kink).data;
    expect(of("hinge")).toEqual(Float32Array.of(-0.2, 0.2, 0, 0, -0.2));
    expect(of("squared_hinge")).toEqual(Float32Array.of(0, 0, 0, 0, -0.2));
    // neg - pos + 1 is 0, and below it.
    const classes = tensor(Float32Array.of(1, 2, -3, 1, 2.5, -3), [2, 3]);
    const oneHot = tensor(Float32Array.of(0, 1, 0, 0, 1, 0), [2, 3]);
    const slopes = make("categorical_hinge", "sum").gradient(oneHot, classes).data;
    expect(slopes).toEqual(Float32Array.of(1, -1, 0, 0, 0, 0));
  });

  test("classes that tie for the maximum share its derivative, including the label's class", () => {
    const ties = tensor(Float32Array.of(1, 1, 1, 0, -1, -1, 0.5, 0), [2, 4]);
    const oneHot = tensor(Float32Array.of(0, 0, 0, 1, 0, 0, 1, 0), [2, 4]);
    const slopes = make("categorical_hinge", "sum").gradient(oneHot, ties).data;
    const third = Math.fround(1 / 3);
    expect(slopes).toEqual(Float32Array.of(third, third, third, -1, 0, 0, -1, 0.5));
  });

  // The last chunk, or tile, of these has one value.
  test.each([
    ["float32", 8193],
    ["float64", 8193],
    ["float16", 2 * 8192 + 2049],
    ["int8", 8192 + 2049],
  ] as const)("all classes of a row of %s share, however it is cut: %d", (dtype, width) => {
    const zeros = tensor(dataOf(dtype, new Float32Array(width)), [1, width], dtype);
    const { data } = new classes.categorical_hinge({ dtype: "float64" }).gradient(zeros, zeros);
    expect(data).toEqual(new Float64Array(width).fill(1 / width));
    const own = make("categorical_hinge", "sum").gradient(zeros, zeros);
    expect(new Set(own.data as Float32Array)).toEqual(new Set([Math.fround(1 / width)]));
  });

  test("no derivative is -0", () => {
    const yPred = tensor(Float32Array.of(-2, 2, -3, 4), [2, 2]);
    for (const labels of [Float32Array.of(-1, 1, -1, 1), Int8Array.of(0, 1, 0, 1)]) {
      for (const loss of ["hinge", "squared_hinge"] as const) {
        for (const sampleWeight of [1, [0, 1]]) {
          const { data } = make(loss, "sum").gradient(tensor(labels, [2, 2]), yPred, {
            sampleWeight,
          });
          expect(Array.from(data as Float32Array)).toEqual([0, 0, 0, 0]);
        }
      }
    }
  });

  test("NaN gives NaN, to the whole row if its maximum is NaN, and infinities have a derivative", () => {
    const special = tensor(Float32Array.of(Number.NaN, 0, Infinity, -Infinity), [2, 2]);
    const ones = tensor(Float32Array.of(1, 1, 1, 1), [2, 2]);
    expect(gradient(hinge, ones, special).data).toEqual(Float32Array.of(Number.NaN, -0.5, 0, -0.5));
    const squared = make("squared_hinge", "sum").gradient(ones, special).data;
    expect(squared).toEqual(Float32Array.of(Number.NaN, -1, 0, -Infinity));
    const oneHot = tensor(Float32Array.of(1, 0, 1, 0), [2, 2]);
    const categorical = make("categorical_hinge", "sum").gradient(oneHot, special).data;
    expect(Array.from(categorical as Float32Array).slice(0, 2)).toEqual([Number.NaN, Number.NaN]);
  });

  test("an infinite label has a derivative where there is a loss, and NaN elsewhere", () => {
    const yTrue = tensor(Float32Array.of(Infinity, Infinity, -Infinity, -Infinity), [1, 4]);
    const yPred = tensor(Float32Array.of(-1, 1, 1, -1), [1, 4]);
    for (const loss of ["hinge", "squared_hinge"] as const) {
      const { data } = make(loss, "sum").gradient(yTrue, yPred);
      expect(data).toEqual(Float32Array.of(-Infinity, Number.NaN, Infinity, Number.NaN));
    }
  });

  test("weights that add up to 0 have the gradient 0", () => {
    const options = { sampleWeight: [0, 0], mask: [1, 1] };
    const loss = make("hinge", "mean_with_sample_weight");
    const { value, gradient } = loss.valueAndGradient(
      [
        [-1, 1],
        [1, 1],
      ],
      [
        [0, 0],
        [0, 0],
      ],
      options,
    );
    expect(value).toBe(0);
    expect(gradient.data).toEqual(new Float32Array(4));
  });

  test.each([
    ["one for each loss", [1, -1]],
    ["one for all losses", [0]],
    [
      "more than losses",
      [
        [1, -1],
        [2, -2],
      ],
    ],
    ["none", tensor(new Float32Array(0), [0, 1, 1])],
  ])("a sum of 0 hides what would be NaN: weights, %s", (_, sampleWeight) => {
    const yPred = tensor(Float32Array.of(Number.NaN, 0, Infinity, -1), [2, 2]);
    const yTrue = tensor(Float32Array.of(1, -1, 0, 2), [2, 2]);
    const loss = make("hinge", "mean_with_sample_weight");
    const { value, gradient } = loss.valueAndGradient(yTrue, yPred, { sampleWeight });
    expect(value).toBe(0);
    expect(gradient.data).toEqual(new Float32Array(4));
  });

  test("is empty, or 0, if there is no loss", () => {
    const none = tensor(new Float32Array(0), [0, 3]);
    const { value, gradient: empty } = new Hinge().valueAndGradient(none, none);
    expect([value, empty.shape]).toEqual([0, [0, 3]]);
    expect(gradient(hinge, none, tensor(new Float32Array(3).fill(1), [1, 3])).data).toEqual(
      new Float32Array(3),
    );
  });

  test("a loss with two weights counts twice, as in Keras", () => {
    const yTrue = [[1, -1]];
    const yPred = [[0.5, 0.5]];
    const { data } = new Hinge().gradient(yTrue, yPred, { sampleWeight: [1, 2] });
    expect(data).toEqual(Float32Array.of(-0.75, 0.75));
  });

  test("is written to `out`", () => {
    const yTrue = tensor(Int8Array.of(-1, 1, 1, -1), [2, 2]);
    const yPred = tensor(Float32Array.of(-2, 0.5, 0.25, 0), [2, 2]);
    const memory = new Float32Array(6).fill(9);
    const out = memory.subarray(1, 5);
    const { gradient: result } = new Hinge().valueAndGradient(yTrue, yPred, { out });
    expect(result.data).toBe(out);
    expect(result.shape).toEqual([2, 2]);
    expect(memory).toEqual(Float32Array.of(9, 0, -0.25, -0.25, 0.25, 9));
    expect(gradient(hinge, [[1, 1]], yPred, { out }).data).toBe(out);
  });
});

test.each(lossNames)(
  "%s: the same bits everywhere, and the value of apply",
  (loss) => {
    const random = generator(17);
    const weightings = (rows: number): (WeightOptions | undefined)[] => [
      undefined,
      { sampleWeight: filled(new Float32Array(rows), random) },
      { mask: filled(new Uint8Array(rows), () => (random() < 0.5 ? 1 : 0)) },
    ];
    for (const [rows, width] of [...shapes, [40_000, 3]]) {
      for (const labelling of ["own", "0/1", "any"]) {
        const y = labelsFor(loss, rows, width, random);
        const p = randomPredictions(rows * width, random);
        for (let i = 0; i < p.length; i += 97)
          p[i] = [Number.NaN, 1, -1, 0, Infinity][(i / 97) % 5];
        if (labelling === "0/1") for (let i = 0; i < y.length; i++) y[i] = Math.max(0, y[i]);
        if (labelling === "any") for (let i = 0; i < y.length; i++) y[i] = random() * 3 - 1.5;
        const yTrue = tensor(Float32Array.from(y), [rows, width]);
        const yPred = tensor(p, [rows, width]);
        for (const options of weightings(rows)) {
          for (const reduction of ["mean", "mean_with_sample_weight", "none"] as const) {
            const own = make(loss, reduction);
            let first: Tensor | undefined;
            for (const implementation of implementations) {
              force(implementation);
              for (const threads of [1, 3]) {
                setNumThreads(threads);
                const { value, gradient } = own.valueAndGradient(yTrue, yPred, options);
                expectSame(value, own.value(yTrue, yPred, options));
                first ??= gradient;
                expectSame(gradient, first);
              }
            }
          }
        }
      }
    }
  },
  60_000,
);

describe("functions", () => {
  test.each(lossNames)("%s: the losses of the rows, and the gradient of their sum", (loss) => {
    const random = generator(19);
    const yTrue = tensor(Float32Array.from(labelsFor(loss, 5, 4, random)), [5, 4]);
    const yPred = tensor(randomPredictions(20, random), [5, 4]);
    const { value, gradient: own } = valueAndGradient(
      functions[loss] as typeof hinge,
      yTrue,
      yPred,
    );
    expectSame(value, functions[loss](yTrue, yPred));
    expectSame(own, make(loss, "sum").gradient(yTrue, yPred));
    expectSame(gradient(functions[loss] as typeof hinge, yTrue, yPred), own);
  });

  test("compute in the predictions' own dtype", () => {
    const yPred = tensor(Float64Array.of(0.1, 0.2), [1, 2]);
    expect(gradient(hinge, [[1, -1]], yPred).data).toEqual(Float64Array.of(-0.5, 0.5));
  });
});

describe("errors", () => {
  const yTrue = Float32Array.of(1, -1);
  const yPred = Float32Array.of(0.5, 0.5);
  const loss = new Hinge();

  test.each([
    ["out of another dtype", { out: new Float64Array(2) }, "out: expected a Float32Array"],
    ["options that are none", 3, "options: expected an object"],
    ["an option that is none", { weights: 1 }, 'options: unknown key "weights"; did you'],
    ["no weights", { sampleWeight: "1" }, 'sampleWeight: received "1"; expected a typed array'],
  ])("%s", (_, options, message) => {
    const call = () => loss.valueAndGradient(yTrue, yPred, options as object);
    expect(call).toThrow(TypeError);
    expect(call).toThrow(message);
  });

  test.each([
    ["out of another length", { out: new Float32Array(3) }, "out: expected 2 values"],
    ["out in the predictions", { out: yPred }, "out: expected memory of its own"],
  ])("%s", (_, options, message) => {
    const call = () =>
      loss.gradient(tensor(yTrue, [1, 2]), tensor(yPred, [1, 2]), options as object);
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });

  test("a function that is not a loss", () => {
    const call = () => gradient(Math.max as never, yTrue, yPred);
    expect(call).toThrow(
      new TypeError(
        "loss: expected a function of rows (hinge, squaredHinge, categoricalHinge, modifiedHuber, crammerSinger, westonWatkins), received a function",
      ),
    );
  });

  test("weights in the memory of out", () => {
    const memory = Float32Array.of(1, 2);
    const call = () => loss.gradient([[1], [1]], [[0], [0]], { sampleWeight: memory, out: memory });
    expect(call).toThrow(RangeError);
  });
});
