import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { backend, Hinge, setBackend, setNumThreads, tensor } from "maxmargin";
import { expect, test } from "vitest";
import { generator, randomPredictions } from "./support/data.js";
import { implementations } from "./support/implementations.js";
import { resultOf, startWorker } from "./support/processes.js";

const random = generator(5);
const width = 10;
const n = 200_000;
const batch = {
  labels: Int8Array.from({ length: n }, () => (random() < 0.5 ? 0 : 1)),
  predictions: randomPredictions(n, random),
  width,
};

function start(implementation: string, rounds: number, task = "compute") {
  return startWorker({ task, implementation, rounds, ...batch });
}

test("threads that compute at once, each with an implementation of its own, return the same bits", async () => {
  setBackend("native", "scalar");
  const rounds = 6;
  const answers = await Promise.all(
    [...implementations, ...implementations].map(async (implementation) => ({
      implementation,
      answer: await resultOf(start(implementation, rounds)),
    })),
  );
  expect(answers).toHaveLength(2 * implementations.length);
  const [{ answer: first }] = answers;
  for (const { implementation, answer } of answers) {
    const isKernel = backend().kernels.includes(implementation);
    expect(answer).toMatchObject({
      name: isKernel ? "native" : implementation,
      kernel: isKernel ? implementation : null,
    });
    const { results } = answer as { results: string[] };
    // One result of each loss, however often it was computed.
    expect(results.map((result) => result.split(" ")[0])).toEqual([
      "hinge",
      "squaredHinge",
      "categoricalHinge",
    ]);
    expect(results).toEqual((first as { results: string[] }).results);
  }
  // What other threads choose is theirs.
  expect(backend().kernel).toBe("scalar");
  setBackend("auto");
});

test("threads that are ended in the middle of their work leave the addon intact", async () => {
  setBackend("native");
  const loss = new Hinge();
  const expected = loss.value(batch.labels, batch.predictions);
  expect(expected).toBeGreaterThan(0);
  let ended = 0;
  for (let round = 0; round < 3; round++) {
    const workers = Array.from({ length: availableParallelism() }, (_, i) =>
      start(backend().kernels[i % backend().kernels.length], 1e9),
    );
    await Promise.all(
      workers.map(
        (worker) =>
          new Promise((resolve, reject) => {
            worker.once("message", resolve);
            worker.once("error", reject);
          }),
      ),
    );
    expect(loss.value(batch.labels, batch.predictions)).toBe(expected);
    for (const code of await Promise.all(workers.map((worker) => worker.terminate()))) {
      expect(code).toBe(1);
      ended++;
    }
    expect(loss.value(batch.labels, batch.predictions)).toBe(expected);
  }
  expect(ended).toBe(3 * availableParallelism());
  setBackend("auto");
});

test("threads that call thousands of times at once share the helpers, and none waits for ever", async () => {
  const [kernel] = backend().kernels;
  setNumThreads(3);
  const workers = Array.from({ length: 2 * availableParallelism() }, () => start(kernel, 1500));
  const answers = (await Promise.all(workers.map(resultOf))) as { results: string[] }[];
  const [{ results: first }] = answers;
  expect(first).toHaveLength(3);
  for (const { results } of answers) expect(results).toEqual(first);
  setNumThreads(availableParallelism());
}, 60_000);

test("threads that make async calls at once return the same bits, in all ways", async () => {
  const answers = (await Promise.all(
    [...implementations, ...implementations].map((implementation) =>
      resultOf(start(implementation, 5, "background")),
    ),
  )) as string[][];
  const all = new Set(answers.flat());
  expect(all.size).toBe(1);
  const shape = [n / width, width];
  const { value } = new Hinge().valueAndGradient(
    tensor(batch.labels, shape),
    tensor(batch.predictions, shape),
  );
  expect([...all][0].startsWith(`${value} `)).toBe(true);
}, 60_000);

// Two helpers for the three threads, and the four that libuv has for background jobs.
test.skipIf(process.platform !== "linux")("many threads have one pool", () => {
  const script = fileURLToPath(new URL("./support/threads.mjs", import.meta.url));
  const added = Number(execFileSync(process.execPath, [script], { encoding: "utf8" }));
  expect(added).toBeGreaterThanOrEqual(1);
  expect(added).toBeLessThanOrEqual(2 + 4);
});
