import { now } from "../../surroundings.js";
import type { Contestant } from "./contestants.js";

/** Milliseconds that a contestant runs before it is timed, for the compiler to have seen it. */
const warmUp = 150;

/** Milliseconds that a sample lasts at least: calls are repeated. */
const sampleTime = 2;

/** The result of the last call: no call can be left out as unused. */
export let sink: unknown;

function timeOf({ run }: Contestant, calls: number): number {
  const start = now();
  for (let i = 0; i < calls; i++) sink = run();
  return now() - start;
}

/** Warms a contestant up, and returns the number of calls in a sample. */
function callsFor(contestant: Contestant): number {
  let calls = 1;
  let time = timeOf(contestant, calls);
  for (let total = time; total < warmUp || time < sampleTime; total += time) {
    if (time < sampleTime) calls *= 2;
    time = timeOf(contestant, calls);
  }
  return calls;
}

/** Returns a function that times a contestant once: the nanoseconds of a call. */
export function samplerOf(contestant: Contestant): () => number {
  contestant.prepare();
  const calls = callsFor(contestant);
  return () => (timeOf(contestant, calls) * 1e6) / calls;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  return sorted.length % 2 === 1 ? upper : (sorted[middle - 1] + upper) / 2;
}

/** As many rounds as last some milliseconds, within bounds. */
const rounds = { time: 500, least: 5, most: 51 };

/**
 * Takes samples in alternating rounds: what slows the machine down for a while slows everything.
 *
 * @returns the median of each.
 */
export async function race(samplers: readonly (() => Promise<number>)[]): Promise<number[]> {
  const times: number[][] = samplers.map(() => []);
  const end = now() + rounds.time;
  for (let round = 0; round < rounds.most; round++) {
    if (round >= rounds.least && now() >= end) break;
    for (const [i, sample] of samplers.entries()) times[i].push(await sample());
  }
  return times.map(median);
}
