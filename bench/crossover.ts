import { setBackend } from "maxmargin";
import { makeBatch } from "./batch.js";
import { type Case, combinations, ofIds } from "./cases.js";
import { libraryCall } from "./contestants.js";
import { median, race } from "./timing.js";

/** Up to which size JavaScript is cheaper than the way into C++, for one kind of call. */
export interface Crossover {
  readonly case: string;
  /** From this size on every native call was cheaper; null if there was none. */
  readonly n: number | null;
  /** At that size, or the last. */
  readonly nsNative: number;
  readonly nsJavaScript: number;
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

export function crossover(kind: Case): Crossover {
  const times = sizes.map((n) => {
    const run = libraryCall({ ...kind, n }, makeBatch({ ...kind, n }));
    const native = { prepare: () => setBackend("native"), run };
    const javaScript = { prepare: () => setBackend("js"), run };
    const [nsNative, nsJavaScript] = race([native, javaScript], effort).map(median);
    return { n, nsNative, nsJavaScript };
  });
  const lost = times
    .map(({ nsNative, nsJavaScript }) => nsNative >= nsJavaScript)
    .lastIndexOf(true);
  const crossing = times[lost + 1];
  return { case: kind.name, ...(crossing ?? { ...times[lost], n: null }) };
}
