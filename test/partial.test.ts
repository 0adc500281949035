import * as maxmargin from "maxmargin";
import { type Loss, PartialLoss, type Reduction, type SavedPartialLoss, tensor } from "maxmargin";
import { describe, expect, test } from "vitest";
import { generator, integerBelow } from "./support/data.js";
import { forEachImplementation } from "./support/implementations.js";

const rows = 3000;
const classes = 10;

/** A batch of class ids, scores and weights, of which parts begin where groups of rows do. */
function batch() {
  const random = generator(7);
  const yPred = Float32Array.from({ length: rows * classes }, () => 4 * random() - 2);
  const ids = Int32Array.from({ length: rows }, () => integerBelow(classes, random));
  const signs = Int8Array.from({ length: rows * classes }, (_, i) =>
    i % classes === ids[Math.floor(i / classes)] ? 1 : -1,
  );
  const sampleWeight = Float32Array.from({ length: rows }, () => 0.5 + random());
  const mask = Uint8Array.from({ length: rows }, () => integerBelow(2, random));
  return { yPred, ids, signs, sampleWeight, mask };
}

const { yPred, ids, signs, sampleWeight, mask } = batch();

/** Cuts that are multiples of 819 rows, which make up about a chunk of 8192 values. */
const cuts = [0, 819, 1638, 2457, rows];

type Options = NonNullable<Parameters<Loss["partial"]>[2]>;

function partsOf(loss: Loss, labels: "ids" | "signs", weights: readonly (keyof Options)[]) {
  return cuts.slice(1).map((end, i) => {
    const first = cuts[i] as number;
    const options: Options = {
      ...(weights.includes("sampleWeight") && { sampleWeight: sampleWeight.subarray(first, end) }),
      ...(weights.includes("mask") && { mask: mask.subarray(first, end) }),
    };
    const yTrue =
      labels === "ids"
        ? ids.subarray(first, end)
        : tensor(signs.subarray(first * classes, end * classes), [end - first, classes]);
    const part = tensor(yPred.subarray(first * classes, end * classes), [end - first, classes]);
    return loss.partial(yTrue, part, options);
  });
}

const reductions: readonly Reduction[] = [
  "sum",
  "sum_over_batch_size",
  "mean",
  "mean_with_sample_weight",
];

const losses = [
  ["hinge of signs", (reduction: Reduction) => new maxmargin.Hinge({ reduction }), "signs"],
  [
    "squared hinge of ids",
    (reduction: Reduction) => new maxmargin.SquaredHinge({ reduction, labels: "sparse" }),
    "ids",
  ],
  [
    "Crammer–Singer with ignored rows",
    (reduction: Reduction) => new maxmargin.CrammerSinger({ reduction, ignoreClass: 3 }),
    "ids",
  ],
  [
    "Weston–Watkins with class weights",
    (reduction: Reduction) =>
      new maxmargin.WestonWatkins({
        reduction,
        classWeight: Array.from({ length: classes }, (_, i) => 1 + i / 7),
      }),
    "ids",
  ],
] as const;

forEachImplementation(() => {
  describe.each(losses)("%s", (_, create, labels) => {
    test.each([[[]], [["sampleWeight"]], [["mask"]], [["sampleWeight", "mask"]]] as const)(
      "parts with %j merge in any order to the loss of the whole",
      (weights) => {
        for (const reduction of reductions) {
          const loss = create(reduction) as Loss;
          const options = {
            ...(weights.includes("sampleWeight" as never) && { sampleWeight }),
            ...(weights.includes("mask" as never) && { mask }),
          };
          const yTrue = labels === "ids" ? ids : tensor(signs, [rows, classes]);
          const whole = loss.value(yTrue, tensor(yPred, [rows, classes]), options);
          for (const order of [
            [0, 1, 2, 3],
            [3, 1, 0, 2],
          ]) {
            const parts = partsOf(loss, labels, weights);
            const [total, ...others] = order.map((i) => parts[i] as PartialLoss);
            for (const other of others) {
              const saved = JSON.parse(JSON.stringify(other)) as SavedPartialLoss;
              (total as PartialLoss).merge(PartialLoss.fromJSON(saved));
            }
            expect((total as PartialLoss).value()).toBe(whole);
            expect((total as PartialLoss).rows).toBe(rows);
          }
        }
      },
    );
  });
});

