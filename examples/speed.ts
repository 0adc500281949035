import {
  backend,
  CategoricalHinge,
  Hinge,
  setBackend,
  setNumThreads,
  type Tensor,
  tensor,
} from "maxmargin";
import { type Baseline, fastestLoop } from "../bench/baselines.js";
import type { DataSet } from "./datasets.js";
import * as plain from "./plain.js";
import { progress } from "./progress.js";
import { toRows } from "./rows.js";

/** A loss of this library, and the same as people write it themselves. */
interface Contest {
  readonly title: string;
  /** Its place in expected.json. */
  readonly measure: string;
  readonly loss: Hinge | CategoricalHinge;
  /** The fastest loop over the same typed arrays that we could find. */
  readonly loop: Baseline["mean"];
  readonly plain: (yTrue: number[][], yPred: number[][]) => number;
}

export const contests: readonly Contest[] = [
  {
    title: "hinge",
    measure: "hinge_mean",
    loss: new Hinge(),
    loop: fastestLoop("hinge", "binary").mean,
    plain: plain.hinge,
  },
  {
    title: "categorical hinge",
    measure: "categorical_hinge_mean",
    loss: new CategoricalHinge(),
    loop: fastestLoop("categoricalHinge", "onehot").mean,
    plain: plain.categoricalHinge,
  },
];

/** The predictions of many requests, to be evaluated at once. */
export interface Batch {
  readonly yTrue: Tensor;
  readonly yPred: Tensor;
}

/** The data set over and over, until there are at least `values` predictions. */
export function repeated({ yTrue, yPred }: DataSet, values: number): Batch {
  const once = yPred.data.length;
  const times = Math.ceil(values / once);
  const labels = new Int8Array(times * once);
  const predictions = new Float32Array(times * once);
  for (let start = 0; start < predictions.length; start += once) {
    labels.set(yTrue.data as Int8Array, start);
    predictions.set(yPred.data as Float32Array, start);
  }
  const shape = [times * yPred.shape[0], yPred.shape[1]];
  return { yTrue: tensor(labels, shape), yPred: tensor(predictions, shape) };
}

/** How one way of computing a loss did. */
export interface Timing {
  readonly way: string;
  readonly answer: number;
  readonly nsPerValue: number;
  /** How fast labels and predictions were read; undefined where they are no typed arrays. */
  readonly gbPerSecond?: number;
}

/** Evaluates a batch in one way. */
function time(way: string, { yTrue, yPred }: Batch, call: () => number): Timing {
  progress(`timing ${way}`);
  const bytes = yTrue.data.byteLength + yPred.data.byteLength;
  const { answer, ns } = timed(call);
  return { way, answer, nsPerValue: ns / yPred.data.length, gbPerSecond: bytes / ns };
}

/** Chooses WebAssembly, unless it cannot run here. */
function choosesWasm(): boolean {
  try {
    setBackend("wasm");
    return true;
  } catch {
    return false;
  }
}

/** Evaluates the large batch with this library in all its ways. */
export function timeLibrary({ loss }: Contest, batch: Batch): Timing[] {
  const { kernel, threads } = backend();
  const call = () => loss.value(batch.yTrue, batch.yPred);
  const timings: Timing[] = [];
  if (kernel !== null) {
    for (const count of new Set([threads, 1])) {
      setNumThreads(count);
      timings.push(
        time(`native ${kernel}, ${count} ${count === 1 ? "thread" : "threads"}`, batch, call),
      );
    }
    setNumThreads(threads);
  }
  if (choosesWasm()) timings.push(time("WebAssembly", batch, call));
  setBackend("js");
  timings.push(time("JavaScript fallback", batch, call));
  setBackend("auto", kernel ?? undefined);
  return timings;
}

/** Evaluates the large batch with a plain loop. */
export function timeLoop({ loop }: Contest, batch: Batch): Timing {
  const labels = batch.yTrue.data as Int8Array;
  const predictions = batch.yPred.data as Float32Array;
  return time("plain loop", batch, () => loop(labels, predictions, batch.yPred.shape[1]));
}

/** Evaluates a batch of arrays of rows with map and reduce. */
export function timePlain({ plain }: Contest, batch: Batch): Timing {
  const labels = toRows(batch.yTrue);
  const predictions = toRows(batch.yPred);
  const { gbPerSecond: _, ...timing } = time("map and reduce", batch, () =>
    plain(labels, predictions),
  );
  return timing;
}

/** The answer of a function, and its median duration: of a second of calls, and at least five. */
function timed(call: () => number): { answer: number; ns: number } {
  const answer = call();
  const times: number[] = [];
  const end = performance.now() + 1000;
  while (times.length < 5 || performance.now() < end) {
    const start = performance.now();
    call();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { answer, ns: times[times.length >> 1] * 1e6 };
}
