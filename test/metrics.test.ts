import { readFileSync } from "node:fs";
import { type FloatDtype, hinge, metrics, tensor } from "maxmargin";
import { describe, expect, test } from "vitest";
import { agrees, argumentOf, type GoldenArray, tensorOf } from "./support/golden.js";
import { forEachImplementation } from "./support/implementations.js";

interface State {
  readonly total: GoldenArray;
  readonly count: GoldenArray;
  readonly result: GoldenArray;
}

interface Update {
  readonly reset?: true;
  readonly y_true: GoldenArray;
  readonly y_pred: GoldenArray;
  readonly sample_weight: GoldenArray | number | null;
  readonly mask: GoldenArray | null;
  readonly error: string | null;
  readonly after: State;
  /** Where float64 stays float64. */
  readonly after_x64?: State;
}

interface Golden {
  readonly name: string;
  readonly metric: "Hinge" | "SquaredHinge" | "CategoricalHinge";
  readonly dtype: FloatDtype | null;
  readonly updates: readonly Update[];
  readonly expected: GoldenArray;
}

const file = new URL("./golden/metrics.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { cases: Golden[] };

const precise = ["float16", "float32", "float64"] as const;

/** Losses are computed in the dtype of the predictions: a metric of a wider one adds up what that rounded. */
const dtypeOf = ({ y_pred }: Update, { total }: State) =>
  precise.find((dtype) => dtype === y_pred?.dtype || dtype === total.dtype) ?? total.dtype;

/** Labels that would be repeated along the classes: decision 10 of docs/semantics.md. */
const refusal = "CategoricalHinge/y_true-[b]-y_pred-[b,1]";

forEachImplementation(() => {
  test("class ids are no labels of categorical hinge", () => {
    const { updates } = cases.find(({ name }) => name === refusal) as Golden;
    const [{ y_true, y_pred }] = updates as [Update];
    const own = new metrics.CategoricalHinge();
    expect(() => own.updateState(tensorOf(y_true), tensorOf(y_pred))).toThrow(
      'yTrue: expected one-hot labels of shape [3, 3]; for class ids set labels: "sparse"',
    );
  });

  test.each(cases.filter(({ name }) => name !== refusal))(
    "$name",
    ({ metric, dtype, updates, expected }) => {
      const own = new metrics[metric]({ dtype });
      for (const update of updates) {
        if (update.reset) own.resetState();
        else {
          const { y_true, y_pred, sample_weight, mask } = update;
          const call = () =>
            own.updateState(tensorOf(y_true), tensorOf(y_pred), {
              sampleWeight: argumentOf(sample_weight),
              mask: argumentOf(mask),
            });
          if (update.error === null) call();
          else expect(call).toThrow(/: expected .*, received /);
        }
        const state = update.after_x64 ?? update.after;
        const got = { total: own.total, count: own.count, result: own.result() };
        for (const key of ["total", "count", "result"] as const) {
          const right = Number(state[key].data[0]);
          const tolerance = dtypeOf(update, state);
          expect(agrees(tolerance, got[key], right), `${key}: ${got[key]}, not ${right}`).toBe(
            true,
          );
        }
      }
      if (updates.length === 0) expect(own.result()).toBe(Number(expected.data[0]));
    },
  );
});

test("all of Keras's cases are here", () => {
  expect(cases).toHaveLength(123);
});

const yTrue = [
  [0, 1],
  [0, 0],
];
const yPred = [
  [0.6, 0.4],
  [0.4, 0.6],
];

describe("the state", () => {
  test("is restored exactly from JSON", () => {
    const metric = new metrics.Hinge();
    metric.updateState(yTrue, yPred, { sampleWeight: [0.1, 0.7] });
    const other = new metrics.Hinge({ dtype: "float64" });
    other.setState(JSON.parse(JSON.stringify(metric.getState())));
    expect(other.getState()).toEqual(metric.getState());
    expect(Math.fround(other.total)).toBe(metric.total);
  });

  test.each([Number.NaN, Infinity, -Infinity])("keeps %d", (prediction) => {
    const metric = new metrics.CategoricalHinge();
    metric.updateState(tensor(Float32Array.of(-1), [1, 1]), [[prediction]]);
    const other = new metrics.CategoricalHinge();
    other.setState(JSON.parse(JSON.stringify(metric.getState())));
    expect(other.result()).toBe(metric.result());
  });

  test("is kept if a new state is invalid", () => {
    const metric = new metrics.Hinge();
    metric.updateState(yTrue, yPred);
    const before = metric.getState();
    for (const state of [null, 3, {}, { total: 1 }, { total: "1", count: 1 }]) {
      expect(() => metric.setState(state as never)).toThrow(TypeError);
      expect(metric.getState()).toEqual(before);
    }
  });

  test("is merged from parts", () => {
    const [all, first, second] = [0, 1, 2].map(() => new metrics.SquaredHinge());
    first.updateState([[1, -1]], [[0.5, 0.25]]);
    second.updateState(yTrue, yPred, { mask: [true, false] });
    all.updateState([[1, -1]], [[0.5, 0.25]]);
    all.updateState(yTrue, yPred, { mask: [true, false] });
    first.merge(second);
    expect(first.getState()).toEqual(all.getState());
  });

  test("is not merged from another kind of metric", () => {
    const metric = new metrics.Hinge();
    for (const other of [new metrics.SquaredHinge(), null, {}, "hinge"]) {
      expect(() => metric.merge(other as never)).toThrow(TypeError);
    }
  });
});

test("a metric is the mean of the function's losses", () => {
  const bits = Uint16Array.of(0x3555, 0x3400, 0xb266, 0x3a00);
  const predictions = tensor(bits, [2, 2], "float16");
  const metric = new metrics.Hinge({ dtype: "float64" });
  metric.updateState(yTrue, predictions);
  const losses = hinge(yTrue, predictions);
  const other = new metrics.Hinge({ dtype: "float64" });
  for (const row of [0, 1]) {
    other.updateState([yTrue[row]], tensor(bits.subarray(2 * row, 2 * row + 2), [1, 2], "float16"));
  }
  expect(losses.dtype).toBe("float16");
  // Labels of one row alone may be all 0/1 as well.
  expect(metric.total).toBe(other.total);
});

test("invalid options", () => {
  for (const options of [{ reduction: "sum" }, { dtype: 3 }, { name: 1 }, null, "hinge"]) {
    expect(() => new metrics.Hinge(options as never)).toThrow(TypeError);
  }
  expect(() => new metrics.Hinge({ dtype: "int8" as never })).toThrow(RangeError);
  expect(() => metrics.Hinge.fromConfig({ dtype: "int8" as never })).toThrow(RangeError);
});