describe("how labels were read", () => {
  const loss = new maxmargin.Hinge();
  const part = (labels: readonly number[]) =>
    loss.partial(
      labels.map((label) => [label]),
      labels.map(() => [0.5]),
    );

  test("parts of 0 and 1 do not merge with parts of -1 and 1", () => {
    expect(() => part([0, 1]).merge(part([-1, 1]))).toThrow(
      new RangeError(
        'other: expected labels that were read as binary; set labels to "binary" or "signed", received labels that were read as signed',
      ),
    );
  });

  test("parts of ones merge with both, and remember the other's reading", () => {
    for (const [labels, mean] of [
      [[0, 1], 0.75],
      [[-1, 1], 0.75],
    ] as const) {
      const total = part([1, 1]);
      total.merge(part(labels));
      expect(total.value()).toBe(mean);
      const other = labels[0] === 0 ? part([-1, -1]) : part([0, 0]);
      expect(() => total.merge(other)).toThrow(RangeError);
    }
  });

  test("a part without rows merges with both", () => {
    const none = loss.partial(
      tensor(new Float32Array(), [0, 1]),
      tensor(new Float32Array(), [0, 1]),
    );
    expect(none.rows).toBe(0);
    expect(none.value()).toBe(0);
    none.merge(part([0, 1]));
    expect(none.value()).toBe(1);
  });

  test("an explicit encoding needs no agreement", () => {
    const binary = new maxmargin.Hinge({ labels: "binary" });
    const total = binary.partial([[1], [1]], [[0.5], [0.5]]);
    total.merge(binary.partial([[0], [1]], [[0.5], [0.5]]));
    expect(total.value()).toBe(0.75);
  });
});

describe("parts of another kind", () => {
  const yTrue = [[1], [-1]];
  const scores = [[0.5], [0.25]];
  const part = new maxmargin.Hinge().partial(yTrue, scores);

  test.each([
    ["another loss", () => new maxmargin.SquaredHinge().partial(yTrue, scores)],
    ["another margin", () => new maxmargin.Hinge({ margin: 2 }).partial(yTrue, scores)],
    ["another dtype", () => new maxmargin.Hinge({ dtype: "float64" }).partial(yTrue, scores)],
    ["weights", () => new maxmargin.Hinge().partial(yTrue, scores, { sampleWeight: [1, 1] })],
    ["rows of another width", () => new maxmargin.Hinge().partial([[1, -1]], [[0.5, 0.25]])],
  ])("%s", (_, create) => {
    expect(() => part.merge(create())).toThrow(/^other: expected a part of the same kind, /);
  });

  test("something else", () => {
    expect(() => part.merge({} as PartialLoss)).toThrow(
      new TypeError("other: expected a PartialLoss, received an object"),
    );
    for (const saved of [
      null,
      {},
      { ...part.toJSON(), losses: "1" },
      { ...part.toJSON(), rows: "2" },
    ]) {
      expect(() => PartialLoss.fromJSON(saved as SavedPartialLoss)).toThrow(TypeError);
    }
  });

  test("no reduction to rows", () => {
    expect(() => part.value(null)).toThrow(
      new RangeError("reduction: expected a reduction to one number, received null"),
    );
    expect(part.value("sum")).toBe(1.75);
  });

  test("a batch of one axis has no rows to count", () => {
    expect(() => new maxmargin.Hinge().partial([1], [0.5])).toThrow(RangeError);
  });
});

test("partialAsync resolves to the same part", async () => {
  const loss = new maxmargin.CrammerSinger();
  const scores = tensor(yPred, [rows, classes]);
  const part = await loss.partialAsync(ids, scores);
  expect(part.toJSON()).toEqual(loss.partial(ids, scores).toJSON());
});
