import { makeBatch } from "./batch.js";
import { type Case, combinations, type Result } from "./cases.js";
import { difference, isClose, valuesOf } from "./check.js";
import { automatic, libraryCall, loopOne } from "./contestants.js";
import { median, race } from "./timing.js";

/** The time of a call on one batch. */
export interface Growth {
  readonly result: Result;
  readonly values: number;
  readonly implementation: "maxmargin" | "plain loop";
  readonly nsPerCall: number;
}

/** From a hundred values to 5 GB of labels and predictions. */
const sizes = [2, 3, 4, 5, 6, 7, 8].flatMap((power) => [10 ** power, 3 * 10 ** power]);

export const growthCases: Case[] = combinations({
  result: ["mean", "rows", "gradient"],
  labelDtype: ["int8"],
  width: [10],
  n: [...sizes, 1e9],
});

/** What the arrays of a case take: labels, predictions, and the results of both contestants. */
export const bytesOf = ({ n, result }: Case) => n * (result === "gradient" ? 13 : 5.8);

const effort = { warmUpMs: 20, sampleMs: 1, budgetMs: 2000, minRounds: 3, maxRounds: 21 };

/** Times the library and the plain loop; their answers are compared first. */
export function growth(one: Case): Growth[] {
  const batch = makeBatch(one);
  const own = automatic(libraryCall(one, batch));
  const loop = loopOne(one, batch);
  const answers = [own, loop].map(({ prepare, run }) => {
    prepare();
    return valuesOf(run());
  });
  const wrong = difference(answers[0], answers[1], isClose(1e-6));
  if (wrong !== undefined) throw new Error(`${one.name}: ${wrong}`);
  const times = race([own, loop], effort).map(median);
  const { result } = one;
  const values = batch.rows * batch.width;
  return [
    { result, values, implementation: "maxmargin", nsPerCall: times[0] },
    { result, values, implementation: "plain loop", nsPerCall: times[1] },
  ];
}
