/**
 * Which implementation computes, on how many threads. The results are bit-identical.
 *
 * @module Backends and threads
 */
export { type BackendInfo, backend, setBackend, setNumThreads } from "maxmargin";
