import { CategoricalHinge } from "../../losses/categorical-hinge.js";
import { type Labels, tensorsOf, toRows } from "./batch.js";
import type { BenchCase } from "./case.js";
import { mean } from "./mean.js";

/** The larger of two numbers, without a branch: in a narrow row every other one is mispredicted. */
const larger = (a: number, b: number) => (a + b + Math.abs(a - b)) / 2;

/** Two maxima and two sums: each step would otherwise wait for the one before it. */
function lossOfOneHot(y: Labels, p: Float32Array, from: number, to: number): number {
  let posA = 0;
  let posB = 0;
  // At least 0, which the row's own class comes to.
  let negA = 0;
  let negB = 0;
  let i = from;
  for (; i <= to - 2; i += 2) {
    const ownA = y[i] * p[i];
    const ownB = y[i + 1] * p[i + 1];
    posA += ownA;
    posB += ownB;
    negA = larger(negA, p[i] - ownA);
    negB = larger(negB, p[i + 1] - ownB);
  }
  if (i < to) {
    posA += y[i] * p[i];
    negA = larger(negA, p[i] - y[i] * p[i]);
  }
  return Math.max(0, larger(negA, negB) - (posA + posB) + 1);
}

function maximum(start: number, p: Float32Array, from: number, to: number): number {
  let a = start;
  let b = start;
  let i = from;
  for (; i <= to - 2; i += 2) {
    a = larger(a, p[i]);
    b = larger(b, p[i + 1]);
  }
  return larger(larger(a, b), i < to ? p[i] : start);
}

/** Takes the maximum before and behind the row's own class, which needs no comparison of ids. */
function lossOfId(id: number, p: Float32Array, from: number, to: number): number {
  const own = from + id;
  const neg = maximum(maximum(0, p, from, own), p, own + 1, to);
  return Math.max(0, neg - p[own] + 1);
}

const oneHot: BenchCase = {
  name: "categorical_hinge_onehot",
  title: "categorical hinge, mean: one-hot int8 labels, rows of 10",
  labels: "onehot",
  width: 10,
  library(batch) {
    const [yTrue, yPred] = tensorsOf(batch);
    const loss = new CategoricalHinge();
    return () => loss.value(yTrue, yPred);
  },
  loop({ labels, predictions, rows, width }) {
    return () => {
      let sum = 0;
      for (let i = 0; i < predictions.length; i += width) {
        sum += lossOfOneHot(labels, predictions, i, i + width);
      }
      return sum / rows;
    };
  },
  mapReduce({ labels, predictions, width }) {
    const yTrue = toRows(labels, width);
    const yPred = toRows(predictions, width);
    const lossOfRow = (y: readonly number[], p: readonly number[]) => {
      const pos = y.reduce((sum, label, j) => sum + label * p[j], 0);
      const neg = Math.max(...y.map((label, j) => (1 - label) * p[j]));
      return Math.max(0, neg - pos + 1);
    };
    return () => mean(yTrue.map((y, row) => lossOfRow(y, yPred[row])));
  },
};

const ids: BenchCase = {
  name: "categorical_hinge_ids",
  title: "categorical hinge, mean: int32 class ids, rows of 10",
  labels: "ids",
  width: 10,
  library(batch) {
    const [yTrue, yPred] = tensorsOf(batch);
    const loss = new CategoricalHinge({ labels: "sparse" });
    return () => loss.value(yTrue, yPred);
  },
  loop({ labels, predictions, rows, width }) {
    return () => {
      let sum = 0;
      for (let row = 0, i = 0; row < rows; row++, i += width) {
        sum += lossOfId(labels[row], predictions, i, i + width);
      }
      return sum / rows;
    };
  },
  mapReduce({ labels, predictions, width }) {
    const yTrue = Array.from(labels);
    const yPred = toRows(predictions, width);
    const lossOfRow = (id: number, p: readonly number[]) => {
      const neg = Math.max(0, ...p.filter((_, j) => j !== id));
      return Math.max(0, neg - p[id] + 1);
    };
    return () => mean(yTrue.map((id, row) => lossOfRow(id, yPred[row])));
  },
};

export const categoricalCases: readonly BenchCase[] = [oneHot, ids];
