// Parts of batches. Where parts begin at multiples of a group, what they add up to has the bits of the whole.
import type { Stored } from "./cast.js";
import { ExactSum } from "./exact-sum.js";
import { areSigned, fallback, rowsOfGroup, valuesOfGroup } from "./fallback.js";
import { asIs, isAsIs, noSums, type Sums } from "./kernels.js";

/** The methods of `Kernels`. */
export type Operation = keyof typeof operandsOf;

/** What each operation takes, in the order of native/addon.cpp: one value a row, or one a prediction. */
const operandsOf = {
  total: ["value", "value"],
  weightedTotal: ["value", "value", "row", "row"],
  columnTotal: ["value", "value", "row", "row"],
  gradient: ["value", "value", "value", "row", "row", "row"],
  rowLosses: ["value", "value", "row", "row", "row"],
} as const;

/** How many values a row has in the operand at that place. */
export const valuesOfRow = (operation: Operation, place: number, width: number) =>
  operandsOf[operation][place] === "value" ? width : 1;

export type Views = readonly (Stored | undefined)[];

/** What computes parts. */
export interface Parts {
  /** Batches of up to so many values are computed at once, and the search for the size of a slice begins with as many. */
  readonly valuesAtOnce: number;
  /** Adds a part to the sums in its frame. */
  compute(operation: Operation, frame: Frame, views: Views): void;
  /** The same in another thread: of shared memory, or memory that nobody else has. */
  readonly background?: (operation: Operation, frame: Frame, views: Views) => Promise<void>;
}

/** What is known of a batch, and what its parts add up to so far. */
export class Frame {
  kind: number;
  readonly width: number;
  readonly dtypes: number;
  readonly divisor: number;
  losses = new ExactSum();
  weights = new ExactSum();
  kept = new ExactSum();
  /** Whether the labels of the last part were 0/1. */
  isBinary = false;
  /** How long the last part took in the background. */
  milliseconds = 0;

  constructor(kind: number, width: number, dtypes: number, divisor: number) {
    this.kind = kind;
    this.width = width;
    this.dtypes = dtypes;
    this.divisor = divisor;
  }

  get sums(): Sums {
    return { losses: this.losses.value, weights: this.weights.value, kept: this.kept.value };
  }

  /** Begins anew, with labels as they are. */
  restartAsIs(): void {
    this.kind |= asIs;
    this.losses = new ExactSum();
    this.weights = new ExactSum();
    this.kept = new ExactSum();
  }
}

function computeGroup(operation: Operation, frame: Frame, views: Views): Sums {
  const { kind, width, dtypes, divisor } = frame;
  const [y, p, a, b, c, d] = views as Stored[];
  switch (operation) {
    case "total":
      return { ...noSums, losses: fallback.total(kind, y, p, width) };
    case "weightedTotal":
    case "columnTotal":
      return fallback[operation](kind, y, p, width, dtypes, a, b);
    case "gradient": {
      const [gradient, losses] = [a, b] as Float64Array[];
      return fallback.gradient(kind, y, p, width, divisor, gradient, losses, dtypes, c, d);
    }
    case "rowLosses": {
      const isMask = fallback.rowLosses(kind, y, p, width, a as Float64Array, dtypes, b, c);
      return { ...noSums, kept: isMask ? 0 : Number.NaN };
    }
  }
}

/** The parts of the fallback: a group after the other, as each is what a chunk of the whole would be. */
export const fallbackParts: Parts = {
  valuesAtOnce: valuesOfGroup,
  compute(operation, frame, views) {
    const { kind, width } = frame;
    const rows = (views[1] as Stored).length / width;
    const step = rowsOfGroup(width);
    let isBinary = !isAsIs(kind);
    for (let first = 0; first < rows; first += step) {
      const end = Math.min(first + step, rows);
      const own = views.map((view, place) => {
        const each = valuesOfRow(operation, place, width);
        return view?.subarray(first * each, end * each);
      });
      const sums = computeGroup(operation, frame, own);
      isBinary &&= areSigned;
      frame.losses.add(sums.losses);
      frame.weights.add(sums.weights);
      frame.kept.add(sums.kept);
    }
    frame.isBinary = isBinary;
  },
};
