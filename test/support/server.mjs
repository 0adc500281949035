// A server in a process of its own, which evaluates a large batch while it answers pings; prints what came of it. What
// measures is another thread, that only has this one to wait for.
import { createServer } from "node:http";
import { Worker } from "node:worker_threads";

const { Hinge } = await import("maxmargin");

/** Pings without a pause until it is told to stop; tells the longest delay in milliseconds. */
const pinging = `
const { parentPort, workerData } = require("node:worker_threads");
const http = require("node:http");
const agent = new http.Agent({ keepAlive: true });
const ping = () => new Promise((resolve, reject) => {
  const start = performance.now();
  http.get({ port: workerData, host: "127.0.0.1", agent }, (response) => {
    response.resume().on("end", () => resolve(performance.now() - start));
  }).on("error", reject);
});
(async () => {
  for (let i = 0; i < 20; i++) await ping();
  let isOver = false, longest = 0, count = 0;
  parentPort.once("message", () => { isOver = true; });
  parentPort.postMessage("started");
  for (; !isOver; count++) {
    longest = Math.max(longest, await ping());
    await new Promise((resolve) => setImmediate(resolve));
  }
  agent.destroy();
  parentPort.postMessage({ longest, count });
})();
`;

const server = createServer((_, response) => response.end("pong"));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

/** The longest ping while `work` goes on. */
async function longestPing(work) {
  const worker = new Worker(pinging, { eval: true, workerData: server.address().port });
  const message = () => new Promise((resolve) => worker.once("message", resolve));
  await message();
  const start = performance.now();
  await work();
  const whole = performance.now() - start;
  const last = message();
  worker.postMessage("stop");
  return { ...(await last), whole };
}

const n = 20_000_000;
const loss = new Hinge();
const plain = { y: new Int8Array(n).fill(1), p: new Float32Array(n).fill(0.5) };
const shared = {
  y: new Int8Array(new SharedArrayBuffer(n)).fill(1),
  p: new Float32Array(new SharedArrayBuffer(4 * n)).fill(0.5),
};
const rounds = 10;
const values = new Set();
const answer = {
  value: await longestPing(async () => {
    // Without a turn of the event loop between, as one batch that is ten times as large.
    for (let i = 0; i < rounds; i++) values.add(loss.value(plain.y, plain.p));
  }),
  slices: await longestPing(async () => {
    for (let i = 0; i < rounds; i++) values.add(await loss.valueAsync(plain.y, plain.p));
  }),
  shared: await longestPing(async () => {
    for (let i = 0; i < rounds; i++) values.add(await loss.valueAsync(shared.y, shared.p));
  }),
  transfer: await longestPing(async () => {
    let back = { yTrue: plain.y, yPred: plain.p };
    for (let i = 0; i < rounds; i++) {
      back = await loss.valueAsync(back.yTrue, back.yPred, { transfer: true });
      values.add(back.value);
    }
  }),
};
server.close();
console.log(JSON.stringify({ ...answer, values: [...values] }));
