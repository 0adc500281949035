import { described, wrongKind, wrongValue } from "../errors.js";
import { now } from "../surroundings.js";
import { answerOf, type FileEvaluation, type SavedShard } from "./answer.js";
import { Collector, type Shard } from "./collector.js";
import type { Reader } from "./columns.js";
import { DataError, fileError } from "./data-error.js";
import { expand, isArrayFiles, isStream, nameOf, openSource, type Source } from "./formats.js";
import { Groups } from "./groups.js";
import { chooseLosses } from "./losses.js";
import {
  checkFlag,
  type EvaluateOptions,
  evaluateOptionNames,
  type ReadRequest,
  readRequest,
} from "./options.js";

/** Sources, of which one need not be in a list. */
export type Sources = Source | readonly Source[];

async function withReader<T>(
  source: Source,
  { format, read }: ReadRequest,
  use: (reader: Reader) => Promise<T>,
): Promise<T> {
  const reader = await openSource(source, format, read);
  try {
    return await use(reader);
  } catch (error) {
    throw isOwn(error) ? error : fileError(nameOf(source), error);
  } finally {
    await reader.close();
  }
}

/** Whether an error comes from this library, or from a signal or a callback: not from a file. */
const isOwn = (error: unknown) => !(error instanceof Error) || !("code" in error);

/** Counts the rows of each source, by reading those that do not know it. */
async function countRows(sources: readonly Source[], request: ReadRequest, signal?: AbortSignal) {
  const counts: number[] = [];
  for (const source of sources) {
    const count = await withReader(source, request, async (reader) => {
      if (reader.rows !== undefined) return reader.rows;
      let rows = 0;
      for await (const { count } of reader.read()) {
        signal?.throwIfAborted();
        rows += count;
      }
      return rows;
    });
    counts.push(count);
  }
  return counts;
}

async function collect(
  sources: Sources,
  options: EvaluateOptions,
  shard?: Shard,
): Promise<SavedShard> {
  const started = now();
  const given = [sources].flat() as Source[];
  const groups = isGrouped(given, options) ? new Groups() : undefined;
  const request = readRequest(given, options, evaluateOptionNames, groups);
  const losses = chooseLosses(options.losses, options);
  const wanted = { losses, groups, summary: checkFlag("summary", options.summary) };
  const { onProgress, signal } = options;
  signal?.throwIfAborted();
  const all = await expand(given);
  if (all.length === 0) throw wrongValue("sources", "at least one file", "none");
  if (shard !== undefined && all.some(isStream)) {
    throw wrongKind("sources", "files, which each shard reads anew", "a stream");
  }
  const counts = shard && (await countRows(all, request, signal));
  const total = counts?.reduce((sum, count) => sum + count, 0) ?? 0;
  const collector = new Collector(wanted, shard && { ...shard, total });
  let at = 0;
  for (const [i, source] of all.entries()) {
    const end = counts === undefined ? Infinity : at + (counts[i] as number);
    const isNeeded = () => end > collector.span.first && at < collector.span.end;
    if (!isNeeded()) {
      at = end;
      continue;
    }
    await withReader(source, request, async (reader) => {
      collector.begin(nameOf(source), at);
      const { random } = reader;
      if (random !== undefined && shard !== undefined) {
        collector.expect(random.widths, options.sampleWeight !== undefined || hasWeights(source));
        if (!isNeeded()) return;
        const first = Math.max(0, collector.span.first - at);
        random.seek(first);
        at += first;
      }
      for await (const rows of reader.read()) {
        signal?.throwIfAborted();
        collector.add(rows, at);
        at += rows.count;
        onProgress?.({ rows: at, fraction: fractionOf(i, all.length, reader.progress()) });
        if (!isNeeded()) return;
      }
    });
    if (counts !== undefined) at = end;
  }
  collector.finish(at);
  if (shard === undefined && at === 0) {
    throw new DataError(`${nameOf(all[0] as Source)}: expected at least one row, received none`);
  }
  return collector.save((now() - started) / 1000);
}

const hasWeights = (source: Source) => isArrayFiles(source) && source.sampleWeight !== undefined;

const isGrouped = (sources: readonly Source[], { by }: EvaluateOptions) =>
  by !== undefined || sources.some((source) => isArrayFiles(source) && source.by !== undefined);

const fractionOf = (i: number, count: number, own: number | undefined) =>
  own === undefined ? undefined : (i + own) / count;

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
  return answerOf([await collect(sources, options)]);
}

/**
 * Computes one of several parts of {@link evaluateFiles}: consecutive rows of all files together.
 * `mergeShards` merges the results of all parts, which other processes or machines can compute.
 *
 * .npy files are read from the first row of the part on. Other formats are counted first, and read up
 * to the last row of the part.
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
  return collect(sources, options, { index, of });
}
