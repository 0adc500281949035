// The options of calls that read files.
import { described, wrongKind } from "../errors.js";
import type { Loss } from "../losses/loss.js";
import type { LabelEncoding } from "../losses/spec.js";
import { checkOptions } from "../options.js";
import { checkFormat, type Format, isArrayFiles, type Source } from "./formats.js";
import type { Groups } from "./groups.js";
import type { ReadOptions } from "./read-options.js";
import type { Selection } from "./select.js";

/** Which columns to read, and how. */
export interface BatchOptions {
  /**
   * The column of labels: a class id or a label for each row. Several columns, or a list column, have
   * a label for each prediction. Not for .npy files, which are a source of their own.
   */
  readonly labels?: string | readonly string[];
  /**
   * The column of predictions; or several, by their names or a pattern such as `logit_*`, whose
   * matches are in natural order; or a column of lists.
   */
  readonly predictions?: string | readonly string[];
  /** The column of sample weights. */
  readonly sampleWeight?: string;
  /** The format, if the name of the file does not tell it. */
  readonly format?: Format;
  /** Whether rows with a null (an empty field) are left out; by default, a null is an error. */
  readonly skipNulls?: boolean;
  /** A condition in SQL that rows have to meet. For Parquet only. */
  readonly where?: string;
}

/** How far an evaluation has come. */
export interface Progress {
  /** The rows so far. */
  readonly rows: number;
  /** The share of the data that has been read, from 0 to 1; undefined for streams. */
  readonly fraction: number | undefined;
}

/** Options of {@link evaluateFiles}. */
export interface EvaluateOptions extends BatchOptions {
  /** Names such as `"hinge"`, to which the options below apply, or losses with options of their own. */
  readonly losses: readonly (string | Loss)[];
  /**
   * How labels are read. By default, one column of labels beside several predictions has class ids,
   * and otherwise the encoding is the default of the loss.
   */
  readonly encoding?: LabelEncoding;
  /** The margin of the losses, by default 1. */
  readonly margin?: number;
  /** A factor for each class. */
  readonly classWeight?: ArrayLike<number>;
  /** The label of rows that do not count. */
  readonly ignoreClass?: number;
  /** A column whose values divide the rows into groups, which get losses of their own. */
  readonly by?: string;
  /**
   * Whether to return a `summary` too: margins, losses by class, and the rows with the largest
   * losses.
   */
  readonly summary?: boolean;
  /** Receives the progress, several times a second. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops the evaluation. */
  readonly signal?: AbortSignal;
}

export const batchOptionNames: readonly (keyof BatchOptions)[] = [
  "labels",
  "predictions",
  "sampleWeight",
  "format",
  "skipNulls",
  "where",
];

export const evaluateOptionNames: readonly (keyof EvaluateOptions)[] = [
  "losses",
  ...batchOptionNames,
  "encoding",
  "margin",
  "classWeight",
  "ignoreClass",
  "by",
  "summary",
  "onProgress",
  "signal",
];

const isText = (value: unknown): value is string => typeof value === "string";

/** Checks an option that is true or false. */
export function checkFlag(name: string, value: unknown = false): boolean {
  if (typeof value === "boolean") return value;
  throw wrongKind(name, "true or false", described(value));
}

function checkText(name: string, value: unknown): string | undefined {
  if (value === undefined || isText(value)) return value;
  throw wrongKind(name, "the name of a column", described(value));
}

function checkNames(name: string, value: unknown): string | readonly string[] {
  if (isText(value)) return value;
  if (Array.isArray(value) && value.length > 0 && value.every(isText)) return value;
  throw wrongKind(name, "the name of a column, or a list of names", described(value));
}

function readSelection(options: EvaluateOptions | BatchOptions, needed: boolean): Selection {
  const { sampleWeight, by } = options as EvaluateOptions;
  const names = (name: "labels" | "predictions") => {
    const value = options[name];
    return value === undefined && !needed ? [] : checkNames(name, value);
  };
  return {
    labels: names("labels"),
    predictions: names("predictions"),
    sampleWeight: checkText("sampleWeight", sampleWeight),
    by: checkText("by", by),
  };
}

/** The checked options of a call that reads sources. */
export interface ReadRequest {
  readonly read: ReadOptions;
  readonly format: Format | undefined;
}

/**
 * Checks the options of a call.
 *
 * @throws TypeError or RangeError if one is unknown or invalid.
 */
export function readRequest(
  sources: readonly Source[],
  options: BatchOptions | EvaluateOptions,
  known: readonly string[],
  groups?: Groups,
): ReadRequest {
  checkOptions(options, known);
  const { format, where } = options;
  const skipNulls = checkFlag("skipNulls", options.skipNulls);
  if (where !== undefined && !isText(where)) {
    throw wrongKind("where", "a condition in SQL", described(where));
  }
  const areArrays = sources.every(isArrayFiles);
  const selection = readSelection(options, !areArrays);
  return { format: checkFormat(format), read: { selection, skipNulls, where, groups } };
}
