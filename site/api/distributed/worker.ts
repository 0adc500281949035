/**
 * A process that evaluates the shards of a queue.
 *
 * @module Workers
 */
export { type RunningWorker, startWorker, type WorkerOptions } from "maxmargin/distributed";
