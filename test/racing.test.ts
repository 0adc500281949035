// Another thread writes labels while they are read. The numbers may then be any, and nothing else may happen.
import { Worker } from "node:worker_threads";
import { Hinge, hinge, metrics, type Reduction, type Tensor, tensor } from "maxmargin";
import { afterAll, beforeAll, expect, test } from "vitest";
import { generator, randomPredictions } from "./support/data.js";
import { forEachImplementation } from "./support/implementations.js";
import { classes, lossNames } from "./support/losses.js";

/** More than is computed at once off the event loop. */
const n = 80_000;
/** Narrow rows, wider ones, and rows of more than a chunk. */
const shapes = [
  [n, 1],
  [n / 10, 10],
  [n / 10_000, 10_000],
] as const;

const shared = (bytes: number) => new SharedArrayBuffer(bytes);
const labels = {
  float32: new Float32Array(shared(4 * n)).fill(1),
  int8: new Int8Array(shared(n)).fill(1),
  int64: new BigInt64Array(shared(8 * n)).fill(1n),
};
const predictions = new Float32Array(shared(4 * n));
predictions.set(randomPredictions(n, generator(70)));
const weights = new Float32Array(shared(4 * n)).fill(0.5);
/** How often the labels have changed. */
const changes = new Int32Array(shared(4));

// One label at a time is now 1 and now neither 0 nor 1: any of them, or one of those at both ends.
const writing = `
const { labels, changes } = require("node:worker_threads").workerData;
const arrays = Object.values(labels);
const n = arrays[0].length;
for (let i = 1; ; i = (Math.imul(i, 1664525) + 1013904223) >>> 0) {
  const at = [0, n - 1, (i >>> 4) % n, (i >>> 5) % n][i >>> 30];
  for (let time = 0; time < 1000; time++) {
    const value = time % 2 ? 1 : [NaN, 2, -1][i % 3];
    for (const values of arrays) {
      values[at] = values instanceof BigInt64Array ? BigInt(value || 0) - (value ? 0n : 3n) : value;
    }
    Atomics.add(changes, 0, 1);
  }
}
`;

let worker: Worker;
beforeAll(async () => {
  worker = new Worker(writing, { eval: true, workerData: { labels, changes } });
  await new Promise((resolve) => worker.once("online", resolve));
});
afterAll(() => worker.terminate());

/** Every call that there is, in turn, as often as the time allows. */
function* calls(): Generator<() => unknown> {
  for (const [dtype, data] of Object.entries(labels)) {
    for (const shape of shapes) {
      const [rows, width] = shape;
      const yTrue = tensor(data as Float32Array, shape, dtype as "float32");
      const yPred = tensor(predictions, shape);
      const sampleWeight = tensor(weights.subarray(0, rows), [rows]);
      const few = tensor((data as Float32Array).subarray(0, width), [width], dtype as "float32");
      yield () => hinge(yTrue, yPred);
      yield () => hinge(few, yPred);
      yield () => new metrics.SquaredHinge().updateState(yTrue, yPred, { sampleWeight });
      for (const name of lossNames) {
        for (const reduction of ["mean", "none"] satisfies Reduction[]) {
          const loss = new classes[name]({ reduction });
          for (const weighting of [{}, { sampleWeight }]) {
            yield () => loss.value(yTrue, yPred, weighting);
            yield () => loss.valueAsync(yTrue, yPred, weighting);
            yield () => loss.valueAndGradient(yTrue, yPred, weighting);
            yield () => loss.valueAndGradientAsync(yTrue, yPred, weighting);
          }
        }
        const loss = new classes[name]();
        if (name !== "categorical_hinge") yield () => loss.gradient(few, yPred);
        // Not in another thread: nobody but this one has the predictions.
        const own = tensor(predictions.slice() as Float32Array, shape);
        yield () => loss.valueAsync(yTrue, own);
        yield () => loss.gradientAsync(yTrue, own);
      }
    }
  }
}

forEachImplementation(() => {
  test("labels that change under a call", { timeout: 120_000 }, async () => {
    const before = Atomics.load(changes, 0);
    const values = new Set<number>();
    const loss = new Hinge();
    const end = performance.now() + 3000;
    let count = 0;
    do {
      for (const call of calls()) {
        const result = (await call()) as number | Tensor | { value: number | Tensor } | undefined;
        expect(
          result === undefined || typeof result === "number" || typeof result === "object",
        ).toBe(true);
        values.add(loss.value(labels.float32, predictions));
        count++;
      }
    } while (performance.now() < end);
    expect(count).toBeGreaterThan(200);
    // The other thread was there, and was seen.
    expect(Atomics.load(changes, 0)).toBeGreaterThan(before);
    expect(values.size).toBeGreaterThan(1);
  });
});
