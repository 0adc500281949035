import {
  backend,
  CategoricalHinge,
  Hinge,
  setBackend,
  setNumThreads,
  type Tensor,
  tensor,
} from "maxmargin";
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
  readonly plain: (yTrue: number[][], yPred: number[][]) => number;
}

export const contests: readonly Contest[] = [
  { title: "hinge", measure: "hinge_mean", loss: new Hinge(), plain: plain.hinge },
  {
    title: "categorical hinge",
    measure: "categorical_hinge_mean",
    loss: new CategoricalHinge(),
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

/** Evaluates the large batch with this library in all its ways. */
export function timeLibrary({ title, loss }: Contest, { yTrue, yPred }: Batch): Timing[] {
  const bytes = yTrue.data.byteLength + yPred.data.byteLength;
  const time = (way: string): Timing => {
    progress(`timing ${title}: ${way}`);
    const { answer, ns } = timed(() => loss.value(yTrue, yPred));
    return { way, answer, nsPerValue: ns / yPred.data.length, gbPerSecond: bytes / ns };
  };

  const { kernel, threads } = backend();
  const timings: Timing[] = [];
  if (kernel !== null) {
    for (const count of new Set([threads, 1])) {
      setNumThreads(count);
      timings.push(time(`native ${kernel}, ${count} ${count === 1 ? "thread" : "threads"}`));
    }
    setNumThreads(threads);
  }
  setBackend("js");
  timings.push(time("JavaScript fallback"));
  if (kernel !== null) setBackend("native", kernel);
  return timings;
}

/** Evaluates a batch of arrays of rows with map and reduce. */
export function timePlain({ title, plain }: Contest, { yTrue, yPred }: Batch): Timing {
  progress(`timing ${title}: map and reduce`);
  const labels = toRows(yTrue);
  const predictions = toRows(yPred);
  const { answer, ns } = timed(() => plain(labels, predictions));
  return { way: "map and reduce", answer, nsPerValue: ns / yPred.data.length };
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
