import { readFileSync } from "node:fs";
import { type Tensor, tensor } from "maxmargin";
import { type ArrayFiles, batches, evaluateFiles } from "maxmargin/files";
import { toRows } from "./rows.js";

/** Labels and the predictions of a classifier for them, and what other programs say of both. */
export interface DataSet {
  readonly title: string;
  readonly files: ArrayFiles;
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

/** Reads all rows: copies, because the arrays of a batch are reused for the next one. */
async function read(files: ArrayFiles): Promise<{ yTrue: Tensor; yPred: Tensor }> {
  const labels: number[][] = [];
  const predictions: number[][] = [];
  for await (const batch of batches(files, {})) {
    labels.push(...toRows(batch.labels));
    predictions.push(...toRows(batch.predictions));
  }
  return {
    yTrue: tensor(Int8Array.from(labels.flat()), [labels.length, labels[0].length]),
    yPred: tensor(Float32Array.from(predictions.flat()), [labels.length, predictions[0].length]),
  };
}

async function load(name: string, title: string): Promise<DataSet> {
  const expected = JSON.parse(readFileSync(new URL("expected.json", folder), "utf8"))[name];
  const files = {
    labels: new URL(`${name}_y_true.npy`, folder),
    predictions: new URL(`${name}_y_pred.npy`, folder),
  };
  return { title, files, expected, ...(await read(files)) };
}

export const breastCancer = await load("breast_cancer", "Breast Cancer Wisconsin");
export const digits = await load("digits", "Handwritten digits");

/** How other programs call the losses. */
const lossOf: Readonly<Record<string, string>> = {
  hinge_mean: "hinge",
  squared_hinge_mean: "squared_hinge",
  categorical_hinge_mean: "categorical_hinge",
  sklearn_hinge_loss: "hinge",
};

/** Computes everything that is expected of a data set, and all its losses in one pass over its files. */
export async function compare(set: DataSet): Promise<Comparison[]> {
  const measures = Object.entries(set.expected);
  const names = new Set(measures.flatMap(([measure]) => lossOf[measure] ?? []));
  const { rows, classes, losses } = await evaluateFiles(set.files, { losses: [...names] });
  const others: Readonly<Record<string, number>> = { rows, classes, accuracy: accuracy(set) };
  return measures.map(([measure, expected]) => {
    const value = others[measure] ?? losses[lossOf[measure]];
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
