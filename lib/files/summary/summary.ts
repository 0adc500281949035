import { type Bar, type Histogram, histogramOf } from "./bars.js";
import { classTotalsOf } from "./class-sums.js";
import type { SavedLossSummary } from "./loss-summary.js";
import { type MarginCounts, type MarginKind, mergedMargins } from "./margins.js";
import { type WorstRow, worstOf } from "./worst-rows.js";

export type { Bar, Histogram, MarginCounts, MarginKind, WorstRow };

/** The rows of one class. */
export interface ClassAnswer {
  /** The class id, or the label: -1, 0 or 1. */
  readonly label: number;
  /** The number of rows, without those that do not count. */
  readonly rows: number;
  /** The means of the weighted losses of the rows, by the names of the losses. */
  readonly losses: Readonly<Record<string, number>>;
}

/** The distribution of margins. */
export interface MarginAnswer {
  /** What a margin is: see {@link MarginKind}. */
  readonly kind: MarginKind;
  /** The margin of the loss. */
  readonly hinge: number;
  /** The numbers of margins of each kind. */
  readonly counts: MarginCounts;
  /** The smallest and the largest finite margin; absent if there is none. */
  readonly range?: readonly [number, number];
  /** The finite margins. */
  readonly histogram: Histogram;
}

/** Properties of the rows of a data set. Margins and worst rows are those of the first loss. */
export interface Summary {
  /** The distribution of the margins. */
  readonly margins: MarginAnswer;
  /** The classes that occur, by their labels; absent if rows have no classes, or very many. */
  readonly classes?: readonly ClassAnswer[];
  /** The rows with the largest losses above 0, at most 10. NaN counts as the largest loss. */
  readonly worst: readonly WorstRow[];
}

/** The summaries of all parts of a data set, for one loss. */
export interface LossParts {
  readonly name: string;
  readonly summaries: readonly SavedLossSummary[];
}

function marginsOf(summaries: readonly SavedLossSummary[]): MarginAnswer | undefined {
  const [first, ...others] = summaries.flatMap(({ margins }) => margins ?? []);
  if (first === undefined) return undefined;
  const { kind, hinge, counts, range, bins } = mergedMargins([first, ...others]);
  return {
    kind,
    hinge,
    counts,
    ...(range[0] <= range[1] && { range }),
    histogram: histogramOf(bins, hinge),
  };
}

function classesOf(losses: readonly LossParts[]): ClassAnswer[] | undefined {
  const known = losses.flatMap(({ name, summaries }) => {
    const classes = summaries.flatMap((part) => (part.classes === null ? [] : [part.classes]));
    return classes.length === 0 ? [] : [{ name, totals: classTotalsOf(classes) }];
  });
  const [first] = known;
  if (first === undefined) return undefined;
  const labels = [...first.totals.keys()].sort((a, b) => a - b);
  return labels.map((label) => ({
    label,
    rows: first.totals.get(label)?.rows ?? 0,
    losses: Object.fromEntries(
      known.map(({ name, totals }) => {
        const { rows = 0, losses } = totals.get(label) ?? {};
        return [name, (losses?.value ?? Number.NaN) / rows];
      }),
    ),
  }));
}

/** Returns the summary of a data set; undefined if its rows have not been summarized. */
export function summaryOf(losses: readonly LossParts[]): Summary | undefined {
  const summaries = losses[0]?.summaries ?? [];
  const margins = marginsOf(summaries);
  if (margins === undefined) return undefined;
  const classes = classesOf(losses);
  return {
    margins,
    ...(classes !== undefined && { classes }),
    worst: worstOf(summaries.flatMap(({ worst }) => (worst === null ? [] : [worst]))),
  };
}
