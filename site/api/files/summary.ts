/**
 * The numbers of a report: the distribution of margins, the losses by class, the rows with the largest
 * losses.
 *
 * @module Summaries
 */
export type {
  Bar,
  ClassAnswer,
  Histogram,
  MarginAnswer,
  MarginCounts,
  MarginKind,
  Summary,
  WorstRow,
} from "maxmargin/files";
