// What a program has to answer.
import type { FloatDtype } from "maxmargin";
import { type Bounded, between, bounded, quotient, sumOf, wideError } from "./bounded.js";
import { Refusal } from "./labels.js";
import { isFloating } from "./operands.js";
import type { Program } from "./program.js";
import { lossesOf, type Pairs, pairsOf, type Slopes, slopesOf } from "./rows.js";
import { type Shape, sizeOf } from "./shapes.js";
import {
  divisorOf,
  fittedTo,
  scalingOf,
  type Weighting,
  weightingOf,
  weightsOfEach,
  withRowWeights,
} from "./weighting.js";

export interface Exact {
  readonly dtype: FloatDtype;
  /** Undefined for a number. */
  readonly shape: Shape | undefined;
  readonly values: readonly Bounded[];
}

/** What is right for all calls of a subject. */
export interface ExactAnswer {
  readonly value: Exact;
  /** Of a subject that has one. */
  readonly gradient?: Exact;
}

const unweighted: Weighting = { all: undefined, mask: undefined };

interface Losses {
  readonly values: readonly Bounded[];
  readonly shape: Shape;
}

function weighted({ values, shape }: Losses, { all }: Weighting): Losses {
  if (all === undefined) return { values, shape };
  const { shape: whole, places, factors } = fittedTo(shape, all);
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

/**
 * The derivative of a sum of losses by each prediction. What a slope is multiplied by, and the product, are rounded to the
 * type of the terms, for every weight of a loss by itself.
 */
function gradientOf(
  program: Program,
  dtype: FloatDtype,
  pairs: Pairs,
  weights: readonly (readonly Bounded[])[],
  divisor: Bounded | undefined,
): Exact {
  const { predictions, loss } = program;
  const { round, width, places } = pairs;
  const exact = (values: readonly Bounded[]) => ({ dtype, shape: predictions.shape, values });
  const parts = Array.from({ length: sizeOf(predictions.shape) }, (): Bounded[] => []);
  if (divisor?.value === 0 && divisor.error === 0) {
    return exact(parts.map(() => ({ value: 0, error: 0 })));
  }
  const terms = loss === "categorical_hinge" || loss === "crammer_singer" ? 1 : width;
  const by = {
    value: (divisor?.value ?? 1) * terms,
    error: (divisor?.error ?? 0) * terms,
  };
  const addSlopes = ({ values, kink, balanced }: Slopes, row: number, weight: Bounded) => {
    const factor = quotient(weight, by);
    const factors = kink.flatMap((slope) =>
      [factor.value - factor.error, factor.value + factor.error].map((end) => round(end * slope)),
    );
    const [least, most] = [Math.min(...factors), Math.max(...factors)];
    const isKnown = factor.error !== Infinity && new Set(factors.map(Number.isNaN)).size === 1;
    const all: Bounded[] = [];
    for (let i = 0; i < width; i++) {
      const slope = between(round(values[i] * least), round(values[i] * most));
      const known = isKnown ? slope : { ...slope, error: Infinity };
      if (balanced !== undefined) all.push(known);
      if (i !== balanced) parts[places[row * width + i]].push(known);
    }
    if (balanced === undefined) return;
    parts[places[row * width + balanced]].push(balanceOf(all, round));
  };
  slopesOf(pairs).forEach((slopes, row) => {
    // No weight can make anything else of a row that is ignored.
    if (pairs.rows[row].isIgnored) return;
    for (const weight of weights[row]) addSlopes(slopes, row, weight);
  });
  return exact(parts.map(sumOf));
}

/** The slope that those of a row leave for its class, which adds 0 to them, or NaN. */
function balanceOf(all: readonly Bounded[], round: (value: number) => number): Bounded {
  const { value, error } = sumOf(all);
  if (!Number.isFinite(value) || error === Infinity) return { value: 0 - value, error };
  return between(round(0 - value - error), round(0 - value + error));
}

/** Throws if a label is refused: labels of no rows are not looked at. */
function checkLabels({ areLabelsWrong, width }: Pairs, losses: Shape): void {
  if (areLabelsWrong && width * sizeOf(losses) > 0) throw new Refusal("a label that is none");
}

/** What `value` has to answer, and `valueAndGradient`. */
export function exactApply(program: Program): ExactAnswer {
  const { dtype, reduction } = program;
  const pairs = pairsOf(program, dtype, true);
  const weighting = withRowWeights(program, pairs, weightingOf(program, dtype));
  const { values, shape } = weighted({ values: lossesOf(pairs), shape: pairs.shape }, weighting);
  checkLabels(pairs, shape);
  const divisor = divisorOf(shape, weighting, reduction);
  const weights = weightsOfEach(pairs.shape, weighting, reduction);
  const gradient = gradientOf(program, dtype, pairs, weights, divisor);
  if (reduction === null || reduction === "none") {
    return { value: { dtype, shape: [...shape], values }, gradient };
  }
  const sum = scalingOf(weighting.mask, reduction)(sumOf(values));
  const value = divisor === undefined ? sum : quotient(sum, divisor);
  return { value: { dtype, shape: undefined, values: [value] }, gradient };
}

/** What the function has to answer, and those that take it for its gradient. */
export function exactFunction(program: Program): ExactAnswer {
  const { dtype: from, form } = program.predictions;
  const dtype = form !== "nested" && isFloating(from) ? (from as FloatDtype) : "float32";
  const pairs = pairsOf(program, dtype, false);
  checkLabels(pairs, pairs.shape);
  const weighting = withRowWeights(program, pairs, unweighted);
  const weights = weightsOfEach(pairs.shape, weighting, null);
  const { values, shape } = weighted({ values: lossesOf(pairs), shape: pairs.shape }, weighting);
  return {
    value: { dtype, shape, values },
    gradient: gradientOf(program, dtype, pairs, weights, undefined),
  };
}

/** What `call` has to answer. */
export function exactCall(program: Program): ExactAnswer {
  const { dtype } = program;
  const pairs = pairsOf(program, dtype, true);
  checkLabels(pairs, pairs.shape);
  const weighting = withRowWeights(program, pairs, unweighted);
  const { values, shape } = weighted({ values: lossesOf(pairs), shape: pairs.shape }, weighting);
  return { value: { dtype, shape, values } };
}
