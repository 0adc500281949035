// Which reader a source needs.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { described, oneOf, wrongKind, wrongValue } from "../errors.js";
import { ArraysReader } from "./arrays.js";
import { ArrowReader } from "./arrow.js";
import type { Reader } from "./columns.js";
import { CsvReader } from "./csv.js";
import { DataError } from "./data-error.js";
import { FileInput, type Input, openGzip, StreamInput } from "./input.js";
import { JsonLinesReader } from "./json-lines.js";
import { NpyArray } from "./npy.js";
import { openNpz } from "./npz.js";
import { ParquetReader } from "./parquet.js";
import { filesLike, isFilePattern, isRemote } from "./patterns.js";
import type { ReadOptions } from "./read-options.js";

/** .npy files, each with one of the columns. */
export interface ArrayFiles {
  /** The labels, shape `[rows]`, or `[rows, n]` for n labels in a row. */
  readonly labels: string | URL;
  /** The predictions, shape `[rows]`, or `[rows, n]` for n predictions in a row. */
  readonly predictions: string | URL;
  /** The sample weights, shape `[rows]`. */
  readonly sampleWeight?: string | URL | undefined;
  /** The groups of the rows, shape `[rows]`. */
  readonly by?: string | URL | undefined;
}

/** A path or a `file:` URL; .npy files; or the bytes of a file, such as standard input. */
export type Source = string | URL | ArrayFiles | AsyncIterable<Uint8Array>;

/** A format whose rows are read from bytes one after the other. */
type TextFormat = "csv" | "tsv" | "jsonl";

/** A format that is read from a file alone, in any order. */
type FileFormat = "npz" | "parquet" | "arrow";

/** The formats that {@link Source | sources} can have. */
export type Format = TextFormat | FileFormat;

const extensions: Readonly<Record<string, Format>> = {
  ".csv": "csv",
  ".tsv": "tsv",
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".npz": "npz",
  ".parquet": "parquet",
  ".arrow": "arrow",
  ".arrows": "arrow",
  ".feather": "arrow",
  ".ipc": "arrow",
};

const openText: Readonly<
  Record<TextFormat, (input: Input, options: ReadOptions) => Promise<Reader>>
> = {
  csv: (input, options) => CsvReader.open(input, ",", options),
  tsv: (input, options) => CsvReader.open(input, "\t", options),
  jsonl: (input, options) => JsonLinesReader.open(input, options),
};

const openFile: Readonly<
  Record<FileFormat, (path: string, options: ReadOptions) => Promise<Reader>>
> = {
  npz: openNpz,
  arrow: (path, options) => ArrowReader.open(path, options),
  parquet: (path, options) => ParquetReader.open(path, options),
};

const isText = (format: Format): format is TextFormat => Object.hasOwn(openText, format);

const textFormats = Object.keys(openText);
const formats = [...textFormats, ...Object.keys(openFile)];

/** Checks a format that was chosen. */
export function checkFormat(format: unknown): Format | undefined {
  if (format === undefined || formats.includes(format as Format)) return format as Format;
  const wrong = typeof format === "string" ? wrongValue : wrongKind;
  throw wrong("format", oneOf(formats), described(format));
}

const pathOf = (file: string | URL) => (typeof file === "string" ? file : fileURLToPath(file));

/** Whether a source names a file for each column. */
export const isArrayFiles = (source: unknown): source is ArrayFiles =>
  typeof source === "object" && source !== null && "labels" in source && "predictions" in source;

function formatOf(file: string): Format {
  const extension = path.extname(file.replace(/\.gz$/i, "")).toLowerCase();
  const format = extensions[extension];
  if (format !== undefined) return format;
  if (extension === ".npy") {
    throw new DataError(
      `${file}: a .npy file has one array; name the files of labels and of predictions, without others`,
    );
  }
  throw new DataError(
    `${file}: unknown format ${JSON.stringify(extension)}; expected a name that ends in ${oneOf(Object.keys(extensions))}, or format`,
  );
}

/** Closes an input if what it is opened for fails. */
async function guarded<T>(input: Input, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    await input.close();
    throw error;
  }
}

async function openInput(file: string): Promise<Input> {
  return /\.gz$/i.test(file) ? openGzip(file) : FileInput.open(file);
}

async function openArrays(files: ArrayFiles, { groups }: ReadOptions): Promise<Reader> {
  const inputs: Input[] = [];
  const close = async () => {
    for (const input of inputs) await input.close();
  };
  const open = async (file: string | URL) => {
    const input = await openInput(pathOf(file));
    inputs.push(input);
    return NpyArray.open(input);
  };
  try {
    const { sampleWeight, by } = files;
    const arrays = {
      labels: await open(files.labels),
      predictions: await open(files.predictions),
      sampleWeight: sampleWeight === undefined ? undefined : await open(sampleWeight),
      by: by === undefined ? undefined : await open(by),
    };
    return new ArraysReader(arrays, groups, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens a source, and finds the columns. */
export async function openSource(
  source: Source,
  format: Format | undefined,
  options: ReadOptions,
): Promise<Reader> {
  if (typeof source !== "string" && !(source instanceof URL)) {
    if (typeof source !== "object" || source === null) {
      throw wrongKind("source", "a path, a URL, .npy files or a stream", described(source));
    }
    if (isArrayFiles(source)) return openArrays(source, options);
    if (format === undefined || !isText(format)) {
      const received = `${format === undefined ? "none" : described(format)}, for a stream`;
      throw wrongValue("format", oneOf(textFormats), received);
    }
    const input = new StreamInput("standard input", source);
    return guarded(input, () => openText[format](input, options));
  }
  const file = pathOf(source);
  const own = format ?? formatOf(file);
  if (options.where !== undefined && own !== "parquet") {
    throw wrongValue("where", "Parquet files", own);
  }
  if (!isText(own)) return openFile[own](file, options);
  const input = await openInput(file);
  return guarded(input, () => openText[own](input, options));
}

/** The name of a source in messages. */
export function nameOf(source: Source): string {
  if (typeof source === "string" || source instanceof URL) return pathOf(source);
  return isArrayFiles(source) ? pathOf(source.labels) : "standard input";
}

/** Whether a source can be read once only. */
export const isStream = (source: Source) =>
  typeof source === "object" && !(source instanceof URL) && !isArrayFiles(source);

/** Replaces patterns by the files that match them. */
export async function expand(sources: readonly Source[]): Promise<Source[]> {
  const all = await Promise.all(
    sources.map(async (source) => {
      // DuckDB finds what is elsewhere, such as s3://.
      if (typeof source !== "string" || !isFilePattern(source) || isRemote(source)) return [source];
      const files = await filesLike(source);
      if (files.length > 0) return files;
      throw new DataError(`${source}: expected a pattern of files, received one that none matches`);
    }),
  );
  return all.flat();
}
