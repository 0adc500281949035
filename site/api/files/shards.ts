/**
 * An evaluation in parts, by several processes or machines, with the bits of one.
 *
 * @module Shards
 */
export { evaluateShard, mergeShards, type SavedShard } from "maxmargin/files";
