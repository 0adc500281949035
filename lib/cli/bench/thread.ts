// A thread that answers the questions of bench-thread.ts.
import "../../start.js";
import { parentPort } from "node:worker_threads";
import { makeBatch } from "./batch.js";
import type { Questions } from "./bench-thread.js";
import { cases } from "./cases.js";
import { checkCase } from "./check.js";
import { contestantNames, makeContestant } from "./contestants.js";
import { samplerOf } from "./timing.js";

let sampler: (() => number) | undefined;

const answers: Questions = {
  names: contestantNames,
  check: (index, size, names) => checkCase(cases[index], size, names),
  prepare(index, name, size) {
    const one = cases[index];
    const batch = makeBatch(one.labels, one.width, size);
    sampler = samplerOf(makeContestant(one, name, batch));
    return batch.predictions.length;
  },
  sample: () => sampler?.() as number,
};

parentPort?.on("message", ([question, ...args]: [keyof Questions, ...never[]]) => {
  const answer = answers[question] as (...args: never[]) => unknown;
  parentPort?.postMessage(answer(...args));
});
