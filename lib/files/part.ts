// Reading a data set, or a part of it.
import { wrongValue } from "../errors.js";
import { now } from "../surroundings.js";
import type { SavedShard } from "./answer.js";
import type { Block, RowSpan } from "./blocks.js";
import { Collector, type Part } from "./collector.js";
import type { Reader } from "./columns.js";
import { fileError, wrongData } from "./data-error.js";
import { expand, isArrayFiles, nameOf, openSource, type Source } from "./formats.js";
import { Groups } from "./groups.js";
import { type ChosenLoss, chooseLosses } from "./losses.js";
import {
  checkFlag,
  type EvaluateOptions,
  evaluateOptionNames,
  type ReadRequest,
  readRequest,
} from "./options.js";

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

/** The number of rows in a source, and whether it can be read from any of them on. */
export interface RowCount {
  readonly rows: number;
  readonly canSeek: boolean;
}

/** Counts the rows of a source, by reading it if it does not know them. */
export function countRows(
  source: Source,
  request: ReadRequest,
  signal?: AbortSignal,
): Promise<RowCount> {
  return withReader(source, request, async (reader) => {
    let { rows } = reader;
    if (rows === undefined) {
      rows = 0;
      for await (const { count } of reader.read()) {
        signal?.throwIfAborted();
        rows += count;
      }
    }
    return { rows, canSeek: reader.seek !== undefined };
  });
}

/** A part of a data set, and sources that have its rows. */
export interface SourcedPart extends Part {
  /** The number of the first source's first row in the data set. */
  readonly start: number;
  /** The number of rows in each source. */
  readonly counts: readonly number[];
}

/** What an evaluation is asked for. */
interface Inquiry {
  readonly request: ReadRequest;
  readonly losses: readonly ChosenLoss[];
  readonly summary: boolean;
  readonly options: EvaluateOptions;
}

/** Checks the options of an evaluation, before any file is opened. */
export function readInquiry(sources: readonly Source[], options: EvaluateOptions): Inquiry {
  const groups = isGrouped(sources, options) ? new Groups() : undefined;
  const request = readRequest(sources, options, evaluateOptionNames, groups);
  const losses = chooseLosses(options.losses, options);
  return { request, losses, summary: checkFlag("summary", options.summary), options };
}

const isGrouped = (sources: readonly Source[], { by }: EvaluateOptions) =>
  by !== undefined || sources.some((source) => isArrayFiles(source) && source.by !== undefined);

/** Replaces patterns by files, of which there has to be one at least. */
export async function expandAll(sources: readonly Source[]): Promise<Source[]> {
  const all = await expand(sources);
  if (all.length === 0) throw wrongValue("sources", "at least one file", "none");
  return all;
}

const fractionOf = (i: number, count: number, own: number | undefined) =>
  own === undefined ? undefined : (i + own) / count;

/** Adds up the losses of the rows in sources, or of a part whose place in the data set is known. */
export async function evaluatePart(
  sources: readonly Source[],
  { request, losses, summary, options }: Inquiry,
  part?: SourcedPart,
): Promise<SavedShard> {
  const started = now();
  const { signal, onProgress } = options;
  const wanted = { losses, groups: request.read.groups, summary };
  const collector = new Collector(wanted, part);
  let at = part?.start ?? 0;
  for (const [i, source] of sources.entries()) {
    const end = part === undefined ? Infinity : at + (part.counts[i] as number);
    const isNeeded = at < collector.span.end && end > collector.span.first;
    if (isNeeded) {
      await withReader(source, request, async (reader) => {
        const place = { name: nameOf(source), first: at, end };
        collector.begin(place.name, at);
        for await (const rows of neededRows(reader, collector, place)) {
          signal?.throwIfAborted();
          collector.add(rows);
          at = rows.first + rows.count;
          onProgress?.({
            rows: at,
            fraction: fractionOf(i, sources.length, reader.progress()),
          });
        }
      });
    }
    if (part !== undefined) at = end;
  }
  collector.finish(at);
  return collector.save((now() - started) / 1000);
}

/**
 * Yields the rows of a source that a collector needs. `place` has the numbers of its rows in the data
 * set, if they are known: other rows than those that were counted are an error.
 */
async function* neededRows(
  reader: Reader,
  collector: Collector,
  { name, first, end }: Place,
): AsyncGenerator<Block, void, undefined> {
  const counted = end - first;
  const check = (isRight: boolean, rows: number) => {
    if (!isRight) throw wrongData(name, `${counted} rows, as were counted`, `${rows}`);
  };
  let at = first;
  let last = end;
  if (counted !== Infinity && reader.rows !== undefined) {
    check(reader.rows === counted, reader.rows);
    const most = Math.min(end, collector.span.end);
    if (reader.seek !== undefined) {
      at = Math.max(first, collector.span.first);
      last = most;
      reader.seek(at - first, last - first);
    } else if (reader.limit !== undefined) {
      last = most;
      reader.limit(last - first);
    }
  }
  for await (const rows of reader.read()) {
    yield { ...rows, first: at };
    at += rows.count;
    check(at <= last, at - first);
    const { span } = collector;
    // Otherwise the source is read to its end, to see that this comes where it is expected.
    if (span.first >= span.end || (at >= span.end && span.end < end)) return;
  }
  check(at === last || last === Infinity, at - first);
}

/** Where the rows of a source are in the data set. */
interface Place extends RowSpan {
  readonly name: string;
}
