import { ExactSum } from "../backend/exact-sum.js";
import { described, oneOf, wrongKind, wrongValue } from "../errors.js";
import type { Formula } from "../losses/spec.js";
import { roundTo } from "../tensor/cast.js";
import type { FloatDtype } from "../tensor/dtypes.js";
import { shown } from "../tensor/shapes.js";
import { weightOptions } from "./arguments.js";
import { callOf, checked, type Steps } from "./calls.js";
import { isEmpty } from "./empty.js";
import type { Evaluation } from "./evaluation.js";
import { formulaConfig } from "./formula.js";
import { hasZeros } from "./labels.js";
import { isMasked, isWeighted, type Plan } from "./plan.js";
import {
  checkReduction,
  divisorOf,
  isUnreduced,
  quotient,
  type Reduction,
  type SummedRows,
} from "./reduction.js";

/** An exact sum as a list of numbers that survives JSON: NaN and infinities are strings. */
export type SavedSum = readonly (number | string)[];

/**
 * How labels were read whose encoding is `"auto"`: as 0 for -1 and 1, or unchanged. `either`: all are
 * 1, or there is none.
 */
type Reading = "binary" | "signed" | "either";

const readings: readonly Reading[] = ["binary", "signed", "either"];

/** What has to be the same in parts that are merged. */
interface Kind extends Omit<SummedRows, "rows"> {
  /** The loss with its dtype and options, as JSON. */
  readonly loss: string;
  /** The dtype of the loss, to which results are rounded. */
  readonly dtype: FloatDtype;
  /** The number of terms whose mean is the loss of a row, if the sum is one of terms. */
  readonly terms: number;
}

/** A {@link PartialLoss} as JSON. */
export interface SavedPartialLoss extends Kind {
  /** The reduction of the loss. */
  readonly reduction: Reduction;
  /** How labels were read whose encoding is `"auto"`: 0 as -1, or unchanged, or no label tells. */
  readonly reading: Reading;
  /** The number of rows. */
  readonly rows: number;
  /** The sum of the weighted losses of the rows. */
  readonly losses: SavedSum;
  /** The sum of the weights of the rows. */
  readonly weights: SavedSum;
  /** The number of rows that count. */
  readonly kept: SavedSum;
}

/** The exact sums of one part. */
interface Sums {
  readonly losses: ExactSum;
  readonly weights: ExactSum;
  readonly kept: ExactSum;
}

/**
 * The loss of a part of a data set: exact sums of the weighted losses, of the weights and of the rows
 * that count, and how the labels were read. Parts merge in any order to the same bits.
 *
 * @example
 * ```ts
 * import { Hinge, PartialLoss } from "maxmargin";
 *
 * const loss = new Hinge();
 * const total = loss.partial([[0, 1]], [[0.5, 0.5]]);
 * const saved = JSON.stringify(loss.partial([[0, 0]], [[0.5, -0.5]]));
 * total.merge(PartialLoss.fromJSON(JSON.parse(saved)));
 * total.value(); //=> 1
 * total.rows; //=> 2
 * ```
 */
export class PartialLoss {
  readonly #kind: Kind;
  readonly #reduction: Reduction;
  readonly #sums: Sums;
  #reading: Reading;
  #rows: number;

  /** @internal */
  constructor(kind: Kind, reduction: Reduction, rows: number, reading: Reading, sums: Sums) {
    this.#kind = kind;
    this.#reduction = reduction;
    this.#rows = rows;
    this.#reading = reading;
    this.#sums = sums;
  }

  /**
   * Loads a part from JSON.
   *
   * @param saved - the result of `toJSON`, or what `JSON.parse` made of it.
   * @returns the part.
   * @throws TypeError if it is not such an object.
   */
  static fromJSON(saved: SavedPartialLoss): PartialLoss {
    if (typeof saved !== "object" || saved === null) {
      throw wrongKind("saved", "an object that toJSON returned", described(saved));
    }
    const { loss, dtype, terms, isWeighted, isMasked, weightRepeats, reduction, reading, rows } =
      saved;
    checkReduction(reduction);
    if (!readings.includes(reading))
      throw wrongKind("saved.reading", oneOf(readings), described(reading));
    for (const [name, value] of Object.entries({ terms, weightRepeats, rows })) {
      if (typeof value !== "number") throw wrongKind(`saved.${name}`, "a number", described(value));
    }
    const sumOf = (name: "losses" | "weights" | "kept") => {
      if (Array.isArray(saved[name])) return ExactSum.from(saved[name]);
      throw wrongKind(`saved.${name}`, "a list of numbers", described(saved[name]));
    };
    const kind = { loss, dtype, terms, isWeighted, isMasked, weightRepeats };
    const sums = { losses: sumOf("losses"), weights: sumOf("weights"), kept: sumOf("kept") };
    return new PartialLoss(kind, reduction, rows, reading, sums);
  }

