import os from "node:os";
import { described, wrongValue } from "../errors.js";
import { checkOptions } from "../options.js";
import { ownVersion } from "../version.js";
import { readAddress } from "./address.js";
import { Allowed } from "./allow.js";
import { type BullJob, type BullWorker, loadBull } from "./bullmq.js";
import { queueName, workerName } from "./client.js";
import { checkReachable, reasonOf } from "./reach.js";
import { joiningName } from "./step.js";
import { perform, type Task } from "./tasks.js";

/** Options of {@link startWorker}. */
export interface WorkerOptions {
  /** The URL of the queue: `redis://host:6379`, `rediss://` or `postgres://host/database`. */
  readonly connection: string | URL;
  /** The number of shards that are evaluated at once, by default 1: their reads overlap. */
  readonly concurrency?: number;
  /**
   * The directories, and prefixes of URLs, that may be read; by default all that the process can
   * read. Jobs name files, so whoever can write into the queue chooses them.
   */
  readonly allow?: readonly string[];
  /** Receives lines about shards, and about the connection. */
  readonly log?: (line: string) => void;
}

/** A worker that listens. */
export interface RunningWorker {
  /** Its version, host and process. */
  readonly name: string;
  /** The address of the queue, without its password. */
  readonly queue: string;
  /** Finishes the shards that have been begun, and takes no others. */
  close(): Promise<void>;
}

const optionNames: readonly (keyof WorkerOptions)[] = ["connection", "concurrency", "allow", "log"];

/** docs/distributed.md says why. */
const settings = {
  lockDuration: 8000,
  lockRenewTime: 2000,
  stalledInterval: 2000,
  maxStalledCount: 1,
  runRetryDelay: 1000,
};

/** Says what became of a job. */
function lineOf(job: BullJob<unknown> | undefined, value: unknown): string {
  const outcomes = [value].flat() as { readonly error?: string }[];
  const problems = outcomes.flatMap(({ error }) => error ?? []);
  return `${job?.id}: ${problems.length === 0 ? "done" : problems.join("; ")}`;
}

function logEvents(worker: BullWorker, shown: string, log: (line: string) => void): void {
  let last = "";
  worker.on("completed", (job, value) => {
    last = "";
    if (job.name !== joiningName) log(lineOf(job, value));
  });
  worker.on("failed", (job, error) => log(`${job?.id}: ${error.message}; it is tried again`));
  worker.on("error", (error) => {
    const reason = reasonOf(error);
    // It repeats itself until the connection is back.
    if (reason !== last) log(`${shown}: ${reason}`);
    last = reason;
  });
}

/**
 * Starts a worker, which evaluates shards of all runs of a queue until it is closed.
 *
 * @param options - `connection`, and what the worker may do: see {@link WorkerOptions}.
 * @returns a promise of the worker, when it listens.
 * @throws Never; the promise rejects with TypeError or RangeError if an option is unknown or
 *   invalid, with {@link QueueError} if the queue cannot be reached, and with {@link MissingPackageError} if
 *   `bullmq`, or `ioredis` or `pg`, is not installed.
 * @example
 * ```ts
 * import { startWorker } from "maxmargin/distributed";
 *
 * const starting = startWorker({ connection: "redis://:secret@127.0.0.1:1", allow: ["/tmp"] });
 * const problem = await starting.catch(({ message }) => message);
 * problem; //=> "redis://127.0.0.1:1: connection refused: is it running?"
 * ```
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  checkOptions(options, optionNames);
  const { concurrency = 1, log = () => {} } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw wrongValue("concurrency", "an integer from 1", described(concurrency));
  }
  const address = readAddress(options.connection);
  const allowed = await Allowed.read(options.allow);
  await checkReachable(address);
  const version = ownVersion();
  const name = workerName(version, os.hostname(), process.pid);
  const { Worker } = loadBull(address.kind);
  const evaluate = async (job: BullJob<unknown>) => {
    if (job.name === joiningName) return null;
    const isLast = job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
    return perform(job.data as Task, { version, allowed, isLast });
  };
  const connection = address.options;
  const worker = new Worker(queueName, evaluate, { ...settings, connection, concurrency, name });
  logEvents(worker, address.shown, log);
  await worker.waitUntilReady();
  return { name, queue: address.shown, close: () => worker.close() };
}
