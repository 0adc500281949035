// Prints how long others wait while a thousand calls off the event loop are under way, in milliseconds.
import { stat } from "node:fs/promises";
import { Hinge, setBackend } from "maxmargin";
import { choose } from "./choose.mjs";

const [, , implementation] = process.argv;
choose(setBackend, implementation);

const calls = 1000;
const n = 2_000_000;
const loss = new Hinge();

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

async function crowd(memory) {
  const yTrue = new Int8Array(memory(n)).fill(1);
  const yPred = new Float32Array(memory(4 * n)).fill(0.5);
  const everybody = new AbortController();
  const outcomes = new Map();
  const begin = (signal) =>
    loss
      .valueAsync(yTrue, yPred, { signal })
      .catch((reason) => reason)
      .then((outcome) => outcomes.set(outcome, 1 + (outcomes.get(outcome) ?? 0)));
  // Whatever is done is begun again, so that there are always as many.
  const keepOn = async () => {
    while (!everybody.signal.aborted) await begin(everybody.signal);
  };
  const singles = Array.from({ length: 5 }, () => new AbortController());
  const lanes = Array.from({ length: calls - singles.length }, keepOn);
  const alone = singles.map(({ signal }) => begin(signal));

  const stats = [];
  const aborts = [];
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (const [i, controller] of singles.entries()) {
    for (let look = 0; look < 10; look++) {
      stats.push(await timed(() => stat(import.meta.filename ?? ".")));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    aborts.push(
      await timed(() => {
        controller.abort("one");
        return alone[i];
      }),
    );
  }
  const all = await timed(() => {
    everybody.abort("all");
    return Promise.all(lanes);
  });
  return { stat: median(stats), abort: median(aborts), all, outcomes: [...outcomes.keys()] };
}

const answer = {
  slices: await crowd((bytes) => new ArrayBuffer(bytes)),
  shared: await crowd((bytes) => new SharedArrayBuffer(bytes)),
};
console.log(JSON.stringify(answer));
