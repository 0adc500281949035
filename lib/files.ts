import "./start.js";

export {
  type DecidingLabel,
  type FileEvaluation,
  type GroupAnswer,
  mergeShards,
  type SavedShard,
} from "./files/answer.js";
export { type Batch, batches } from "./files/batches.js";
export { DataError, MissingPackageError } from "./files/data-error.js";
export { evaluateFiles, evaluateShard, type Sources } from "./files/evaluate.js";
export type { ArrayFiles, Format, Source } from "./files/formats.js";
export type { BatchOptions, EvaluateOptions, Progress } from "./files/options.js";
export type {
  Bar,
  ClassAnswer,
  Histogram,
  MarginAnswer,
  MarginCounts,
  MarginKind,
  Summary,
  WorstRow,
} from "./files/summary/summary.js";
