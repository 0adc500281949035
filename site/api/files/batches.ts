/**
 * The rows of files as batches, for calls of your own.
 *
 * @module Batches of files
 */
export { type Batch, type BatchOptions, batches } from "maxmargin/files";
