import { thousands } from "../../report/words.js";
import { makeBatch } from "./batch.js";
import type { Answer, BenchCase } from "./case.js";
import { type Contestant, type ContestantName, makeContestant, takesPart } from "./contestants.js";

/** Loops add in double, and round nothing to float32. */
const tolerance = 1e-6;

const isClose = (value: number, expected: number) =>
  Math.abs(value - expected) <= tolerance * Math.abs(expected);

const valuesOf = (answer: Answer): ArrayLike<number> =>
  typeof answer === "number" ? [answer] : answer instanceof Float32Array ? answer : answer.flat();

type Same = (value: number, expected: number) => boolean;

/** Returns the first difference between two answers. */
function difference(
  answer: ArrayLike<number>,
  expected: ArrayLike<number>,
  same: Same,
): string | undefined {
  if (answer.length !== expected.length) return `${answer.length} values, not ${expected.length}`;
  for (let i = 0; i < answer.length; i++) {
    if (same(answer[i], expected[i])) continue;
    const place = answer.length === 1 ? "" : ` at ${i}`;
    return `${answer[i]}${place}, not ${expected[i]}`;
  }
  return undefined;
}

/**
 * Runs every contestant once, and compares its answer with the first one's: this library's backends
 * bit for bit, the others within a millionth.
 *
 * @returns the differences, a line each.
 */
export function mistakes([first, ...others]: readonly Contestant[]): string[] {
  if (first === undefined) return [];
  first.prepare();
  const expected = valuesOf(first.run());
  return others.flatMap(({ name, prepare, run }) => {
    prepare();
    const isPlain = name === "loop" || name === "mapReduce";
    const wrong = difference(valuesOf(run()), expected, isPlain ? isClose : Object.is);
    return wrong === undefined ? [] : [`${name} computes ${wrong} as ${first.name} does`];
  });
}

/** Compares all answers to a case, and returns what differs. */
export function checkCase(
  one: BenchCase,
  size: number,
  names: readonly ContestantName[],
): string[] {
  const batch = makeBatch(one.labels, one.width, size);
  const taking = names.filter((name) => takesPart(name, size));
  const place = `${one.title}, ${thousands(batch.predictions.length)} values`;
  return mistakes(taking.map((name) => makeContestant(one, name, batch))).map(
    (mistake) => `${place}: ${mistake}`,
  );
}
