import {
  CategoricalHinge,
  CrammerSinger,
  column,
  type Loss,
  oneHot,
  SquaredHinge,
  type Tensor,
  tensor,
} from "maxmargin";
import { batches } from "maxmargin/files";
import { LinearClassifier, type Matrix, matrix } from "./classifier.js";
import { toRows } from "./rows.js";

const seed = 1;
export const training = { epochs: 100, learningRate: 0.05, momentum: 0.9, decay: 0.03 };

/** Uniform in [0, 1), the same for the same seed. (mulberry32) */
function generator(): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The numbers below n, in random order. (Fisher and Yates) */
function shuffled(n: number): number[] {
  const random = generator();
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Features with mean 0 and deviation 1 over the rows that are trained with, and a constant 1 beside them. */
function standardized(
  rows: readonly (readonly number[])[],
  reference: readonly (readonly number[])[],
): Matrix {
  const width = rows[0].length;
  const result = matrix(rows.length, width + 1);
  for (let j = 0; j < width; j++) {
    const column = reference.map((row) => row[j]);
    const mean = column.reduce((sum, x) => sum + x, 0) / column.length;
    const variance = column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / column.length;
    const deviation = Math.sqrt(variance) || 1;
    for (const [i, row] of rows.entries()) {
      result.data[i * (width + 1) + j] = (row[j] - mean) / deviation;
    }
  }
  for (let i = 0; i < rows.length; i++) result.data[i * (width + 1) + width] = 1;
  return result;
}

/** The share of rows whose class is that of the largest decision value, or of the sign of the only one. */
function accuracy({ data, shape: [rows, outputs] }: Tensor, classes: readonly number[]): number {
  const decided = classes.filter((label, row) => {
    const values = Array.from(data.subarray(row * outputs, (row + 1) * outputs) as Float32Array);
    return label === (outputs === 1 ? Number(values[0] > 0) : values.indexOf(Math.max(...values)));
  });
  return decided.length / rows;
}

/** A file, and its columns. */
interface CsvFile {
  readonly name: string;
  /** A pattern, or names. */
  readonly features: string | readonly string[];
  readonly classes: string;
}

const digits: CsvFile = { name: "digits.csv.gz", features: "pixel_*", classes: "digit" };
const breastCancer: CsvFile = {
  name: "breast_cancer.csv",
  features: "feature_*",
  classes: "benign",
};

/** Rows of features, and the class of each. */
interface Table {
  readonly features: readonly (readonly number[])[];
  readonly classes: readonly number[];
}

/** Reads features where the reader expects predictions. */
async function readTable({ name, ...columns }: CsvFile): Promise<Table> {
  const features: number[][] = [];
  const classes: number[] = [];
  const url = new URL(`data/${name}`, import.meta.url);
  const options = { predictions: columns.features, labels: columns.classes };
  for await (const { predictions, labels } of batches(url, options)) {
    features.push(...toRows(predictions));
    classes.push(...toRows(labels).flat());
  }
  return { features, classes };
}

/** What is learnt, and how many of the rows held out have to be told right. */
export interface Task {
  readonly title: string;
  readonly file: CsvFile;
  readonly outputs: number;
  readonly loss: Loss<"sum_over_batch_size">;
  /** Returns the labels that the loss reads. */
  labels(classes: readonly number[]): Tensor;
  readonly expected: number;
}

export const tasks: readonly Task[] = [
  {
    title: "Handwritten digits, categorical hinge",
    file: digits,
    outputs: 10,
    loss: new CategoricalHinge(),
    labels: (classes) => oneHot(classes, 10),
    expected: 0.94,
  },
  {
    title: "Handwritten digits, Crammer–Singer",
    file: digits,
    outputs: 10,
    // A multiclass SVM. It reads class ids.
    loss: new CrammerSinger(),
    labels: (classes) => tensor(Int32Array.from(classes)),
    expected: 0.94,
  },
  {
    title: "Breast Cancer Wisconsin, squared hinge",
    file: breastCancer,
    outputs: 1,
    loss: new SquaredHinge(),
    labels: (classes) => column(Int8Array.from(classes)),
    expected: 0.95,
  },
];

export interface Trained {
  readonly rows: number;
  readonly heldOut: number;
  /** Of each epoch, before its step. */
  readonly losses: readonly number[];
  /** Of the rows held out. */
  readonly accuracy: number;
  readonly classifier: LinearClassifier;
  /** The rows trained with, standardized, a constant 1 beside their features. */
  readonly features: Matrix;
  readonly classes: readonly number[];
}

/** Trains with one half of the rows and tests with the other. */
export async function train(
  { file, outputs, loss, labels }: Task,
  onEpoch: (epoch: number, loss: number) => void,
): Promise<Trained> {
  const table = await readTable(file);
  const order = shuffled(table.classes.length);
  const half = Math.floor(order.length / 2);
  const [own, held] = [order.slice(0, half), order.slice(half)];
  const featuresOf = (rows: readonly number[]) => rows.map((row) => table.features[row]);
  const classesOf = (rows: readonly number[]) => rows.map((row) => table.classes[row]);
  const features = standardized(featuresOf(own), featuresOf(own));
  const classifier = new LinearClassifier(features.columns, outputs);
  const losses: number[] = [];
  classifier.fit(features, labels(classesOf(own)), loss, training, (epoch, value) => {
    losses.push(value);
    onEpoch(epoch, value);
  });
  const predictions = classifier.predict(standardized(featuresOf(held), featuresOf(own)));
  return {
    rows: own.length,
    heldOut: held.length,
    losses,
    accuracy: accuracy(predictions, classesOf(held)),
    classifier,
    features,
    classes: classesOf(own),
  };
}
