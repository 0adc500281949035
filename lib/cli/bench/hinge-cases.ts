import { Hinge, hinge } from "../../losses/hinge.js";
import { type Batch, type Labels, tensorsOf, toRows } from "./batch.js";
import type { BenchCase, Way } from "./case.js";
import { mean } from "./mean.js";

/** Reads a label as -1 or 1. */
type Sign = (label: number) => number;

const signed: Sign = (label) => label;
const binary: Sign = (label) => 2 * label - 1;

/** Twice max(0, 1 - y p), without a branch, which random signs would mispredict. */
function twiceTerm(y: number, p: number): number {
  const t = 1 - y * p;
  return t + Math.abs(t);
}

function sumOfTerms(y: Labels, p: Float32Array, [from, to]: readonly [number, number], sign: Sign) {
  // Two sums: each addition would otherwise wait for the one before it.
  let a = 0;
  let b = 0;
  let i = from;
  for (; i <= to - 4; i += 4) {
    a += twiceTerm(sign(y[i]), p[i]) + twiceTerm(sign(y[i + 1]), p[i + 1]);
    b += twiceTerm(sign(y[i + 2]), p[i + 2]) + twiceTerm(sign(y[i + 3]), p[i + 3]);
  }
  for (; i < to; i++) a += twiceTerm(sign(y[i]), p[i]);
  return (a + b) / 2;
}

const rowsOf = ({ labels, predictions, width }: Batch) =>
  [toRows(labels, width), toRows(predictions, width)] as const;

const lossOfRow = (y: readonly number[], p: readonly number[], sign: Sign) =>
  mean(y.map((label, j) => Math.max(0, 1 - sign(label) * p[j])));

const meanInLibrary: Way = (batch) => {
  const [yTrue, yPred] = tensorsOf(batch);
  const loss = new Hinge();
  return () => loss.value(yTrue, yPred);
};

const meanInLoop =
  (sign: Sign): Way =>
  ({ labels, predictions }) =>
  () =>
    sumOfTerms(labels, predictions, [0, predictions.length], sign) / predictions.length;

const meanByMap =
  (sign: Sign): Way =>
  (batch) => {
    const [yTrue, yPred] = rowsOf(batch);
    return () => mean(yTrue.map((y, row) => lossOfRow(y, yPred[row], sign)));
  };

const rows: Pick<BenchCase, "library" | "loop" | "mapReduce"> = {
  library(batch) {
    const [yTrue, yPred] = tensorsOf(batch);
    const out = new Float32Array(batch.rows);
    return () => hinge(yTrue, yPred, { out }).data as Float32Array;
  },
  loop({ labels, predictions, rows, width }) {
    const out = new Float32Array(rows);
    return () => {
      for (let row = 0, i = 0; row < rows; row++, i += width) {
        out[row] = sumOfTerms(labels, predictions, [i, i + width], signed) / width;
      }
      return out;
    };
  },
  mapReduce(batch) {
    const [yTrue, yPred] = rowsOf(batch);
    return () => yTrue.map((y, row) => lossOfRow(y, yPred[row], signed));
  },
};

const gradient: Pick<BenchCase, "library" | "loop" | "mapReduce"> = {
  library(batch) {
    const [yTrue, yPred] = tensorsOf(batch);
    const out = new Float32Array(batch.predictions.length);
    const loss = new Hinge();
    return () => loss.gradient(yTrue, yPred, { out }).data as Float32Array;
  },
  loop({ labels, predictions }) {
    const out = new Float32Array(predictions.length);
    const factor = -1 / predictions.length;
    return () => {
      for (let i = 0; i < out.length; i++) {
        out[i] = factor * labels[i] * +(1 - labels[i] * predictions[i] >= 0);
      }
      return out;
    };
  },
  mapReduce(batch) {
    const [yTrue, yPred] = rowsOf(batch);
    const values = batch.predictions.length;
    return () =>
      yTrue.map((y, row) =>
        y.map((label, j) => (1 - label * yPred[row][j] >= 0 ? -label / values : 0)),
      );
  },
};

export const hingeCases: readonly BenchCase[] = [
  {
    name: "hinge_mean",
    title: "hinge, mean: float32 labels -1 and 1, rows of 64",
    labels: "signed",
    width: 64,
    library: meanInLibrary,
    loop: meanInLoop(signed),
    mapReduce: meanByMap(signed),
  },
  {
    name: "hinge_mean_binary",
    title: "hinge, mean: int8 labels 0 and 1, rows of 10",
    labels: "binary",
    width: 10,
    library: meanInLibrary,
    loop: meanInLoop(binary),
    mapReduce: meanByMap(binary),
  },
  {
    name: "hinge_rows",
    title: "hinge, loss of each row: float32 labels -1 and 1, rows of 10",
    labels: "signed",
    width: 10,
    ...rows,
  },
  {
    name: "hinge_gradient",
    title: "hinge, gradient: float32 labels -1 and 1, rows of 64",
    labels: "signed",
    width: 64,
    ...gradient,
  },
];
