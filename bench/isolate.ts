/**
 * Runs a task in a JavaScript thread of its own. The compiler specializes a loop for the types that it has
 * seen: what another case ran before must not slow down this one, nor its garbage.
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { crossover } from "./crossover.js";
import { growth } from "./growth.js";
import { measure } from "./measure.js";
import { compare } from "./numpy.js";
import { threads } from "./threads.js";

const tasks = { measure, crossover, growth, threads, compare };
type Tasks = typeof tasks;

/** Idiomatic JavaScript makes arrays of 6.4e7 numbers. */
const resourceLimits = { maxOldGenerationSizeMb: 8192 };

export function isolated<K extends keyof Tasks>(
  task: K,
  input: Parameters<Tasks[K]>[0],
): Promise<ReturnType<Tasks[K]>> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: { task, input },
      resourceLimits,
    });
    worker.once("message", resolve).once("error", reject);
  });
}

if (!isMainThread) {
  const { task, input } = workerData as { task: keyof Tasks; input: never };
  parentPort?.postMessage(tasks[task](input));
}
