/**
 * Losses of predictions in files, in one pass and in bounded memory.
 *
 * @module Evaluating files
 */
export {
  type ArrayFiles,
  type EvaluateOptions,
  evaluateFiles,
  type Format,
  type Progress,
  type Source,
  type Sources,
} from "maxmargin/files";
