// The files of a run, as its jobs name them.
import { stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { wrongKind, wrongValue } from "../errors.js";
import { DataError, fileError, wrongData } from "../files/data-error.js";
import { type ArrayFiles, isArrayFiles, isStream, type Source } from "../files/formats.js";
import { isRemote } from "../files/patterns.js";

/** .npy files with absolute paths. */
type ArrayPaths = Readonly<Partial<Record<keyof ArrayFiles, string>>> &
  Pick<ArrayFiles, "labels" | "predictions">;

/** A source that JSON keeps. */
export interface SavedSource {
  /** An absolute path, a URL of a Parquet file, or .npy files. */
  readonly source: string | ArrayPaths;
  /** The size of its files, by which all machines have the same ones; null for a URL. */
  readonly bytes: number | null;
}

/** A source, and when it was written. */
export interface ListedSource extends SavedSource {
  /** In milliseconds; null for a URL. */
  readonly modified: number | null;
}

/** The paths and URLs of a source. */
export const filesOf = ({ source }: Pick<SavedSource, "source">): string[] =>
  typeof source === "string"
    ? [source]
    : ([source.labels, source.predictions, source.sampleWeight, source.by].filter(
        (file) => file !== undefined,
      ) as string[]);

/** The name of a source in messages. */
export const nameOf = (source: SavedSource) => filesOf(source)[0] as string;

function savedFile(file: string | URL): string {
  const text = typeof file === "string" ? file : file.href;
  if (/^file:/i.test(text)) return fileURLToPath(text);
  if (!isRemote(text)) return path.resolve(text);
  // Jobs and messages show it.
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.username || url?.password) {
    const place = `${url.protocol}//${url.host}${url.pathname}`;
    throw wrongValue("sources", `${place} without a user and password`, "one with them");
  }
  return text;
}

function savedSource(source: Source): SavedSource["source"] {
  if (typeof source === "string" || source instanceof URL) return savedFile(source);
  if (isArrayFiles(source)) {
    const files = Object.entries(source).filter(([, file]) => file !== undefined);
    return Object.fromEntries(
      files.map(([name, file]) => [name, savedFile(file as string | URL)]),
    ) as unknown as ArrayPaths;
  }
  throw wrongKind("sources", "files, which workers read", "a stream");
}

/** Returns the size of all files of a source together, and when the last of them was modified. */
async function factsOf(source: SavedSource["source"]) {
  let bytes = 0;
  let modified = 0;
  for (const file of filesOf({ source })) {
    if (isRemote(file)) return { bytes: null, modified: null };
    try {
      const stats = await stat(file);
      bytes += stats.size;
      modified = Math.max(modified, stats.mtimeMs);
    } catch (error) {
      throw fileError(file, error);
    }
  }
  return { bytes, modified };
}

/** The files that are looked at at once. */
const atOnce = 64;

/**
 * Lists the files of a run.
 *
 * @throws DataError that names all files that do not exist; TypeError for a stream.
 */
export async function listSources(sources: readonly Source[]): Promise<ListedSource[]> {
  if (sources.some(isStream)) throw wrongKind("sources", "files, which workers read", "a stream");
  const saved = sources.map(savedSource);
  const listed: ListedSource[] = [];
  const problems: string[] = [];
  for (let i = 0; i < saved.length; i += atOnce) {
    const some = saved.slice(i, i + atOnce);
    for (const [j, outcome] of (await Promise.allSettled(some.map(factsOf))).entries()) {
      if (outcome.status === "rejected") problems.push((outcome.reason as Error).message);
      else listed.push({ source: some[j] as SavedSource["source"], ...outcome.value });
    }
  }
  if (problems.length > 0) throw new DataError(problems.join("\n"));
  return listed;
}

/**
 * Checks, on the machine of a worker, that the files are those of the driver.
 *
 * @throws DataError if their size is another one.
 */
export async function checkSize(saved: SavedSource): Promise<void> {
  const { bytes } = await factsOf(saved.source);
  if (bytes === saved.bytes) return;
  const expected = `${saved.bytes} bytes, as when the run was submitted`;
  throw wrongData(nameOf(saved), expected, `${bytes}`);
}
