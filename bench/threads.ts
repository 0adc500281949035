import { makeBatch } from "./batch.js";
import { type Case, combinations } from "./cases.js";
import { bestNative, libraryCall, mostThreads } from "./contestants.js";
import { median, race, ratios } from "./timing.js";

/** The time of a call with a number of threads. */
export interface Scaling {
  readonly values: number;
  readonly threads: number;
  readonly nsPerCall: number;
  /** How many times as fast as with one thread: the median over the rounds. */
  readonly timesOne: number;
}

/** Within the caches, and far beyond them: two arrays of 256 MB. */
export const threadCases: Case[] = combinations({ n: [1e5, 1e6, 1e7, 6.4e7] });

const effort = { warmUpMs: 50, sampleMs: 2, budgetMs: 3000, minRounds: 9, maxRounds: 31 };

/** Times the best kernel with each number of threads; all answers must have the same bits. */
export function threads(one: Case): Scaling[] {
  const batch = makeBatch(one);
  const run = libraryCall(one, batch);
  const all = Array.from({ length: mostThreads }, (_, i) => bestNative(run, i + 1));
  const answers = all.map(({ prepare, run }) => {
    prepare();
    return run();
  });
  if (answers.some((answer) => !Object.is(answer, answers[0]))) {
    throw new Error(`${one.name}: not the same bits, ${answers.join(", ")}`);
  }
  const times = race(all, effort);
  return all.map(({ threads }, i) => ({
    values: batch.rows * batch.width,
    threads,
    nsPerCall: median(times[i]),
    timesOne: median(ratios(times[0], times[i])),
  }));
}
