import type { PredictionDtype } from "./cases.js";
import type { Contestant } from "./contestant.js";

/** How far, by its value, an answer may be from one in double. */
const tolerances: Record<PredictionDtype, number> = {
  float64: 1e-12,
  float32: 1e-6,
  float16: 2 ** -10,
  bfloat16: 2 ** -7,
};

export const valuesOf = (answer: number | ArrayLike<number>): ArrayLike<number> =>
  typeof answer === "number" ? [answer] : answer;

/** The first place where two answers are not the same, or undefined. */
export function difference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  same: (a: number, b: number) => boolean,
): string | undefined {
  if (a.length !== b.length) return `${a.length} values instead of ${b.length}`;
  for (let i = 0; i < a.length; i++) {
    if (!same(a[i], b[i])) return `${a[i]} instead of ${b[i]} at ${i}`;
  }
  return undefined;
}

/** Plain C++ adds up in float32. */
const toleranceOfRivals = 1e-3;

export const isClose = (tolerance: number) => (a: number, b: number) =>
  Math.abs(a - b) <= tolerance * Math.abs(b);

/**
 * Runs everything once. Idiomatic JavaScript, which is a naive computation in double, tells what is right;
 * the library's answers must be the same bits among themselves. Returns what is wrong.
 */
export function mistakes(
  all: readonly Contestant[],
  oracle: Contestant,
  dtype: PredictionDtype,
): string[] {
  const close = isClose(tolerances[dtype]);
  const right = valuesOf(oracle.run());
  let first: ArrayLike<number> | undefined;
  const found: string[] = [];
  for (const { implementation, kernel, threads, prepare, run } of all) {
    if (implementation === "probe") continue;
    prepare();
    const answer = valuesOf(run());
    const near = implementation === "C++" ? isClose(toleranceOfRivals) : close;
    let wrong = difference(answer, right, near);
    if (implementation !== "loop" && implementation !== "C++") {
      first ??= answer;
      wrong ??= difference(answer, first, Object.is);
    }
    if (wrong) found.push(`${implementation} ${kernel ?? ""} ${threads} threads: ${wrong}`);
  }
  return found;
}
