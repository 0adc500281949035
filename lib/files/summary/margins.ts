import { described, oneOf, wrongKind, wrongValue } from "../../errors.js";
import { Bins, isBin, type SavedBin } from "./bins.js";
import { countFrom, listFrom, numberFrom, type SavedNumber, savedNumber } from "./saved.js";

/**
 * The kind of margins: `product`, a label times its prediction; `difference`, the prediction for the
 * class of a row minus the largest other one.
 */
export type MarginKind = "product" | "difference";

const kinds: readonly MarginKind[] = ["product", "difference"];

/** Exact numbers of margins. */
export interface MarginCounts {
  /** All margins. */
  readonly all: number;
  /** Those below the margin of the loss, minus infinity among them. */
  readonly inside: number;
  /** Those that are not above 0, minus infinity among them. */
  readonly misclassified: number;
  /** Those that are NaN. */
  readonly nan: number;
  /** Those that are infinity. */
  readonly infinite: number;
  /** Those that are minus infinity. */
  readonly minusInfinite: number;
}

/** {@link Margins} as JSON. */
export interface SavedMargins {
  readonly kind: MarginKind;
  /** The margin of the loss, in its dtype. */
  readonly hinge: SavedNumber;
  readonly counts: MarginCounts;
  /** The smallest and the largest finite margin: infinities if there is none. */
  readonly range: readonly [SavedNumber, SavedNumber];
  /** The finite margins. */
  readonly bins: readonly SavedBin[];
}

/** The margins of all parts. */
interface MergedMargins extends SavedMargins {
  readonly hinge: number;
  readonly range: readonly [number, number];
}

/** Margins of a block, which are computed when they are written. */
export interface MarginValues {
  /** The number of margins, if no row is left out. */
  readonly length: number;
  /** Writes the margins from one place up to another, and returns how many these are. */
  write(from: number, to: number, margins: Float64Array): number;
}

/** Some margins of a block. */
const some = new Float64Array(4096);

/** Counts margins. */
export class Margins {
  readonly kind: MarginKind;
  readonly #hinge: number;
  readonly #bins: Bins;
  #all = 0;
  #smallest = Infinity;
  #largest = -Infinity;

  constructor(kind: MarginKind, hinge: number) {
    this.kind = kind;
    this.#hinge = hinge;
    this.#bins = new Bins(hinge);
  }

  add(margins: MarginValues): void {
    for (let from = 0; from < margins.length; from += some.length) {
      const n = margins.write(from, Math.min(from + some.length, margins.length), some);
      this.#all += n;
      this.#widenRange(n);
      this.#bins.add(some, n);
    }
  }

  #widenRange(n: number): void {
    let smallest = this.#smallest;
    let largest = this.#largest;
    for (let i = 0; i < n; i++) {
      const margin = some[i] as number;
      if (margin < smallest && margin > -Infinity) smallest = margin;
      if (margin > largest && margin < Infinity) largest = margin;
    }
    this.#smallest = smallest;
    this.#largest = largest;
  }

  toJSON(): SavedMargins {
    const bins = this.#bins;
    const { below, notPositive, nan, infinite, minusInfinite } = bins;
    return {
      kind: this.kind,
      hinge: savedNumber(this.#hinge),
      counts: {
        all: this.#all,
        inside: below,
        misclassified: notPositive,
        nan,
        infinite,
        minusInfinite,
      },
      range: [savedNumber(this.#smallest), savedNumber(this.#largest)],
      bins: bins.toJSON(),
    };
  }
}

const countNames = [
  "all",
  "inside",
  "misclassified",
  "nan",
  "infinite",
  "minusInfinite",
] as const satisfies readonly (keyof MarginCounts)[];

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

/** Returns the margins of all parts. */
export function mergedMargins(parts: readonly [SavedMargins, ...SavedMargins[]]): MergedMargins {
  const [{ kind, hinge }] = parts;
  if (!kinds.includes(kind)) throw wrongKind("margins.kind", oneOf(kinds), described(kind));
  const [own, other] = new Set(parts.map((part) => `${part.kind}, ${part.hinge}`));
  if (other !== undefined) throw wrongValue("margins", `margins of one kind, ${own}`, other);
  const counts = countNames.map((name) => [
    name,
    sum(parts.map((part) => countFrom(`margins.counts.${name}`, part.counts?.[name]))),
  ]);
  const ends = (i: 0 | 1) => parts.map(({ range }) => numberFrom("margins.range", range?.[i]));
  return {
    kind,
    hinge: numberFrom("margins.hinge", hinge),
    counts: Object.fromEntries(counts) as MarginCounts,
    range: [Math.min(...ends(0)), Math.max(...ends(1))],
    bins: mergedBins(parts.map(({ bins }) => listFrom("margins.bins", bins))),
  };
}

function mergedBins(parts: readonly (readonly SavedBin[])[]): SavedBin[] {
  const merged = new Map<number, number>();
  for (const bin of parts.flat()) {
    const [number, count] = listFrom("margins.bins", bin) as SavedBin;
    if (!isBin(number)) throw wrongKind("margins.bins", "bins", described(number));
    merged.set(number, (merged.get(number) ?? 0) + countFrom("margins.bins", count));
  }
  return [...merged].sort(([a], [b]) => a - b);
}
