import { createRequire } from "node:module";
import {
  backend,
  CategoricalHinge,
  Hinge,
  SquaredHinge,
  setBackend,
  setNumThreads,
} from "maxmargin";
import { type Baseline, fastestLoop, idiomatic } from "./baselines.js";
import type { Batch } from "./batch.js";
import type { Case } from "./cases.js";
import type { Runner } from "./timing.js";

/** Something that can compute a case, or, the probe, that only reads its arrays. */
export interface Contestant extends Runner {
  /** "auto" chooses as the library does unless told otherwise. */
  readonly implementation: "native" | "js" | "auto" | "loop" | "idiomatic" | "probe";
  readonly kernel: string | null;
  readonly threads: number;
  run(): number | ArrayLike<number>;
}

const losses = { hinge: Hinge, squaredHinge: SquaredHinge, categoricalHinge: CategoricalHinge };

const { kernels, threads: allThreads, binary } = backend();

export const threadCounts = binary === null ? [] : [...new Set([1, allThreads])];

/** The call that a user of the library writes. */
export function libraryCall(
  { loss, result, predictionDtype }: Case,
  batch: Batch,
): Contestant["run"] {
  const { yTrue, yPred } = batch;
  const own = new losses[loss]({ dtype: predictionDtype });
  return result === "mean"
    ? () => own.apply(yTrue, yPred)
    : () => own.call(yTrue, yPred).data as Float32Array;
}

function nativeOnes(run: Contestant["run"], implementation: "native" | "probe", threads: number) {
  return kernels.map((kernel): Contestant => {
    const prepare = () => {
      setBackend("native", kernel);
      setNumThreads(threads);
    };
    return { implementation, kernel, threads, prepare, run };
  });
}

const inJavaScript = { kernel: null, threads: 1 };

function plain(
  implementation: "loop" | "idiomatic",
  { mean, rows }: Baseline,
  result: Case["result"],
  { plain: { yTrue, yPred }, width }: Batch,
): Contestant {
  const run = result === "mean" ? () => mean(yTrue, yPred, width) : () => rows(yTrue, yPred, width);
  return { implementation, ...inJavaScript, prepare() {}, run };
}

/** In the order of a round: each count of threads has its probes beside its kernels. */
export function contestants(one: Case, batch: Batch): Contestant[] {
  const run = libraryCall(one, batch);
  const native = threadCounts.flatMap((threads) => [
    ...nativeOnes(readProbe(batch), "probe", threads),
    ...nativeOnes(run, "native", threads),
  ]);
  return [
    ...native,
    {
      implementation: "auto",
      kernel: kernels[0] ?? null,
      threads: allThreads,
      prepare() {
        setBackend("auto");
        setNumThreads(allThreads);
      },
      run,
    },
    { implementation: "js", ...inJavaScript, prepare: () => setBackend("js"), run },
    plain("loop", fastestLoop(one.loss, one.labels), one.result, batch),
  ];
}

/** Apart, because what it leaves to the garbage collector would slow down the others. */
export function idiomaticOne(one: Case, batch: Batch): Contestant {
  return plain("idiomatic", idiomatic(one.loss, one.labels), one.result, batch);
}

/** An internal function of the addon: it loads both arrays and does nothing else. */
function readProbe({ bytesOf: [a, b] }: Batch): () => number {
  const addon = createRequire(import.meta.url)(binary as string) as {
    readProbe(a: Uint8Array, b: Uint8Array, prefetch: boolean, blocks: boolean): boolean;
  };
  return () => Number(addon.readProbe(a, b, false, false));
}
