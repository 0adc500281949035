// What a program has to answer, from the definitions in docs/semantics.md: everything is written out, every sum is
// taken one value after the other in double, and nothing of the library is used. Terms are what the arithmetic of
// their dtype makes of them; how far sums of these may be off is DESIGN's bound.
import type { FloatDtype } from "maxmargin";
import { castValues, roundedTo } from "../support/data.js";
import { halfUlp } from "../support/oracle.js";
import { isFloating, type Operand } from "./operands.js";
import type { Program } from "./program.js";
import { broadcast, broadcastTo, type Shape, sameShape, sizeOf, withSameRank } from "./shapes.js";

/** A number before it is rounded to the dtype of the result. */
export interface Bounded {
  readonly value: number;
  /** How far from `value` the library may be; infinite where double itself does not tell. */
  readonly error: number;
}

export interface Exact {
  readonly dtype: FloatDtype;
  /** Undefined for a number. */
  readonly shape: Shape | undefined;
  readonly values: readonly Bounded[];
}

/** Why a program has no answer. */
export class Refusal extends Error {}

/** Half a unit in the last place of double, for each of n additions, and a few operations more. */
const wideError = (n: number) => (n + 16) * 2 ** -53;
/** Three additions of float32 stand between a term and a sum in double. */
const foldError = 3 * halfUlp * (1 + 2 * halfUlp);

function fitting(a: Shape, b: Shape, what: string): Shape {
  const shape = broadcast(a, b);
  if (shape === undefined) throw new Refusal(`${what}: [${a}] and [${b}]`);
  return shape;
}

/** Numbers, with their magnitude before anything cancelled, and a shape. */
interface Column {
  readonly values: ArrayLike<number>;
  readonly shape: Shape;
}

interface Losses {
  readonly values: readonly Bounded[];
  readonly shape: Shape;
}

/** Where double may overflow on one way and not on another. */
const nearlyInfinite = 1e300;
/** What is lost below the smallest normal doubles. */
const subnormal = 2 ** -1060;

function bounded(value: number, error: number): Bounded {
  const isKnown = Number.isFinite(error) && Math.abs(value) < nearlyInfinite;
  return { value, error: isKnown ? error + subnormal : Infinity };
}

// ---- Rows

type Round = (value: number) => number;

function meanOfTerms(squared: boolean, round: Round, isWide: boolean, y: Row, p: Row): Bounded {
  let sum = 0;
  for (let i = 0; i < p.n; i++) {
    const margin = round(1 - round(y.at(i) * p.at(i)));
    const term = margin < 0 ? 0 : margin;
    sum += squared ? round(term * term) : term;
  }
  const value = sum / p.n;
  if (!Number.isFinite(value)) return { value, error: 0 };
  return bounded(value, ((isWide ? 0 : foldError) + wideError(p.n)) * value);
}

function categorical(round: Round, isWide: boolean, y: Row, p: Row): Bounded {
  let pos = 0;
  let neg = -Infinity;
  let magnitude = 1;
  let hasNaN = false;
  for (let i = 0; i < p.n; i++) {
    const product = round(y.at(i) * p.at(i));
    const rest = round(round(1 - y.at(i)) * p.at(i));
    hasNaN ||= Number.isNaN(product) || Number.isNaN(rest);
    pos += product;
    magnitude += Math.abs(product);
    if (rest > neg) neg = rest;
  }
  const margin = hasNaN ? Number.NaN : neg - pos + 1;
  const value = margin < 0 ? 0 : margin;
  if (!Number.isFinite(value)) return { value, error: 0 };
  const folds = isWide ? 0 : foldError * magnitude;
  return bounded(value, folds + wideError(p.n) * (magnitude + Math.abs(neg)));
}

/** One row of values. */
interface Row {
  readonly n: number;
  at(i: number): number;
}
const rowOf = (values: ArrayLike<number>, start: number, n: number): Row => ({
  n,
  at: (i) => values[start + i],
});

/** Whether double overflowed where the operands were finite: the order of additions decides then. */
function isUndecided({ value }: Bounded, y: Row, p: Row): boolean {
  if (Number.isFinite(value)) return false;
  for (let i = 0; i < p.n; i++) {
    if (!Number.isFinite(y.at(i)) || !Number.isFinite(p.at(i))) return false;
  }
  return true;
}

/** The losses of rows: `fixRanks` as the classes do. */
export function exactLosses(program: Program, dtype: FloatDtype, fixRanks: boolean): Losses {
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

  const cast = ({ dtype: from, data }: Operand) => castValues(from, data, dtype);
  let y = cast(labels);
  if (!isCategorical && y.every((label) => label === 0 || label === 1)) {
    y = y.map((label) => 2 * label - 1);
  }
  const allLabels = broadcastTo(y, own, whole);
  const allPredictions = broadcastTo(cast(predictions), other, whole);
  const shape = whole.slice(0, -1);
  const isWide = dtype === "float64";
  const round = isWide ? (value: number) => value : Math.fround;
  const values = Array.from({ length: sizeOf(shape) }, (_, row) => {
    const labelsOfRow = rowOf(allLabels, row * width, width);
    const predictionsOfRow = rowOf(allPredictions, row * width, width);
    const exact = isCategorical
      ? categorical(round, isWide, labelsOfRow, predictionsOfRow)
      : meanOfTerms(loss === "squared_hinge", round, isWide, labelsOfRow, predictionsOfRow);
    return isWide && isUndecided(exact, labelsOfRow, predictionsOfRow)
      ? { value: exact.value, error: Infinity }
      : exact;
  });
  return { values, shape };
}

// ---- Weights, masks and reductions

function weightsOf({ dtype: from, data, shape }: Operand, dtype: FloatDtype): Column {
  return { values: castValues(from, data, dtype), shape };
}

