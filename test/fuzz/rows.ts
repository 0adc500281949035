// The losses of rows and their slopes, from the definitions in docs/losses.md: everything is written out, every sum is
// taken one value after the other in double, and nothing of the library is used. Terms and slopes are what the
// arithmetic of their dtype makes of them; how far sums of these may be off is DESIGN's bound.
import type { FloatDtype } from "maxmargin";
import { castValues, roundedTo } from "../support/data.js";
import type { AnyLossName } from "../support/losses.js";
import { halfUlp } from "../support/oracle.js";
import { type Bounded, bounded, wideError } from "./bounded.js";
import { isOfClasses } from "./formula.js";
import { areIdsOf, checkRowOptions, Refusal, readLabels } from "./labels.js";
import type { Program } from "./program.js";
import { broadcast, broadcastTo, type Shape, sameShape, sizeOf, withSameRank } from "./shapes.js";

export function fitting(a: Shape, b: Shape, what: string): Shape {
  const shape = broadcast(a, b);
  if (shape === undefined) throw new Refusal(`${what}: [${a}] and [${b}]`);
  return shape;
}

type Round = (value: number) => number;

/** Labels and predictions of one row, and how their terms are computed. */
export interface Row {
  readonly loss: AnyLossName;
  readonly margin: number;
  readonly power: 1 | 2;
  /** The row's class, if each row has one. */
  readonly id: number | undefined;
  readonly isIgnored: boolean;
  /** The weight of its class, or 1. */
  readonly weight: number;
  readonly isWide: boolean;
  readonly round: Round;
  readonly y: ArrayLike<number>;
  readonly p: ArrayLike<number>;
}

/** Three additions of float32 stand between a term and a sum in double. */
const foldError = 3 * halfUlp * (1 + 2 * halfUlp);

/** max(0, margin), which keeps NaN. */
const lossOfMargin = (margin: number) => (margin < 0 ? 0 : margin);

/** How the loss of a row changes with its margin; at the kink as on the side with a loss. */
const slopeOfMargin = (margin: number) => (Number.isNaN(margin) ? margin : margin >= 0 ? 1 : 0);

const termMargin = ({ margin, round, y, p }: Row, i: number) => round(margin - round(y[i] * p[i]));

/** Whether modified Huber is a line there. */
const isLinear = ({ loss, round, y, p }: Row, i: number) =>
  loss === "modified_huber" && round(y[i] * p[i]) < -1;

/** Near -1, where the line touches the square, rounding may put it above. */
function huberTerm(product: number, hinge: number, round: Round): number {
  const line = round(-4 * product);
  return product < -1 ? line : Math.max(line, round(hinge * hinge));
}

function meanOfTerms(row: Row): Bounded {
  const { loss, isWide, round, p } = row;
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    const hinge = lossOfMargin(termMargin(row, i));
    if (loss === "hinge") sum += hinge;
    else if (loss === "squared_hinge") sum += round(hinge * hinge);
    else sum += huberTerm(round(row.y[i] * p[i]), hinge, round);
  }
  const value = sum / p.length;
  if (!Number.isFinite(value)) return { value, error: 0 };
  return bounded(value, ((isWide ? 0 : foldError) + wideError(p.length)) * value);
}

/** What the loss of a row of classes depends on. */
interface Classes {
  /** (1 - y) p, and the largest of these. Those that have no part in it are NaN. */
  readonly others: Float64Array;
  readonly neg: number;
  /** neg - pos + margin */
  readonly missing: Bounded;
}

/** The same of a row whose own class has no part in the maximum. */
function otherClassesOf({ isWide, margin, id, p }: Row): Classes {
  const others = Float64Array.from(p, (score, i) => (i === id ? Number.NaN : score));
  const known = others.filter((score) => !Number.isNaN(score));
  const neg = known.reduce((max, score) => Math.max(max, score), -Infinity);
  const own = p[id as number];
  const value = Array.from(p).some(Number.isNaN) ? Number.NaN : neg - own + margin;
  if (!Number.isFinite(value)) {
    const areFinite = Number.isFinite(own) && Number.isFinite(neg);
    return { others, neg, missing: { value, error: isWide && areFinite ? Infinity : 0 } };
  }
  const size = Math.abs(neg) + Math.abs(own) + margin;
  // Halves and the like are what they are.
  const isExact = [neg, own, margin].every((each) => Number.isInteger(each * 4) && size < 1e6);
  const error = isExact ? 0 : bounded(value, 4 * 2 ** -53 * size).error;
  return { others, neg, missing: { value, error } };
}

