/** The one place that looks at the clock. */

export interface Runner {
  /** Whatever has to be set before it runs; not timed. */
  prepare(): void;
  run(): unknown;
}

export interface Effort {
  /** How long each runner runs before it is timed, for the compiler to have seen it. */
  readonly warmUpMs: number;
  /** Calls are repeated until a sample lasts as long. */
  readonly sampleMs: number;
  /** As many rounds as last as long, within the bounds. */
  readonly budgetMs: number;
  readonly minRounds: number;
  readonly maxRounds: number;
}

/** What a call gave: it cannot be left out as unused. */
export let sink: unknown;

function msOf({ run }: Runner, calls: number): number {
  const start = performance.now();
  for (let i = 0; i < calls; i++) sink = run();
  return performance.now() - start;
}

/** The shorter of two samples: one alone may be long because another program ran meanwhile. */
const shorterMsOf = (runner: Runner, calls: number) =>
  Math.min(msOf(runner, calls), msOf(runner, calls));

/** How many calls last as long as a sample has to. */
function warmUp(runner: Runner, { warmUpMs, sampleMs }: Effort): { calls: number; ms: number } {
  runner.prepare();
  let calls = 1;
  let ms = shorterMsOf(runner, calls);
  for (let total = 2 * ms; total < warmUpMs || ms < sampleMs; total += 2 * ms) {
    if (ms < sampleMs) calls *= 2;
    ms = shorterMsOf(runner, calls);
  }
  return { calls, ms };
}

/**
 * Times runners in alternating rounds, so that what slows the machine down for a while slows all of them.
 * Returns the nanoseconds a call took, for each runner in each round.
 */
export function race(runners: readonly Runner[], effort: Effort): number[][] {
  const laps = runners.map((runner) => warmUp(runner, effort));
  const roundMs = laps.reduce((sum, { ms }) => sum + ms, 0);
  const affordable = Math.floor(effort.budgetMs / roundMs);
  const rounds = Math.max(effort.minRounds, Math.min(effort.maxRounds, affordable));
  const times: number[][] = runners.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, runner] of runners.entries()) {
      const calls = laps[i].calls;
      runner.prepare();
      times[i].push((msOf(runner, calls) * 1e6) / calls);
    }
  }
  return times;
}

/** The value below which a share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)];
  return below + (sorted[Math.ceil(place)] - below) * (place % 1);
}

export const median = (values: readonly number[]) => quantile(values, 0.5);

/** a / b, round by round. */
export const ratios = (a: readonly number[], b: readonly number[]) => a.map((x, i) => x / b[i]);