function maskOf({ dtype, data, shape }: Operand): Column {
  return {
    values: castValues(dtype, data, "float64").map((value) => (value === 0 ? 0 : 1)),
    shape,
  };
}

function product(a: Column, b: Column): Column {
  const [own, other] = withSameRank(a.shape, b.shape);
  const shape = fitting(own, other, "weights and mask");
  const left = broadcastTo(a.values, own, shape);
  const right = broadcastTo(b.values, other, shape);
  return { values: Float64Array.from(left, (value, i) => value * right[i]), shape };
}

/** Losses times weights, after both have been made to fit. */
function weighted({ values, shape }: Losses, weights: Column): Losses {
  const [own, other] = withSameRank(shape, weights.shape);
  const whole = fitting(own, other, "losses and weights");
  const places = broadcastTo(Float64Array.from(values.keys()), own, whole);
  const factors = broadcastTo(weights.values, other, whole);
  return {
    values: Array.from(places, (place, i) => {
      const { value, error } = values[place];
      const all = value * factors[i];
      if (!Number.isFinite(all)) {
        const isUnknown =
          error === Infinity || (Number.isFinite(value) && Number.isFinite(factors[i]));
        return { value: all, error: isUnknown ? Infinity : 0 };
      }
      return bounded(all, error * Math.abs(factors[i]) + Math.abs(all) * wideError(0));
    }),
    shape: whole,
  };
}

interface Sum extends Bounded {
  /** Of the magnitudes. */
  readonly size: number;
}

function sumOf(values: readonly Bounded[]): Sum {
  let value = 0;
  let error = 0;
  let size = 0;
  let isDecided = true;
  for (const each of values) {
    value += each.value;
    error += each.error;
    size += Math.abs(each.value);
    isDecided &&= each.error !== Infinity;
  }
  if (!isDecided) return { value, error: Infinity, size };
  const areFinite = values.every((each) => Number.isFinite(each.value));
  if (!Number.isFinite(value)) return { value, error: areFinite ? Infinity : 0, size };
  return { ...bounded(value, error + size * wideError(values.length)), size };
}

const exactly = (values: ArrayLike<number>) => Array.from(values, (value) => ({ value, error: 0 }));

function quotient(sum: Bounded, divisor: Bounded): Bounded {
  if (divisor.error === 0 && divisor.value === 0) return { value: 0, error: 0 };
  const value = sum.value / divisor.value;
  if (divisor.error >= Math.abs(divisor.value) / 2 || Number.isNaN(divisor.error)) {
    return { value, error: Infinity };
  }
  if (!Number.isFinite(value)) {
    const isUnknown = Number.isFinite(sum.value) || sum.error === Infinity;
    return { value, error: isUnknown ? Infinity : 0 };
  }
  const relative = divisor.error / Math.abs(divisor.value);
  const own = Number.isFinite(divisor.value) ? sum.error / Math.abs(divisor.value) : 0;
  return bounded(value, (own + Math.abs(value) * (relative + wideError(0))) * 2);
}

/** What `apply` has to answer. */
export function exactApply(program: Program): Exact {
  const { dtype, reduction } = program;
  const losses = exactLosses(program, dtype, true);
  const sampleWeight = program.sampleWeight && weightsOf(program.sampleWeight, dtype);
  const mask = program.mask && maskOf(program.mask);
  const all = mask && sampleWeight ? product(sampleWeight, mask) : (sampleWeight ?? mask);
  const { values, shape } = all ? weighted(losses, all) : losses;
  if (reduction === null || reduction === "none") {
    return { dtype, shape: [...shape], values: withScale(values, mask, reduction) };
  }
  const sum = sumOf(values);
  const number = (value: Bounded): Exact => ({ dtype, shape: undefined, values: [value] });
  if (reduction === "sum") return number(sum);
  const [scaled] = withScale([sum], mask, reduction);
  if (shape.length === 0) return number(scaled);
  if (reduction === "mean_with_sample_weight" && all) {
    return number(quotient(sum, sumOf(exactly(all.values))));
  }
  return number(quotient(scaled, { value: sizeOf(shape), error: 0 }));
}

/** Where a mean is asked for, what a mask keeps weighs as much more as the rest weighs less. */
function withScale(
  values: readonly Bounded[],
  mask: Column | undefined,
  reduction: Program["reduction"],
): readonly Bounded[] {
  if (mask === undefined || (reduction !== "mean" && reduction !== "sum_over_batch_size")) {
    return values;
  }
  const kept = Array.from(mask.values).reduce((sum, value) => sum + value, 0);
  const scale = kept === 0 ? 0 : mask.values.length / kept;
  return values.map(({ value, error }) => {
    if (error === Infinity || !Number.isFinite(value)) return { value: value * scale, error };
    return bounded(value * scale, error * scale + Math.abs(value * scale) * wideError(0));
  });
}

/** What the function has to answer. */
export function exactFunction(program: Program): Exact {
  const { dtype: from, form } = program.predictions;
  const dtype = form !== "nested" && isFloating(from) ? (from as FloatDtype) : "float32";
  return { dtype, ...exactLosses(program, dtype, false) };
}

/** What `call` has to answer. */
export function exactCall(program: Program): Exact {
  const { dtype } = program;
  return { dtype, ...exactLosses(program, dtype, true) };
}

/** Whether a result is right: between the roundings of the least and the most that it may be. */
export function isRight(dtype: FloatDtype, got: number, { value, error }: Bounded): boolean {
  if (error === Infinity) return true;
  if (Number.isNaN(value)) return Number.isNaN(got);
  return (
    got >= roundedTo(dtype, value - error, "float64") &&
    got <= roundedTo(dtype, value + error, "float64")
  );
}
