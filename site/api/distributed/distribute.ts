/**
 * An evaluation of files that is shared among the workers of a queue.
 *
 * @module Distributing an evaluation
 */
export {
  type DistributeOptions,
  distribute,
  QueueError,
  type RunProgress,
  ShardError,
  type ShardFailure,
} from "maxmargin/distributed";
