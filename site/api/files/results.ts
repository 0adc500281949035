/**
 * The losses of a data set and of its groups.
 *
 * @module Results of files
 */
export type { DecidingLabel, FileEvaluation, GroupAnswer } from "maxmargin/files";
