import { makeBatch } from "./batch.js";
import type { Case } from "./cases.js";
import { mistakes } from "./check.js";
import type { Contestant } from "./contestant.js";
import { contestants, idiomaticOne } from "./contestants.js";
import { rivalsFor } from "./rivals.js";
import { type Effort, median, quantile, race, ratios } from "./timing.js";

/** A line of the report, and of its JSON. All figures are medians over the rounds. */
export interface Row
  extends Omit<Case, "name">,
    Pick<Contestant, "implementation" | "kernel" | "threads" | "pattern"> {
  readonly case: string;
  readonly rows: number;
  /** What a call has to read. */
  readonly bytes: number;
  readonly nsPerCall: number;
  readonly nsPerValue: number;
  readonly gbPerSecond: number;
  /** How many times as fast as the plain loop. */
  readonly ratioToJavaScript: number;
  /** What a call takes more than the plain loop. */
  readonly nsOverLoop: number;
  /** The time of the probe beside it by its own time. */
  readonly fractionOfLimit: number | null;
  /** Between which fractions four of five rounds were. */
  readonly fractionRange: readonly [number, number] | null;
  /** The width of the range of times in which four of five rounds were, by the median. */
  readonly spread: number;
  readonly rounds: number;
}

export interface Measured {
  readonly rows: readonly Row[];
  readonly mistakes: readonly string[];
}

const efforts: Record<"quick" | "full", Effort> = {
  quick: { warmUpMs: 10, sampleMs: 1, budgetMs: 700, minRounds: 5, maxRounds: 15 },
  full: { warmUpMs: 30, sampleMs: 1, budgetMs: 3000, minRounds: 9, maxRounds: 31 },
};

/** Idiomatic JavaScript takes ten seconds for more, and is no faster: then it only tells what is right. */
const largestIdiomatic = 1e7;

/** A call's way in and out outweighs the reading below this. */
const smallestLimited = 1000;

/** The rounds of the fastest probe that uses no more threads. */
function limitOf(
  threads: number,
  all: readonly Contestant[],
  times: readonly number[][],
): readonly number[] {
  return times
    .filter((_, i) => all[i].implementation === "probe" && all[i].threads <= threads)
    .reduce((best, next) => (median(next) < median(best) ? next : best));
}

interface Wanted {
  readonly one: Case;
  readonly quick: boolean;
  /** Whether plain C++ takes part, for a case that there are loops for. */
  readonly rivals: boolean;
}

/** Checks a case's answers, and times them if they are right. */
export function measure({ one, quick, rivals }: Wanted): Measured {
  const batch = makeBatch(one);
  const all = [...contestants(one, batch), ...(rivals ? rivalsFor(one, batch) : [])];
  const idiom = idiomaticOne(one, batch);
  const wrong = mistakes(all, idiom, one.predictionDtype);
  if (wrong.length > 0) return { rows: [], mistakes: wrong };

  const effort = efforts[quick ? "quick" : "full"];
  const times = race(all, effort);
  const isHuge = one.n > largestIdiomatic;
  const [idiomTimes] = isHuge ? [] : race([idiom], { ...effort, minRounds: 1, maxRounds: 5 });
  const loopTimes = times[all.findIndex(({ implementation }) => implementation === "loop")];
  const n = batch.rows * batch.width;
  const { name, ...rest } = one;

  const toRow = (
    { implementation, kernel, threads, pattern }: Contestant,
    own: readonly number[],
  ): Row => {
    const nsPerCall = median(own);
    const limited = implementation === "native" && n >= smallestLimited;
    const fractions = limited ? ratios(limitOf(threads, all, times), own) : null;
    return {
      case: name,
      ...rest,
      width: batch.width,
      rows: batch.rows,
      bytes: batch.bytes,
      implementation,
      kernel,
      threads,
      ...(pattern !== undefined && { pattern }),
      nsPerCall,
      nsPerValue: nsPerCall / n,
      gbPerSecond: batch.bytes / nsPerCall,
      // Idiomatic JavaScript has rounds of its own.
      ratioToJavaScript:
        own === idiomTimes ? median(loopTimes) / nsPerCall : median(ratios(loopTimes, own)),
      nsOverLoop: nsPerCall - median(loopTimes),
      fractionOfLimit: fractions && median(fractions),
      fractionRange: fractions && [quantile(fractions, 0.1), quantile(fractions, 0.9)],
      spread: (quantile(own, 0.9) - quantile(own, 0.1)) / nsPerCall,
      rounds: own.length,
    };
  };
  const rows = all.map((contestant, i) => toRow(contestant, times[i]));
  if (idiomTimes !== undefined) rows.push(toRow(idiom, idiomTimes));
  return { rows, mistakes: [] };
}
