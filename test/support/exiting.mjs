// A process, or a worker's thread, that ends in the middle of calls: by itself, or because it is ended.
import { parentPort, Worker } from "node:worker_threads";

const n = 2_000_000;
const shared = [
  new Int8Array(new SharedArrayBuffer(n)).fill(1),
  new Float32Array(new SharedArrayBuffer(4 * n)),
];

/** Calls of all kinds, for ever. The library is there as long as the threads that have called this. */
async function begin() {
  const { Hinge } = await import("maxmargin");
  const loss = new Hinge();
  const again = async (call) => {
    for (;;) await call();
  };
  again(() => loss.applyAsync(...shared));
  again(() => loss.gradientAsync(...shared));
  again(() => loss.applyAsync(new Int8Array(n), new Float32Array(n)));
  again(() => loss.applyAsync(new Int8Array(n), new Float32Array(n), { transfer: true }));
}

if (parentPort !== null) {
  await begin();
  parentPort.postMessage("started");
} else {
  const [rounds, code] = process.argv.slice(2).map(Number);
  for (let round = 0; round < rounds; round++) {
    const worker = new Worker(new URL(import.meta.url));
    await new Promise((resolve) => worker.once("message", resolve));
    await new Promise((resolve) => setTimeout(resolve, round % 7));
    const ended = await worker.terminate();
    if (ended !== 1) process.exit(100);
  }
  await begin();
  setTimeout(() => process.exit(code), code % 11);
}
