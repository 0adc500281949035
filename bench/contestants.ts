import {
  backend,
  CategoricalHinge,
  CrammerSinger,
  Hinge,
  SquaredHinge,
  setBackend,
  setNumThreads,
  WestonWatkins,
} from "maxmargin";
import { type Baseline, fastestLoop, idiomatic, weightedBy } from "./baselines.js";
import type { Batch } from "./batch.js";
import type { Case } from "./cases.js";
import { gradientsOfIds, idiomaticOfIds, loopOfIds } from "./class-ids.js";
import type { Contestant } from "./contestant.js";
import { probes } from "./probe.js";
import { gradients } from "./slopes.js";

const losses = {
  hinge: Hinge,
  squaredHinge: SquaredHinge,
  categoricalHinge: CategoricalHinge,
  crammerSinger: CrammerSinger,
  westonWatkins: WestonWatkins,
};

const { kernels, threads: allThreads, binary } = backend();

/** 0 without the addon, which alone has threads. */
export const mostThreads = binary === null ? 0 : allThreads;

export const threadCounts = binary === null ? [] : [...new Set([1, allThreads])];

/** The call that a user of the library writes. */
export function libraryCall(
  { loss, result, labels, predictionDtype: dtype }: Case,
  batch: Batch,
): Contestant["run"] {
  const { yTrue, yPred, options } = batch;
  const settings = labels === "sparse" ? { dtype, labels } : { dtype };
  if (result === "gradient") {
    const own = new losses[loss](settings);
    const out = own.gradient(yTrue, yPred, options).data as Float32Array;
    return () => own.gradient(yTrue, yPred, { ...options, out }).data as Float32Array;
  }
  if (result === "mean") {
    const own = new losses[loss](settings);
    return options === undefined
      ? () => own.value(yTrue, yPred)
      : () => own.value(yTrue, yPred, options);
  }
  if (options !== undefined) {
    const own = new losses[loss]({ ...settings, reduction: null });
    return () => own.value(yTrue, yPred, options).data as Float32Array;
  }
  const own = new losses[loss](settings);
  const out = own.call(yTrue, yPred).data;
  return () => own.call(yTrue, yPred, { out }).data as Float32Array;
}

function withKernel(kernel: string, threads: number): () => void {
  return () => {
    setBackend("native", kernel);
    setNumThreads(threads);
  };
}

/** The best kernel with a number of threads. */
export const bestNative = (run: Contestant["run"], threads: number): Contestant =>
  nativeOnes(run, threads)[0];

const nativeOnes = (run: Contestant["run"], threads: number) =>
  kernels.map(
    (kernel): Contestant => ({
      implementation: "native",
      kernel,
      threads,
      prepare: withKernel(kernel, threads),
      run,
    }),
  );

const inJavaScript = { kernel: null, threads: 1 };

function plain(
  implementation: "loop" | "idiomatic",
  baseline: Baseline,
  { loss, labels, result, weighting }: Case,
  { plain: { yTrue, yPred }, factors, width }: Batch,
): Contestant {
  if (result === "gradient") {
    const out = new Float32Array(yPred.length);
    const own = (labels === "sparse" ? gradientsOfIds : gradients)[implementation];
    return {
      implementation,
      ...inJavaScript,
      prepare() {},
      run: () => own(loss, yTrue, yPred, width, factors, out),
    };
  }
  const { mean, rows } =
    factors === undefined || weighting === "unweighted"
      ? baseline
      : weightedBy(baseline, factors, weighting);
  const run = result === "mean" ? () => mean(yTrue, yPred, width) : () => rows(yTrue, yPred, width);
  return { implementation, ...inJavaScript, prepare() {}, run };
}

const loopFor = ({ loss, labels }: Case) =>
  labels === "sparse" ? loopOfIds(loss) : fastestLoop(loss, labels);
const idiomaticFor = ({ loss, labels }: Case) =>
  labels === "sparse" ? idiomaticOfIds(loss) : idiomatic(loss, labels);

/** The library's own choice of a backend, a kernel and the number of threads. */
export const automatic = (run: Contestant["run"]): Contestant => ({
  implementation: "auto",
  kernel: kernels[0] ?? null,
  threads: allThreads,
  prepare() {
    setBackend("auto");
    setNumThreads(allThreads);
  },
  run,
});

/** The fastest plain loop. */
export const loopOne = (one: Case, batch: Batch) => plain("loop", loopFor(one), one, batch);

/** In the order of a round: each count of threads has its probes beside its kernels. */
export function contestants(one: Case, batch: Batch): Contestant[] {
  const run = libraryCall(one, batch);
  const native = threadCounts.flatMap((threads) => [
    ...probes(one, batch, threads),
    ...nativeOnes(run, threads),
  ]);
  return [
    ...native,
    automatic(run),
    { implementation: "wasm", ...inJavaScript, prepare: () => setBackend("wasm"), run },
    { implementation: "js", ...inJavaScript, prepare: () => setBackend("js"), run },
    loopOne(one, batch),
  ];
}

/** Apart, because what it leaves to the garbage collector would slow down the others. */
export function idiomaticOne(one: Case, batch: Batch): Contestant {
  return plain("idiomatic", idiomaticFor(one), one, batch);
}
