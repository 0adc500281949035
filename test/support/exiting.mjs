// A process that ends threads in the middle of something, and then itself in the middle of the same:
// `node exiting.mjs <task> <terminated> <running> <code>` terminates so many workers, one after the other, starts so many that
// are still running at the end, and exits with the code. The tasks are below.
import { createRequire } from "node:module";
import { parentPort, Worker, workerData } from "node:worker_threads";

const n = 2_000_000;
const shared = [
  new Int8Array(new SharedArrayBuffer(n)).fill(1),
  new Float32Array(new SharedArrayBuffer(4 * n)),
];

const require = createRequire(import.meta.url);
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Calls a function for ever, in turns of the event loop. */
async function repeat(call) {
  for (;;) {
    call();
    await turn();
  }
}

/** Makes calls of all kinds off the event loop. */
async function calls() {
  const { Hinge } = await import("maxmargin");
  const loss = new Hinge();
  const again = async (call) => {
    for (;;) await call();
  };
  again(() => loss.valueAsync(...shared));
  again(() => loss.gradientAsync(...shared));
  again(() => loss.valueAsync(new Int8Array(n), new Float32Array(n)));
  again(() => loss.valueAsync(new Int8Array(n), new Float32Array(n), { transfer: true }));
}

/** Calls a function, and takes no notice of its errors. */
function attempt(call) {
  try {
    Promise.resolve(call()).catch(() => {});
  } catch {}
}

const labels = new Int8Array(new SharedArrayBuffer(100));
const predictions = new Float32Array(new SharedArrayBuffer(400));
const out = new Float32Array(new SharedArrayBuffer(400));

/** Calls every export of the package, with arguments that make it call the addon where it can. */
async function packageExports() {
  const maxmargin = await import("maxmargin");
  const { hinge, Hinge } = maxmargin;
  const argumentsOf = {
    setBackend: ["native", "scalar"],
    setNumThreads: [2],
    callAsync: [hinge, labels, predictions],
    gradient: [hinge, labels, predictions],
    gradientAsync: [hinge, labels, predictions],
    valueAndGradient: [hinge, labels, predictions],
    valueAndGradientAsync: [hinge, labels, predictions],
    get: ["hinge"],
    serialize: [new Hinge()],
  };
  const functions = Object.entries(maxmargin).filter(([, value]) => typeof value === "function");
  repeat(() => {
    for (const [name, value] of functions) {
      const args = argumentsOf[name] ?? [labels, predictions, { out }];
      attempt(/^class /.test(value) ? () => new value() : () => value(...args));
    }
  });
}

/** Calls every function of the addon, with arguments that it computes with, and with none, which it refuses. */
async function addonExports() {
  const { backend } = await import("maxmargin");
  const addon = require(backend().binary);
  const slots = addon.callFrame();
  const newFrame = () => new Float64Array(new SharedArrayBuffer(8 * 1024));
  const frame = addon.initialize(newFrame());
  // Hinge of int8 labels and float32 predictions in float32, in one row.
  const numbers = {
    ...{ encoding: 1, labelDtype: 1, predictionDtype: 10, computeDtype: 10, weightDtype: 10 },
    ...{ lossesDtype: 10, gradientDtype: 10, rows: 1, batchRows: 1, divisor: 1 },
    width: predictions.length,
  };
  function filled(own, operation) {
    for (const [name, value] of Object.entries({ ...numbers, operation })) {
      own[slots[name][0]] = value;
    }
    return own;
  }
  const one = out.subarray(0, 1);
  // Sum, rows, gradient and weights: labels, predictions, losses, gradient, weights.
  const operandsOf = [
    [labels, predictions],
    [labels, predictions, one],
    [labels, predictions, undefined, out],
    [labels, predictions, undefined, undefined, one],
  ];
  const argumentsOf = {
    initialize: [frame],
    overlaps: [labels, out],
    useKernel: ["scalar"],
    setThreads: [2],
  };
  repeat(() => {
    for (const [operation, operands] of operandsOf.entries()) {
      filled(frame, operation);
      attempt(() => addon.evaluate(...operands));
      attempt(() => addon.evaluateWith(filled(newFrame(), operation), ...operands));
      attempt(() => addon.evaluateInBackground(filled(newFrame(), operation), ...operands));
    }
    for (const name of Object.getOwnPropertyNames(addon)) {
      attempt(() => addon[name](...(argumentsOf[name] ?? [])));
      attempt(() => addon[name]());
    }
  });
}

/** Loads the package again and again, as if for the first time: the addon begins anew too. */
function loading() {
  repeat(() => {
    require("maxmargin");
    for (const file of Object.keys(require.cache)) delete require.cache[file];
  });
}

/** Loads the package once, as nearly every program does. */
function loadingOnce() {
  import("maxmargin");
}

const tasks = { calls, packageExports, addonExports, loading, loadingOnce };

async function start(task) {
  const worker = new Worker(new URL(import.meta.url), { workerData: task });
  await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  worker.once("error", () => process.exit(101));
  return worker;
}

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

if (parentPort !== null) {
  await tasks[workerData]();
  // It does not end by itself.
  parentPort.on("message", () => {});
  parentPort.postMessage("started");
} else {
  const [task, ...numbers] = process.argv.slice(2);
  const [terminated, running, code] = numbers.map(Number);
  // A module is loaded in about as many milliseconds.
  const longest = task === "loadingOnce" ? 40 : 7;
  for (let round = 0; round < terminated; round++) {
    const worker = await start(task);
    await wait(Math.random() * longest);
    if ((await worker.terminate()) !== 1) process.exit(100);
  }
  const workers = Array.from({ length: running }, () => start(task));
  await (task === "loadingOnce" ? Promise.race(workers) : Promise.all(workers));
  await tasks[task]();
  setTimeout(() => process.exit(code), Math.random() * longest);
}
