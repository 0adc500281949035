import "./start.js";

export { distribute } from "./distributed/driver.js";
export { QueueError, ShardError, type ShardFailure } from "./distributed/errors.js";
export type { DistributeOptions, RunProgress } from "./distributed/plan.js";
export { type RunningWorker, startWorker, type WorkerOptions } from "./distributed/worker.js";
