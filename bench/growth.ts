import { makeBatch } from "./batch.js";
import { type Case, combinations } from "./cases.js";
import type { Contestant } from "./contestant.js";
import { contestants } from "./contestants.js";
import { median, race } from "./timing.js";

/** What a value costs in batches of one size. */
export interface Growth {
  readonly n: number;
  /** By implementation, with the number of threads of native ones. */
  readonly nsPerValue: Readonly<Record<string, number>>;
}

/** From a hundred values to 5 GB of them. */
const largest = 1e9;
const sizes = [2, 3, 4, 5, 6, 7, 8, 9].flatMap((power) => [10 ** power, 3 * 10 ** power]);

export const growthCases: Case[] = combinations({
  labelDtype: ["int8"],
  width: [10],
  n: sizes.filter((n) => n <= largest),
});

const effort = { warmUpMs: 20, sampleMs: 1, budgetMs: 2000, minRounds: 3, maxRounds: 21 };

const labelOf = ({ implementation, threads }: Contestant) =>
  implementation === "native"
    ? `native, ${threads} thread${threads > 1 ? "s" : ""}`
    : implementation;

/** The best kernel with each number of threads, and JavaScript; their answers are compared first. */
export function growth(one: Case): Growth {
  const batch = makeBatch(one);
  const all = contestants(one, batch);
  const best = all.find(({ implementation }) => implementation === "native")?.kernel;
  const shown = all.filter(
    ({ implementation, kernel }) =>
      implementation === "js" ||
      implementation === "loop" ||
      (implementation === "native" && kernel === best),
  );
  const answers = shown.map(({ prepare, run }) => {
    prepare();
    return run() as number;
  });
  const loop = answers[shown.findIndex(({ implementation }) => implementation === "loop")];
  const [right] = answers;
  if (answers.some((answer) => Math.abs(answer - right) > 1e-6 * right)) {
    throw new Error(`${one.name}: the answers are ${answers.join(", ")}`);
  }
  if (answers.some((answer) => answer !== loop && !Object.is(answer, right))) {
    throw new Error(`${one.name}: not the same bits, ${answers.join(", ")}`);
  }
  const times = race(shown, effort).map(median);
  const n = batch.rows * batch.width;
  return {
    n,
    nsPerValue: Object.fromEntries(shown.map((own, i) => [labelOf(own), times[i] / n])),
  };
}
