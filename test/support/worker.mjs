// What runs in a worker thread of its own, outside of vitest. It imports the package as users do.
import { parentPort, workerData } from "node:worker_threads";
import { choose } from "./choose.mjs";

/** Imports the package and tells what came of it: backend(), or the error. */
async function load() {
  try {
    const { backend } = await import("maxmargin");
    return { backend: backend() };
  } catch (error) {
    return { error: { name: error.name, message: error.message } };
  }
}

/** The bits of many results, with the given implementation. */
async function compute({ implementation, rounds, labels, predictions, width }) {
  const { backend, hinge, setBackend, squaredHinge, categoricalHinge, tensor } = await import(
    "maxmargin"
  );
  choose(setBackend, implementation);
  const shape = [predictions.length / width, width];
  const yTrue = tensor(labels, shape);
  const yPred = tensor(predictions, shape);
  const results = new Set();
  for (let round = 0; round < rounds; round++) {
    for (const loss of [hinge, squaredHinge, categoricalHinge]) {
      const { data } = loss(yTrue, yPred);
      results.add(`${loss.name} ${Buffer.from(data.buffer).toString("base64")}`);
    }
    if (round === 0) parentPort.postMessage("started");
  }
  const { name, kernel } = backend();
  return { name, kernel, results: [...results] };
}

/** The bits of many results off the event loop, several calls at once. */
async function background({ implementation, rounds, labels, predictions, width }) {
  const { Hinge, setBackend, tensor } = await import("maxmargin");
  choose(setBackend, implementation);
  const shape = [predictions.length / width, width];
  const shared = (data) => {
    const copy = new data.constructor(new SharedArrayBuffer(data.byteLength));
    copy.set(data);
    return copy;
  };
  const loss = new Hinge();
  const call = (copied, options) =>
    loss.valueAndGradientAsync(
      tensor(copied(labels), shape),
      tensor(copied(predictions), shape),
      options,
    );
  const results = new Set();
  for (let round = 0; round < rounds; round++) {
    const answers = await Promise.all([
      call((data) => data),
      call(shared),
      call((data) => data.slice(), { transfer: true }),
    ]);
    for (const { value, gradient } of answers) {
      results.add(`${value} ${Buffer.from(gradient.data.buffer).toString("base64")}`);
    }
  }
  return [...results];
}

const tasks = { load, compute, background };
parentPort.postMessage(await tasks[workerData.task](workerData));
