/**
 * The types of async calls: cancelling them, and moving buffers into them and back.
 *
 * @module Async options and results
 */
export type {
  AsyncGradient,
  AsyncOptions,
  AsyncResult,
  AsyncValueAndGradient,
  TransferredInputs,
} from "maxmargin";