function classesOf(row: Row): Classes {
  if (row.loss === "crammer_singer") return otherClassesOf(row);
  const { isWide, margin, round, y, p } = row;
  const n = p.length;
  const others = Float64Array.from(p, (prediction, i) => round(round(1 - y[i]) * prediction));
  const products = Float64Array.from(p, (prediction, i) => round(y[i] * prediction));
  let neg = -Infinity;
  let pos = 0;
  let magnitude = margin;
  for (let i = 0; i < n; i++) {
    if (others[i] > neg) neg = others[i];
    pos += products[i];
    magnitude += Math.abs(products[i]);
  }
  const value = others.some(Number.isNaN) ? Number.NaN : neg - pos + margin;
  return { others, neg, missing: { value, error: errorOfMissing() } };

  function errorOfMissing(): number {
    if (!Number.isFinite(value)) {
      // In double a sum of finite values may be beyond it, or not, in another order of additions.
      const areFinite = [y, p].every((values) => Array.from(values).every(Number.isFinite));
      return isWide && areFinite ? Infinity : 0;
    }
    // A sum of one is what it is, and so are small integers.
    const isOne = products.reduce((count, product) => count + Number(product !== 0), 0) <= 1;
    const isWhole = magnitude < 2 ** 24 && products.every(Number.isInteger);
    if (isOne || isWhole) return margin === 1 ? 0 : wideError(1) * (magnitude + Math.abs(neg));
    const folds = isWide ? 0 : foldError * magnitude;
    return bounded(value, folds + wideError(n) * (magnitude + Math.abs(neg))).error;
  }
}

const haveMaximum = ({ loss }: Row) => loss === "categorical_hinge" || loss === "crammer_singer";

/** The differences between the score of the row's class and the others, as a row of hinges. */
function differencesOf(row: Row): Row {
  const { id, power, round, p } = row;
  const own = p[id as number];
  const ofOwn = Number.isNaN(own) ? own : Infinity;
  return {
    ...row,
    loss: power === 2 ? "squared_hinge" : "hinge",
    y: new Float64Array(p.length).fill(1),
    p: Float64Array.from(p, (score, i) => (i === id ? ofOwn : round(own - score))),
  };
}

function lossOfRow(row: Row): Bounded {
  if (row.isIgnored) return { value: 0, error: 0 };
  if (row.loss === "weston_watkins") return meanOfTerms(differencesOf(row));
  if (!haveMaximum(row)) return meanOfTerms(row);
  const { value, error } = classesOf(row).missing;
  const hinge = lossOfMargin(value);
  if (row.power === 1) return { value: hinge, error };
  const square = hinge * hinge;
  if (!Number.isFinite(square)) {
    return { value: square, error: Number.isFinite(hinge) || error === Infinity ? Infinity : 0 };
  }
  return bounded(square, (2 * hinge + error) * error + square * 2 ** -52);
}

/** Slopes of the loss of a row, times its width if it is a mean of terms. */
export interface Slopes {
  readonly values: Float64Array;
  /** What all of them are to be multiplied by: 0, 1 or NaN, or one of several where rounding decides. */
  readonly kink: readonly number[];
  /** The class whose slope is the sum of the others, with another sign. */
  readonly balanced?: number | undefined;
}

function slopesOfRow(row: Row): Slopes {
  const { loss, power, id, round, y, p } = row;
  if (loss === "weston_watkins") {
    const { values } = slopesOfRow(differencesOf(row));
    return { values: values.map((slope) => -slope), kink: [1], balanced: id };
  }
  if (!haveMaximum(row)) {
    const values = Float64Array.from(p, (_, i) => {
      const margin = termMargin(row, i);
      if (loss === "hinge") return round(-y[i] * slopeOfMargin(margin));
      return round(-y[i] * (isLinear(row, i) ? 4 : round(2 * lossOfMargin(margin))));
    });
    return { values, kink: [1] };
  }
  const { others, neg, missing } = classesOf(row);
  const ties = others.reduce((count, other) => count + Number(other === neg), 0);
  const share = round(1 / ties);
  const values = Float64Array.from(others, (other, i) => {
    const ofMax = other === neg ? share : 0;
    if (loss === "crammer_singer") return i === id ? -1 : ofMax;
    return round(round(round(1 - y[i]) * ofMax) - y[i]);
  });
  const { value, error } = missing;
  if (power === 2) {
    if (error === Infinity) return { values, kink: [0, Infinity, Number.NaN] };
    return { values, kink: [value - error, value + error].map((end) => 2 * lossOfMargin(end)) };
  }
  const isKnown = error === 0 || Math.abs(value) > error;
  if (isKnown) return { values, kink: [slopeOfMargin(value)] };
  // Where double itself may overflow, infinities may meet.
  return { values, kink: error === Infinity ? [0, 1, Number.NaN] : [0, 1] };
}

