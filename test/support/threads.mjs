// How many threads calls from many workers add to the process, as Linux counts them.
import { readdirSync } from "node:fs";
import { parentPort, Worker } from "node:worker_threads";

const { Hinge, setBackend, setNumThreads } = await import("maxmargin");

async function compute() {
  setBackend("native");
  const yPred = new Float32Array(new SharedArrayBuffer(4_000_000));
  const yTrue = new Int8Array(yPred.length);
  for (let round = 0; round < 20; round++) {
    new Hinge().value(yTrue, yPred);
    await new Hinge().valueAsync(yTrue, yPred);
  }
}

const message = (port) => new Promise((resolve) => port.once("message", resolve));

if (parentPort !== null) {
  parentPort.postMessage("started");
  await message(parentPort);
  await compute();
  parentPort.postMessage("done");
  // Stays until it is ended.
  await message(parentPort);
} else {
  setNumThreads(3);
  const workers = Array.from({ length: 8 }, () => new Worker(new URL(import.meta.url)));
  await Promise.all(workers.map(message));
  const count = () => readdirSync("/proc/self/task").length;
  const before = count();
  const done = workers.map(message);
  for (const worker of workers) worker.postMessage("begin");
  await Promise.all(done);
  console.log(count() - before);
  process.exit(0);
}