  /**
   * How labels were read whose encoding is `"auto"`.
   *
   * @internal
   */
  get reading(): Reading {
    return this.#reading;
  }

  /** The number of rows, of those that do not count too. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Adds another part.
   *
   * @param other - a part of the same loss, with the same options.
   * @throws TypeError if `other` is no part; RangeError if its loss, dtype or options are others, if
   *   only one of the two has weights or a mask, if rows have another width, or if labels were read
   *   as 0 and 1 in only one of the two: set `labels` to `"binary"` or `"signed"` then.
   */
  merge(other: PartialLoss): void {
    if (!(other instanceof PartialLoss))
      throw wrongKind("other", "a PartialLoss", described(other));
    const [own, others] = [this, other].map((part) => JSON.stringify(part.#kind));
    if (own !== others) throw wrongValue("other", `a part of the same kind, ${own}`, `${others}`);
    const merged = [this.#reading, other.#reading].filter((reading) => reading !== "either");
    if (new Set(merged).size > 1) {
      throw wrongValue(
        "other",
        `labels that were read as ${this.#reading}; set labels to "binary" or "signed"`,
        `labels that were read as ${other.#reading}`,
      );
    }
    this.#reading = merged[0] ?? "either";
    this.#rows += other.#rows;
    this.#sums.losses.addAll(other.#sums.losses);
    this.#sums.weights.addAll(other.#sums.weights);
    this.#sums.kept.addAll(other.#sums.kept);
  }

  /**
   * Returns the loss, reduced.
   *
   * @param reduction - a reduction to one number; by default the loss's own.
   * @returns what `value` of the loss returns for all parts in one batch, except for the order of
   *   additions inside about 8192 values where parts are cut.
   * @throws RangeError or TypeError if the reduction is another one.
   */
  value(reduction: Reduction = this.#reduction): number {
    checkReduction(reduction);
    if (isUnreduced(reduction)) {
      throw wrongValue("reduction", "a reduction to one number", described(reduction));
    }
    const { dtype, terms } = this.#kind;
    const divisor = divisorOf({ ...this.#kind, rows: this.#rows }, reduction, this.#sums) * terms;
    return roundTo(dtype, quotient(this.#sums.losses.value, divisor));
  }

  /** Returns the part as an object that survives JSON. */
  toJSON(): SavedPartialLoss {
    const { losses, weights, kept } = this.#sums;
    return {
      ...this.#kind,
      reduction: this.#reduction,
      reading: this.#reading,
      rows: this.#rows,
      losses: losses.toJSON(),
      weights: weights.toJSON(),
      kept: kept.toJSON(),
    };
  }
}

const lossOf = (formula: Formula) =>
  JSON.stringify({ loss: formula.spec.name, ...formulaConfig(formula) });

function readingOf(plan: Plan, wasBinary: boolean): Reading {
  const { labels, spec } = plan.formula;
  if (labels !== "auto" || spec.family !== "elementwise" || plan.rows === 0) return "either";
  if (!wasBinary) return "signed";
  return hasZeros(plan.labels) ? "binary" : "either";
}

function* partialSteps(plan: Plan, reduction: Reduction): Steps<PartialLoss> {
  const { formula, dtype, rows, width, lossShape, weightRepeats } = plan;
  if (lossShape.length === 0 || width === 0) {
    throw wrongValue(
      "yPred",
      "rows of at least one value, in at least two axes",
      `shape ${shown(plan.predictions.shape)}`,
    );
  }
  const call = callOf(plan, "sum");
  const kind: Kind = {
    loss: lossOf(formula),
    dtype,
    terms: call.isFlat ? width : 1,
    isWeighted: isWeighted(plan),
    isMasked: isMasked(plan),
    weightRepeats,
  };
  if (isEmpty(plan)) {
    const sums = { losses: new ExactSum(), weights: new ExactSum(), kept: new ExactSum() };
    return new PartialLoss(kind, reduction, 0, "either", sums);
  }
  const totals = checked(plan, yield call);
  return new PartialLoss(kind, reduction, rows, readingOf(plan, totals.wasBinary), totals);
}

/** The evaluation that returns a part. */
export const partialEvaluation: Evaluation<PartialLoss> = {
  options: weightOptions,
  steps: partialSteps,
};