/** Labels and predictions of all rows, broadcast. */
export interface Pairs {
  readonly width: number;
  /** Of the losses. */
  readonly shape: Shape;
  /** Where each prediction stands among those that were given. */
  readonly places: ArrayLike<number>;
  readonly isWide: boolean;
  readonly round: Round;
  readonly rows: readonly Row[];
  /** Whether a label is none that the encoding has. */
  readonly areLabelsWrong: boolean;
}

/** The shapes of labels and predictions, and what they broadcast to. */
interface Shapes {
  readonly own: Shape;
  readonly other: Shape;
  readonly whole: Shape;
}

function shapesOfIds({ labels, predictions }: Program): Shapes {
  const { shape } = predictions;
  if (shape.length === 0 || shape.at(-1) === 0) throw new Refusal("no class");
  if (!areIdsOf(labels.shape, shape)) throw new Refusal("not one class id a row");
  return { own: shape.slice(0, -1), other: shape, whole: shape };
}

/** @param fixRanks - as the classes do. */
function shapesOf(program: Program, fixRanks: boolean): Shapes {
  const { loss, formula, labels, predictions } = program;
  if (formula.labels === "sparse") return shapesOfIds(program);
  if (
    fixRanks &&
    labels.form === "nested" &&
    predictions.form === "nested" &&
    !sameShape(labels.shape, predictions.shape)
  ) {
    throw new Refusal("nested arrays of two shapes");
  }
  const [own, other] = fixRanks
    ? withSameRank(labels.shape, predictions.shape)
    : [labels.shape, predictions.shape];
  const whole = fitting(own, other, "labels and predictions");
  const haveClasses = loss === "categorical_hinge" || isOfClasses(loss);
  if (whole.length === 0 && !haveClasses) throw new Refusal("scalars");
  const width = whole.at(-1) ?? 1;
  if (width === 0 && haveClasses) throw new Refusal("no class");
  const areIds = (own.at(-1) ?? 1) === 1 || sameShape(own, other.slice(0, -1));
  if (width > 1 && haveClasses && areIds) throw new Refusal("class ids");
  return { own, other, whole };
}

/** @param fixRanks - as the classes do. */
export function pairsOf(program: Program, dtype: FloatDtype, fixRanks: boolean): Pairs {
  const { loss, formula, labels, predictions } = program;
  const { own, other, whole } = shapesOf(program, fixRanks);
  const width = whole.at(-1) ?? 1;
  const shape = whole.slice(0, -1);
  checkRowOptions(program, width);
  const labelShape = formula.labels === "sparse" ? shape : whole;
  const values = (["float64", dtype] as const).map((as) =>
    broadcastTo(castValues(labels.dtype, labels.data, as), own, labelShape),
  ) as [ArrayLike<number>, ArrayLike<number>];
  const p = castValues(predictions.dtype, predictions.data, dtype);
  const allPredictions = Float64Array.from(broadcastTo(p, other, whole));
  const isWide = dtype === "float64";
  const round = isWide ? (value: number) => value : Math.fround;
  const margin = roundedTo(dtype, formula.margin, "float64");
  const read = readLabels(program, dtype, values, [sizeOf(shape), width]);
  const rows = read.rows.map((ofRow, row) => ({
    ...{ loss, isWide, round, margin, power: formula.power },
    ...ofRow,
    p: allPredictions.subarray(row * width, (row + 1) * width),
  }));
  const places = broadcastTo(Float64Array.from(p.keys()), other, whole);
  return { width, shape, places, isWide, round, rows, areLabelsWrong: read.isWrong };
}

export const lossesOf = ({ rows }: Pairs): Bounded[] => rows.map(lossOfRow);
export const slopesOf = ({ rows }: Pairs): Slopes[] => rows.map(slopesOfRow);
