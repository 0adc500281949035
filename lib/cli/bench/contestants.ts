import { backend, setBackend } from "../../backend/backend.js";
import type { Batch } from "./batch.js";
import type { Answer, BenchCase } from "./case.js";

/** The backends of this library, a plain loop, and `map` and `reduce`. */
export type ContestantName = "native" | "wasm" | "js" | "loop" | "mapReduce";

/** Something that computes a case. */
export interface Contestant {
  readonly name: ContestantName;
  /** Chooses the backend, if it is one of this library's. Not timed. */
  prepare(): void;
  run(): Answer;
}

/** The kernel that the environment may have chosen. */
const kernel = backend().kernel ?? undefined;

const choose = {
  native: () => setBackend("native", kernel),
  wasm: () => setBackend("wasm"),
  js: () => setBackend("js"),
};

const backends = ["native", "wasm", "js"] as const;

function canRun(name: keyof typeof choose): boolean {
  try {
    choose[name]();
    return true;
  } catch {
    return false;
  }
}

/** Returns who can compute here, this library's best backend first. */
export const contestantNames = (): ContestantName[] => [
  ...backends.filter(canRun),
  "loop",
  "mapReduce",
];

/** Arrays of rows of more values take seconds and gigabytes. */
const largestForMap = 2e6;

/** Whether a contestant computes batches of so many values. */
export const takesPart = (name: ContestantName, values: number) =>
  name !== "mapReduce" || values <= largestForMap;

/** Makes a contestant, which writes to arrays of its own. */
export function makeContestant(one: BenchCase, name: ContestantName, batch: Batch): Contestant {
  if (name === "loop" || name === "mapReduce") return { name, prepare() {}, run: one[name](batch) };
  return { name, prepare: choose[name], run: one.library(batch) };
}
