// The benchmark: checks every answer, and then times everything.
import { type BenchThread, withThreads } from "./bench-thread.js";
import { cases } from "./cases.js";
import { type ContestantName, takesPart } from "./contestants.js";
import { race } from "./timing.js";

/** The figures of a case in one size. */
export interface Measured {
  readonly case: string;
  readonly title: string;
  readonly width: number;
  /** The values of the batch, in whole rows. */
  readonly values: number;
  /** Median times. A backend that cannot run here is missing, and so is what was not timed. */
  readonly nsPerValue: Readonly<Partial<Record<ContestantName, number>>>;
}

/** What to run. */
export interface BenchRequest {
  readonly sizes: readonly number[];
  readonly signal: AbortSignal;
  /** Receives what is going on. */
  readonly onProgress: (text: string) => void;
}

const titleOf = (index: number) => `${index + 1} of ${cases.length}: ${cases[index].title}`;

/**
 * Checks all answers.
 *
 * @throws Error if some differ, with each of them.
 */
async function checkAll(request: BenchRequest, names: readonly ContestantName[]): Promise<void> {
  const { sizes, signal, onProgress } = request;
  const mistakes: string[] = [];
  for (const index of cases.keys()) {
    onProgress(`checking ${titleOf(index)}`);
    await withThreads(1, signal, async ([thread]) => {
      for (const size of sizes) mistakes.push(...(await thread.ask("check", index, size, names)));
    });
  }
  if (mistakes.length === 0) return;
  throw new Error(`answers differ, so nothing was timed\n  ${mistakes.join("\n  ")}`);
}

/** A contestant, and the thread that it has to itself. */
type Entrant = readonly [name: ContestantName, thread: BenchThread];

const sampler = (thread: BenchThread) => () => thread.ask("sample");

async function timeSize(
  index: number,
  size: number,
  entrants: readonly Entrant[],
): Promise<Measured> {
  let values = 0;
  for (const [name, thread] of entrants) values = await thread.ask("prepare", index, name, size);
  const times = await race(entrants.map(([, thread]) => sampler(thread)));
  const figures = entrants.map(([name], i) => [name, times[i] / values]);
  const { name, title, width } = cases[index];
  return { case: name, title, width, values, nsPerValue: Object.fromEntries(figures) };
}

/**
 * Runs the benchmark. Each contestant has a thread of its own for each case: a compiler specializes
 * functions for what they were called with, so others would slow it down.
 *
 * @throws Error if answers differ; then nothing is timed.
 */
export async function runBench(request: BenchRequest): Promise<Measured[]> {
  const { sizes, signal, onProgress } = request;
  const names = await withThreads(1, signal, ([thread]) => thread.ask("names"));
  await checkAll(request, names);
  const measured: Measured[] = [];
  for (const index of cases.keys()) {
    onProgress(`timing ${titleOf(index)}`);
    await withThreads(names.length, signal, async (threads) => {
      const all = names.map((name, i): Entrant => [name, threads[i]]);
      for (const size of sizes) {
        const entrants = all.filter(([name]) => takesPart(name, size));
        measured.push(await timeSize(index, size, entrants));
      }
    });
  }
  return measured;
}
