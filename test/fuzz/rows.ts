// The losses of rows and their slopes, from the definitions in docs/semantics.md: everything is written out, every sum is
// taken one value after the other in double, and nothing of the library is used. Terms and slopes are what the
// arithmetic of their dtype makes of them; how far sums of these may be off is DESIGN's bound.
import type { FloatDtype } from "maxmargin";
import { castValues } from "../support/data.js";
import type { LossName } from "../support/losses.js";
import { halfUlp } from "../support/oracle.js";
import { type Bounded, bounded, wideError } from "./bounded.js";
import type { Operand } from "./operands.js";
import type { Program } from "./program.js";
import { broadcast, broadcastTo, type Shape, sameShape, sizeOf, withSameRank } from "./shapes.js";

/** Why a program has no answer. */
export class Refusal extends Error {}

export function fitting(a: Shape, b: Shape, what: string): Shape {
  const shape = broadcast(a, b);
  if (shape === undefined) throw new Refusal(`${what}: [${a}] and [${b}]`);
  return shape;
}

type Round = (value: number) => number;

/** Labels and predictions of one row, and how their terms are computed. */
interface Row {
  readonly loss: LossName;
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

const termMargin = ({ round, y, p }: Row, i: number) => round(1 - round(y[i] * p[i]));

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
  /** (1 - y) p, and the largest of these. */
  readonly others: Float64Array;
  readonly neg: number;
  /** neg - pos + 1 */
  readonly margin: Bounded;
}

function classesOf({ isWide, round, y, p }: Row): Classes {
  const n = p.length;
  const others = Float64Array.from(p, (prediction, i) => round(round(1 - y[i]) * prediction));
  const products = Float64Array.from(p, (prediction, i) => round(y[i] * prediction));
  let neg = -Infinity;
  let pos = 0;
  let magnitude = 1;
  for (let i = 0; i < n; i++) {
    if (others[i] > neg) neg = others[i];
    pos += products[i];
    magnitude += Math.abs(products[i]);
  }
  const value = others.some(Number.isNaN) ? Number.NaN : neg - pos + 1;
  return { others, neg, margin: { value, error: errorOfMargin() } };

  function errorOfMargin(): number {
    if (!Number.isFinite(value)) {
      // In double a sum of finite values may be beyond it, or not, in another order of additions.
      const areFinite = [y, p].every((values) => Array.from(values).every(Number.isFinite));
      return isWide && areFinite ? Infinity : 0;
    }
    // A sum of one is what it is, and so are small integers.
    const isOne = products.reduce((count, product) => count + Number(product !== 0), 0) <= 1;
    if (isOne || (magnitude < 2 ** 24 && products.every(Number.isInteger))) return 0;
    const folds = isWide ? 0 : foldError * magnitude;
    return bounded(value, folds + wideError(n) * (magnitude + Math.abs(neg))).error;
  }
}

function lossOfRow(row: Row): Bounded {
  if (row.loss !== "categorical_hinge") return meanOfTerms(row);
  const { value, error } = classesOf(row).margin;
  return { value: lossOfMargin(value), error };
}

/** Slopes of the loss of a row, times its width if it is a mean of terms. */
export interface Slopes {
  readonly values: Float64Array;
  /** What all of them are to be multiplied by: 0, 1 or NaN, or one of several where rounding decides. */
  readonly kink: readonly number[];
}

function slopesOfRow(row: Row): Slopes {
  const { loss, round, y, p } = row;
  if (loss !== "categorical_hinge") {
    const values = Float64Array.from(p, (_, i) => {
      const margin = termMargin(row, i);
      if (loss === "hinge") return round(-y[i] * slopeOfMargin(margin));
      return round(-y[i] * (isLinear(row, i) ? 4 : round(2 * lossOfMargin(margin))));
    });
    return { values, kink: [1] };
  }
  const { others, neg, margin } = classesOf(row);
  const ties = others.reduce((count, other) => count + Number(other === neg), 0);
  const share = round(1 / ties);
  const values = Float64Array.from(others, (other, i) =>
    round(round(round(1 - y[i]) * (other === neg ? share : 0)) - y[i]),
  );
  const isKnown = margin.error === 0 || Math.abs(margin.value) > margin.error;
  if (isKnown) return { values, kink: [slopeOfMargin(margin.value)] };
  // Where double itself may overflow, infinities may meet.
  return { values, kink: margin.error === Infinity ? [0, 1, Number.NaN] : [0, 1] };
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
}

/** @param fixRanks - as the classes do. */
export function pairsOf(program: Program, dtype: FloatDtype, fixRanks: boolean): Pairs {
  const { loss, labels, predictions } = program;
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
  const isCategorical = loss === "categorical_hinge";
  if (whole.length === 0 && !isCategorical) throw new Refusal("scalars");
  const width = whole.at(-1) ?? 1;
  if (width === 0 && isCategorical) throw new Refusal("no class");
  const areIds = (own.at(-1) ?? 1) === 1 || sameShape(own, other.slice(0, -1));
  if (width > 1 && isCategorical && areIds) throw new Refusal("class ids");

  const cast = ({ dtype: from, data }: Operand) => castValues(from, data, dtype);
  let y = cast(labels);
  if (!isCategorical && y.every((label) => label === 0 || label === 1)) {
    y = y.map((label) => 2 * label - 1);
  }
  const p = cast(predictions);
  const allLabels = Float64Array.from(broadcastTo(y, own, whole));
  const allPredictions = Float64Array.from(broadcastTo(p, other, whole));
  const shape = whole.slice(0, -1);
  const isWide = dtype === "float64";
  const round = isWide ? (value: number) => value : Math.fround;
  const rows = Array.from({ length: sizeOf(shape) }, (_, row) => {
    const at = [row * width, (row + 1) * width] as const;
    return {
      ...{ loss, isWide, round },
      y: allLabels.subarray(...at),
      p: allPredictions.subarray(...at),
    };
  });
  const places = broadcastTo(Float64Array.from(p.keys()), other, whole);
  return { width, shape, places, isWide, round, rows };
}

export const lossesOf = ({ rows }: Pairs): Bounded[] => rows.map(lossOfRow);
export const slopesOf = ({ rows }: Pairs): Slopes[] => rows.map(slopesOfRow);
