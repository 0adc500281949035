// Weights and masks, by docs/weights.md: what each loss weighs, and what their sum is divided by.
import type { FloatDtype, Reduction } from "maxmargin";
import { castValues } from "../support/data.js";
import { type Bounded, bounded, exactly, sumOf, wideError } from "./bounded.js";
import { Refusal } from "./labels.js";
import type { Operand } from "./operands.js";
import type { Program } from "./program.js";
import { fitting, type Pairs } from "./rows.js";
import { broadcastTo, type Shape, sizeOf, withSameRank } from "./shapes.js";

interface Column {
  readonly values: ArrayLike<number>;
  readonly shape: Shape;
}

export interface Weighting {
  readonly mask: Column | undefined;
  /** The mask in the shape of `all`. */
  readonly counts?: Column | undefined;
  /** Weights times mask, as far as there are any. */
  readonly all: Column | undefined;
}

function weightsOf({ dtype: from, data, shape }: Operand, dtype: FloatDtype): Column {
  return { values: castValues(from, data, dtype), shape };
}

const isMaskValue = (value: number) => value === 0 || value === 1;

function maskOf({ dtype, data, shape }: Operand): Column {
  const values = castValues(dtype, data, "float64");
  if (!values.every(isMaskValue)) throw new Refusal("a mask of other values than 0 and 1");
  return { values: values.map(Math.abs), shape };
}

/** Whether a program has a mask that is refused, which may be when arrays have moved into the call. */
export function hasWrongMask({ mask }: Program): boolean {
  return mask !== undefined && !castValues(mask.dtype, mask.data, "float64").every(isMaskValue);
}

function product(a: Column, b: Column): Column {
  const [own, other] = withSameRank(a.shape, b.shape);
  const shape = fitting(own, other, "weights and mask");
  const left = broadcastTo(a.values, own, shape);
  const right = broadcastTo(b.values, other, shape);
  return { values: Float64Array.from(left, (value, i) => value * right[i]), shape };
}

export function weightingOf(program: Program, dtype: FloatDtype): Weighting {
  const sampleWeight = program.sampleWeight && weightsOf(program.sampleWeight, dtype);
  const mask = program.mask && maskOf(program.mask);
  if (mask === undefined || sampleWeight === undefined) {
    return { mask, counts: mask, all: sampleWeight ?? mask };
  }
  const ones = { ...sampleWeight, values: new Float64Array(sampleWeight.values.length).fill(1) };
  return { mask, counts: product(ones, mask), all: product(sampleWeight, mask) };
}

/**
 * Weights and mask with those of the rows themselves: of their classes, and none where they are
 * ignored. They are written out to the shape of the weighted losses.
 */
export function withRowWeights(
  { formula }: Program,
  { shape, rows }: Pairs,
  { all, mask, counts }: Weighting,
): Weighting {
  const { classWeight, ignoreClass } = formula;
  if (classWeight === undefined && ignoreClass === undefined) return { all, mask };
  const ones: Column = { shape, values: new Float64Array(sizeOf(shape)).fill(1) };
  const weights = fittedTo(shape, all ?? ones);
  const kept = counts && fittedTo(shape, counts).factors;
  const rowOf = (i: number) => rows[weights.places[i]];
  const factors = Array.from(weights.factors, (factor, i) =>
    rowOf(i).isIgnored ? 0 : factor * rowOf(i).weight,
  );
  const countsOfRows = factors.map((_, i) => (rowOf(i).isIgnored ? 0 : (kept?.[i] ?? 1)));
  const isMasked = mask !== undefined || ignoreClass !== undefined;
  return {
    all: { shape: weights.shape, values: factors },
    mask: isMasked ? { shape: weights.shape, values: countsOfRows } : undefined,
  };
}

/** Losses and weights, each written out to the shape that both fit. */
interface Fitted {
  readonly shape: Shape;
  /** Which loss, and what it weighs. */
  readonly places: ArrayLike<number>;
  readonly factors: ArrayLike<number>;
}

/** @param losses - their shape. */
export function fittedTo(losses: Shape, weights: Column): Fitted {
  const [own, other] = withSameRank(losses, weights.shape);
  const shape = fitting(own, other, "losses and weights");
  return {
    shape,
    places: broadcastTo(
      Float64Array.from({ length: sizeOf(own) }, (_, i) => i),
      own,
      shape,
    ),
    factors: broadcastTo(weights.values, other, shape),
  };
}

/** The weights of each of the losses of that shape: one for every time that it is there. */
export function weightsOfEach(
  losses: Shape,
  { all, mask }: Weighting,
  reduction: Reduction,
): readonly (readonly Bounded[])[] {
  const parts = Array.from({ length: sizeOf(losses) }, (): Bounded[] => []);
  if (all === undefined) return parts.map(() => [{ value: 1, error: 0 }]);
  const { places, factors } = fittedTo(losses, all);
  for (let i = 0; i < places.length; i++) parts[places[i]].push({ value: factors[i], error: 0 });
  const scaled = scalingOf(mask, reduction);
  return parts.map((own) => own.map(scaled));
}

const isMean = (reduction: Reduction) =>
  reduction === "mean" || reduction === "sum_over_batch_size";

/** Where a mean is asked for, what a mask keeps weighs as much more as the rest weighs less. */
export function scalingOf(
  mask: Column | undefined,
  reduction: Reduction,
): (value: Bounded) => Bounded {
  if (mask === undefined || !isMean(reduction)) return (value) => value;
  const kept = Array.from(mask.values).reduce((sum, value) => sum + value, 0);
  const scale = kept === 0 ? 0 : mask.values.length / kept;
  return ({ value, error }) => {
    if (error === Infinity || !Number.isFinite(value)) return { value: value * scale, error };
    return bounded(value * scale, error * scale + Math.abs(value * scale) * wideError(0));
  };
}

/** @param shape - of the weighted losses. Undefined where their sum is not divided. */
export function divisorOf(
  shape: Shape,
  { all }: Weighting,
  reduction: Reduction,
): Bounded | undefined {
  if (shape.length === 0) return undefined;
  if (reduction === "mean_with_sample_weight" && all) return sumOf(exactly(all.values));
  if (isMean(reduction) || reduction === "mean_with_sample_weight") {
    return { value: sizeOf(shape), error: 0 };
  }
  return undefined;
}
