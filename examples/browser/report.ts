/** The contestants, in the order of the results. */
export const contestantNames = {
  wasm: "maxmargin, WebAssembly",
  js: "maxmargin, JavaScript",
  loop: "fastest plain loop",
  idiomatic: "map and reduce",
};

export type ContestantName = keyof typeof contestantNames;

/** How a contestant did. Figures are medians over the rounds. */
export interface Timing {
  readonly contestant: ContestantName;
  readonly rounds: number;
  readonly nsPerValue: number;
  /** How many times as fast as the loop. */
  readonly timesLoop: number;
  /** From the tenth to the ninetieth percentile of the times, as nanoseconds per value. */
  readonly range: readonly [number, number];
}

/** A message of the worker. The first one is the backend, the last one none of the first three. */
export type Report =
  | { readonly kind: "backend"; readonly name: string; readonly error: string | null }
  | { readonly kind: "progress"; readonly text: string }
  | { readonly kind: "agreement"; readonly text: string }
  | { readonly kind: "disagreement"; readonly mistakes: readonly string[] }
  | { readonly kind: "timings"; readonly timings: readonly Timing[] }
  | { readonly kind: "failure"; readonly message: string };
