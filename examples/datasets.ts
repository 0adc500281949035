import { readFileSync } from "node:fs";
import { CategoricalHinge, Hinge, SquaredHinge, type Tensor } from "maxmargin";
import { readNpy } from "./npy.js";
import { toRows } from "./rows.js";

/** Labels and the predictions of a classifier for them, and what other programs say of both. */
export interface DataSet {
  readonly title: string;
  readonly classes: number;
  readonly yTrue: Tensor;
  readonly yPred: Tensor;
  readonly expected: Readonly<Record<string, number>>;
}

/** A number that we and others have computed. */
export interface Comparison {
  readonly measure: string;
  readonly value: number;
  readonly expected: number;
  readonly agrees: boolean;
}

const folder = new URL("data/", import.meta.url);

function load(name: string, title: string): DataSet {
  const expected = JSON.parse(readFileSync(new URL("expected.json", folder), "utf8"));
  const yTrue = readNpy(new URL(`${name}_y_true.npy`, folder));
  const yPred = readNpy(new URL(`${name}_y_pred.npy`, folder));
  // One decision value tells two classes apart.
  const classes = Math.max(2, yPred.shape[1]);
  return { title, classes, yTrue, yPred, expected: expected[name] };
}

export const breastCancer = load("breast_cancer", "Breast Cancer Wisconsin");
export const digits = load("digits", "Handwritten digits");

/** How each number of expected.json is computed. */
const measures: Record<string, (set: DataSet) => number> = {
  rows: ({ yPred }) => yPred.shape[0],
  classes: ({ classes }) => classes,
  accuracy,
  hinge_mean: ({ yTrue, yPred }) => new Hinge().value(yTrue, yPred),
  squared_hinge_mean: ({ yTrue, yPred }) => new SquaredHinge().value(yTrue, yPred),
  categorical_hinge_mean: ({ yTrue, yPred }) => new CategoricalHinge().value(yTrue, yPred),
  sklearn_hinge_loss: ({ yTrue, yPred }) => new Hinge().value(yTrue, yPred),
};

/** Computes everything that is expected of a data set. */
export function compare(set: DataSet): Comparison[] {
  return Object.entries(set.expected).map(([measure, expected]) => {
    const value = measures[measure](set);
    return { measure, value, expected, agrees: agree(value, expected) };
  });
}

/** Whether two numbers are the same but for a millionth. */
export function agree(value: number, expected: number): boolean {
  return Math.abs(value - expected) <= 1e-6 * Math.abs(expected);
}

function accuracy({ yTrue, yPred }: DataSet): number {
  const labels = toRows(yTrue);
  const right = toRows(yPred).filter((values, row) => decision(values) === answer(labels[row]));
  return right.length / labels.length;
}

/** The class that a row of decision values speaks for. */
function decision(values: number[]): number {
  return values.length === 1 ? Number(values[0] > 0) : values.indexOf(Math.max(...values));
}

/** The class that a row of labels, 0/1 or one-hot, names. */
function answer(labels: number[]): number {
  return labels.length === 1 ? labels[0] : labels.indexOf(1);
}
