import { setBackend, type Tensor, tensor } from "maxmargin";
import { afterEach, describe, expect, test } from "vitest";
import { breastCancer, compare, type DataSet, digits } from "../examples/datasets.js";
import * as plain from "../examples/plain.js";
import { plot } from "../examples/plot.js";
import { toRows } from "../examples/rows.js";
import { contests, repeated } from "../examples/speed.js";
import { table } from "../examples/table.js";
import { tasks, train, training } from "../examples/training.js";
import { force, implementations } from "./support/implementations.js";

describe("the data sets", () => {
  afterEach(() => setBackend("auto"));

  test("have the shapes and dtypes of their README", () => {
    const described = ({ yTrue, yPred }: DataSet) => [
      yTrue.dtype,
      yTrue.shape,
      yPred.dtype,
      yPred.shape,
    ];
    expect(described(breastCancer)).toEqual(["int8", [285, 1], "float32", [285, 1]]);
    expect(described(digits)).toEqual(["int8", [899, 10], "float32", [899, 10]]);
  });

  test.each(implementations)("give the expected numbers with %s", async (name) => {
    force(name);

    const comparisons = [...(await compare(breastCancer)), ...(await compare(digits))];
    expect(comparisons.filter(({ agrees }) => !agrees)).toEqual([]);
    expect(comparisons.map(({ measure }) => measure)).toEqual([
      "rows",
      "accuracy",
      "hinge_mean",
      "squared_hinge_mean",
      "sklearn_hinge_loss",
      "rows",
      "classes",
      "accuracy",
      "categorical_hinge_mean",
      "hinge_mean",
      "squared_hinge_mean",
    ]);
  });

  test("report a number that differs from the expected one", async () => {
    const expected = { ...digits.expected, hinge_mean: 0.0835 };
    const comparisons = await compare({ ...digits, expected });
    const wrong = comparisons.filter(({ agrees }) => !agrees);
    expect(wrong.map(({ measure }) => measure)).toEqual(["hinge_mean"]);
  });

  test("have the same losses in a plain loop, and written with map and reduce", () => {
    const { yTrue, yPred } = digits;
    for (const { measure, loop, plain } of contests) {
      const answers = [
        loop(yTrue.data as Int8Array, yPred.data as Float32Array, yPred.shape[1]),
        plain(toRows(yTrue), toRows(yPred)),
      ];
      for (const answer of answers) {
        expect(Math.abs(answer - digits.expected[measure])).toBeLessThan(1e-7);
      }
    }
    expect(plain.hinge([[0, 1]], [[0.5, 2]])).toBe(0.75);
    expect(plain.categoricalHinge([[0, 1]], [[0.5, 2]])).toBe(0);
  });
});

describe("the demo's parts", () => {
  test("a data set is repeated as a whole", () => {
    const { yTrue, yPred } = repeated(digits, 10_000);
    const twice = ({ data, shape: [rows, width] }: Tensor) => ({
      data: [...data, ...data],
      shape: [2 * rows, width],
    });
    for (const [batch, once] of [
      [yTrue, digits.yTrue],
      [yPred, digits.yPred],
    ]) {
      expect({ data: [...batch.data], shape: batch.shape }).toEqual(twice(once));
      expect(batch.dtype).toBe(once.dtype);
    }
  });

  test("a vector is a column of rows", () => {
    expect(toRows(tensor([1, 2]))).toEqual([[1], [2]]);
    expect(toRows(tensor([1, 2, 3, 4], [2, 2]))).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test("a table is aligned", () => {
    const cells = [
      ["way", "ns"],
      ["native", "0.2"],
      ["js", "10.0"],
    ];
    expect(table(cells)).toBe("way        ns\nnative    0.2\njs       10.0");
  });
});

describe("training", () => {
  test.each(tasks)("$title", async (task) => {
    const { losses, accuracy, heldOut } = await train(task, () => {});
    expect(losses).toHaveLength(training.epochs);
    expect(losses[0]).toBe(1);
    expect(losses.at(-1)).toBeLessThan(0.1);
    expect(heldOut).toBeGreaterThan(280);
    expect(accuracy).toBeGreaterThanOrEqual(task.expected);
  });
});

test("a plot is wide enough for its labels and its title, however long they are", () => {
  const widthOf = (title: string, label: string) => {
    const svg = plot(title, "x", "y", [
      {
        label,
        points: [
          [1, 1],
          [100, 0.01],
        ],
      },
    ]);
    return Number(/<svg [^>]*?width="(\d+)"/.exec(svg)?.[1]);
  };
  const short = widthOf("title", "label");
  expect(widthOf("title", "a label of many letters")).toBeGreaterThan(short + 18 * 6);
  expect(widthOf("a title of many words ".repeat(10), "label")).toBeGreaterThan(220 * 7);
});
