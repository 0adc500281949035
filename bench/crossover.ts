import { setBackend } from "maxmargin";
import { makeBatch } from "./batch.js";
import { type Case, combinations, ofIds } from "./cases.js";
import { libraryCall } from "./contestants.js";
import { median, race } from "./timing.js";

/** The times of a call of n values, by implementation. */
interface Times {
  readonly n: number;
  readonly native: number;
  readonly wasm: number;
  readonly js: number;
}

/** Up to which size JavaScript is cheaper than the way into C++, for one kind of call. */
export interface Crossover {
  readonly case: string;
  /** From these sizes on every call was cheaper than in JavaScript; null if there was none. */
  readonly native: number | null;
  readonly wasm: number | null;
  /** The times of the smallest and of the largest calls. */
  readonly first: Times;
  readonly last: Times;
}

const width = 8;
const sizes = Array.from({ length: 48 }, (_, i) => (i + 1) * width);
const effort = { warmUpMs: 20, sampleMs: 0.3, budgetMs: 100, minRounds: 5, maxRounds: 21 };

const usual = { width: [width], n: [sizes.length * width] };
const labelDtype = ["float32", "int8"] as const;
const result = ["mean", "rows"] as const;
const loss = ["hinge", "squaredHinge"] as const;
const labels = ["signed", "binary"] as const;

/** The kinds of calls. */
export const kinds: Case[] = [
  ...combinations({ ...usual, loss, labels, labelDtype, result }),
  ...combinations({ ...usual, loss: ["categoricalHinge"], labels: ["onehot"], labelDtype, result }),
  ...combinations({ ...usual, ...ofIds, result }),
];

/** The first size from which on the times of an implementation are below those of JavaScript. */
function crossing(times: readonly Times[], implementation: "native" | "wasm"): number | null {
  const lost = times.map((time) => time[implementation] >= time.js).lastIndexOf(true);
  return times[lost + 1]?.n ?? null;
}

export function crossover(kind: Case): Crossover {
  const times = sizes.map((n): Times => {
    const run = libraryCall({ ...kind, n }, makeBatch({ ...kind, n }));
    const choices = (["native", "wasm", "js"] as const).map((choice) => ({
      prepare: () => setBackend(choice),
      run,
    }));
    const [native, wasm, js] = race(choices, effort).map(median);
    return { n, native, wasm, js };
  });
  return {
    case: kind.name,
    native: crossing(times, "native"),
    wasm: crossing(times, "wasm"),
    first: times[0],
    last: times[times.length - 1],
  };
}
