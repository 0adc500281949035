import { described, wrongKind, wrongValue } from "../errors.js";
import { answerOf, type FileEvaluation, type SavedShard } from "./answer.js";
import { DataError } from "./data-error.js";
import { isStream, nameOf, type Source } from "./formats.js";
import type { EvaluateOptions } from "./options.js";
import { countRows, evaluatePart, expandAll, readInquiry } from "./part.js";

/** Sources, of which one need not be in a list. */
export type Sources = Source | readonly Source[];

/**
 * Computes losses of the rows in files, all in one pass, in bounded memory. The results have the bits
 * of `loss.value` for all rows in one batch, whatever the format, and however the rows are divided
 * into files. (If rows have more than 512 values and their number is not a multiple of a power of
 * two, the order of additions inside about 8192 values can be another one for unweighted elementwise
 * losses.)
 *
 * If labels are read by Keras's rule (`"auto"`), the labels of all files decide: 0 is read as -1 if
 * every label is 0 or 1.
 *
 * @param sources - a path, which may have the wildcards `*` and `?`; a URL; `{ labels, predictions }`
 *   with .npy files; a stream of bytes, for which `format` is needed; or a list of these, which are
 *   read one after the other.
 * @param options - `losses`, and which columns to read: see {@link EvaluateOptions}.
 * @returns a promise of the losses, the number of rows, how labels were read, with `by` the same for
 *   each group, and with `summary` margins, classes and the rows with the largest losses.
 * @throws Never; the promise rejects with TypeError or RangeError if an option is unknown or invalid,
 *   with {@link DataError} if a file cannot be read, a column is missing or a value is invalid, with
 *   {@link MissingPackageError} if the package that reads a format is not installed, and with the
 *   signal's reason.
 * @example
 * ```ts
 * import { Readable } from "node:stream";
 * import { evaluateFiles } from "maxmargin/files";
 *
 * const csv = Readable.from([Buffer.from("label,score\n1,0.5\n0,-2\n1,0.25\n")]);
 * const { losses, rows } = await evaluateFiles(csv, {
 *   format: "csv",
 *   labels: "label",
 *   predictions: "score",
 *   losses: ["hinge", "squared_hinge"],
 * });
 * losses; //=> { hinge: 0.4166666567325592, squared_hinge: 0.2708333432674408 }
 * rows; //=> 3
 * ```
 */
export async function evaluateFiles(
  sources: Sources,
  options: EvaluateOptions,
): Promise<FileEvaluation> {
  const given = [sources].flat() as Source[];
  const inquiry = readInquiry(given, options);
  options.signal?.throwIfAborted();
  const all = await expandAll(given);
  const saved = await evaluatePart(all, inquiry);
  if (saved.losses.length === 0) {
    throw new DataError(`${nameOf(all[0] as Source)}: expected at least one row, received none`);
  }
  return answerOf([saved]);
}

/**
 * Computes one of several parts of {@link evaluateFiles}: consecutive rows of all files together.
 * `mergeShards` merges the results of all parts, which other processes or machines can compute.
 *
 * .npy and Parquet files are read from the first row of the part on. Other formats are counted first,
 * and read up to the last row of the part.
 *
 * @param sources - as for `evaluateFiles`, but no streams.
 * @param options - as for `evaluateFiles`: the same for all parts.
 * @param shard - `index`, from 0 to `of - 1`, and `of`, the number of parts.
 * @returns a promise of exact sums, which JSON keeps.
 * @throws Never; the promise rejects as that of `evaluateFiles`.
 */
export async function evaluateShard(
  sources: Sources,
  options: EvaluateOptions,
  shard: { readonly index: number; readonly of: number },
): Promise<SavedShard> {
  const { index, of } = shard;
  for (const [name, value] of Object.entries({ index, of })) {
    if (typeof value !== "number") throw wrongKind(`shard.${name}`, "a number", described(value));
  }
  if (!Number.isInteger(of) || of < 1) throw wrongValue("shard.of", "an integer from 1", `${of}`);
  if (!Number.isInteger(index) || index < 0 || index >= of) {
    throw wrongValue("shard.index", `an integer from 0 to ${of - 1}`, `${index}`);
  }
  const given = [sources].flat() as Source[];
  const inquiry = readInquiry(given, options);
  options.signal?.throwIfAborted();
  const all = await expandAll(given);
  if (all.some(isStream)) {
    throw wrongKind("sources", "files, which each shard reads anew", "a stream");
  }
  const counts: number[] = [];
  for (const source of all) {
    counts.push((await countRows(source, inquiry.request, options.signal)).rows);
  }
  const total = counts.reduce((sum, rows) => sum + rows, 0);
  const at = (i: number) => Math.floor((total * i) / of);
  const part = { index, of, total, first: at(index), end: at(index + 1), start: 0, counts };
  return evaluatePart(all, inquiry, part);
}
