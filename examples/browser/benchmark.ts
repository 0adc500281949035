// The worker: checks and times one case. Each case has a worker of its own, because a compiler
// specializes a loop for the types that it has seen, and because a worker can be stopped.
import { difference, isClose, valuesOf } from "../../bench/check.js";
import { type Effort, median, quantile, race, ratios } from "../../bench/timing.js";
import { backend } from "../../dist/web/index.js";
import { makeBatch } from "./batch.js";
import type { Choices } from "./choices.js";
import { type Contestant, contestantsFor } from "./contestants.js";
import { contestantNames, type Report, type Timing } from "./report.js";

const report = (message: Report) => postMessage(message);
const progress = (text: string) => report({ kind: "progress", text });

/** Returns the number of milliseconds by which the clock advances: browsers coarsen it. */
function clockStep(): number {
  const start = performance.now();
  let now = start;
  while (now === start) now = performance.now();
  return now - start;
}

const tolerance = 1e-6;

/** Compares the bits of the library's answers, and the others with the first one. */
function mistakes([first, ...others]: readonly Contestant[]): string[] {
  first.prepare();
  // A copy: the library writes all its gradients to one array.
  const expected = Float64Array.from(valuesOf(first.run()));
  return others.flatMap(({ name, prepare, run }) => {
    prepare();
    const same = name === "js" ? Object.is : isClose(tolerance);
    const wrong = difference(valuesOf(run()), expected, same);
    return wrong === undefined ? [] : [`${contestantNames[name]}: ${wrong}`];
  });
}

/** Times contestants in alternating rounds. */
function timed(contestants: readonly Contestant[], effort: Partial<Effort>): number[][] {
  progress(`Timing ${contestants.map(({ name }) => contestantNames[name]).join("; ")}`);
  return race(contestants, {
    warmUpMs: 300,
    sampleMs: Math.max(20, 20 * clockStep()),
    budgetMs: 3000,
    minRounds: 5,
    maxRounds: 31,
    ...effort,
  });
}

function timings(contestants: readonly Contestant[], values: number): Timing[] {
  // The last one, map and reduce, has rounds of its own: its garbage would slow down the others.
  const racing = contestants.slice(0, -1);
  const times = [
    ...timed(racing, {}),
    ...timed(contestants.slice(-1), { budgetMs: 1500, minRounds: 3 }),
  ];
  const loop = times[racing.findIndex(({ name }) => name === "loop")];
  return contestants.map(({ name }, i): Timing => {
    const own = times[i];
    return {
      contestant: name,
      rounds: own.length,
      nsPerValue: median(own) / values,
      timesLoop: i < racing.length ? median(ratios(loop, own)) : median(loop) / median(own),
      range: [quantile(own, 0.1) / values, quantile(own, 0.9) / values],
    };
  });
}

function measure(choices: Choices, hasWasm: boolean): Report {
  progress("Making random values");
  const batch = makeBatch(choices);
  progress("Checking that the answers agree");
  const contestants = contestantsFor(choices, batch, hasWasm);
  const wrong = mistakes(contestants);
  if (wrong.length > 0) return { kind: "disagreement", mistakes: wrong };
  const bits = hasWasm ? "WebAssembly and JavaScript bit for bit, the others" : "all";
  report({ kind: "agreement", text: `The answers agree: ${bits} within a millionth.` });
  return { kind: "timings", timings: timings(contestants, batch.predictions.length) };
}

const { name, error } = backend();
report({ kind: "backend", name, error });

addEventListener("message", ({ data }: MessageEvent<Choices>) => {
  try {
    report(measure(data, name === "wasm"));
  } catch (reason) {
    report({ kind: "failure", message: `${reason}` });
  }
});
