// The options of commands that read files.
import { setNumThreads } from "../backend/backend.js";
import type { Source } from "../files/formats.js";
import { lossNames } from "../files/losses.js";
import type { EvaluateOptions } from "../files/options.js";
import type { CommandLine, CommandOptions } from "./arguments.js";
import type { Context } from "./command.js";
import { ProgressLine } from "./progress.js";
import { UsageError } from "./usage-error.js";

export const dataOptions: CommandOptions = {
  labels: {
    type: "string",
    multiple: true,
    value: "COLUMN",
    help: "column of labels or class ids",
  },
  predictions: {
    type: "string",
    multiple: true,
    value: "COLUMN",
    help: "column of predictions, or several: 'logit_*'",
  },
  weights: { type: "string", value: "COLUMN", help: "column of sample weights" },
  loss: {
    type: "string",
    multiple: true,
    value: "NAMES",
    help: lossNames.join(", "),
  },
  encoding: { type: "string", value: "NAME", help: "auto, signed, binary, sparse or onehot" },
  margin: { type: "string", value: "NUMBER", help: "margin of the losses, by default 1" },
  "class-weight": { type: "string", value: "LIST", help: "a factor for each class: 1,2.5" },
  "ignore-class": { type: "string", value: "LABEL", help: "label of rows that do not count" },
  by: { type: "string", value: "COLUMN", help: "losses for each value of a column too" },
  where: { type: "string", value: "SQL", help: "condition for rows of Parquet files" },
  format: { type: "string", value: "NAME", help: "format of the files, or of standard input (-)" },
  "skip-nulls": { type: "boolean", help: "leave out rows with a null or an empty field" },
  threads: { type: "string", value: "N", help: "number of threads, by default all" },
  quiet: { type: "boolean", short: "q", help: "no progress and no notes" },
};

/** The sources and options of an evaluation. */
export interface DataRequest {
  readonly sources: readonly Source[];
  readonly options: EvaluateOptions;
  readonly progress: ProgressLine;
}

function arraySource(line: CommandLine): Source {
  const one = (name: string) => {
    const [file, ...others] = line.texts(name) ?? [];
    if (others.length === 0) return file;
    throw new UsageError(`--${name}: expected one .npy file, received ${others.length + 1}`);
  };
  const [labels, predictions] = [one("labels"), one("predictions")];
  if (labels === undefined || predictions === undefined) {
    throw new UsageError(
      "expected files with columns --labels and --predictions, or two .npy files as --labels and --predictions",
    );
  }
  return { labels, predictions, sampleWeight: line.text("weights"), by: line.text("by") };
}

function sourcesOf(line: CommandLine): Source[] {
  if (line.files.length === 0) return [arraySource(line)];
  for (const name of ["labels", "predictions"]) {
    if (!line.isSet(name)) throw new UsageError(`--${name}: expected a column`);
  }
  return line.files.map((file) => (file === "-" ? process.stdin : file));
}

function readDataRequest(line: CommandLine, { signal, stderr }: Context): DataRequest {
  const losses = line
    .texts("loss")
    ?.flatMap((names) => names.split(",").map((name) => name.trim()));
  if (losses === undefined) throw new UsageError("--loss: expected a loss, such as hinge");
  const threads = line.number("threads");
  if (threads !== undefined) setNumThreads(threads);
  const progress = new ProgressLine(stderr);
  const options = {
    losses,
    ...(line.files.length > 0 && {
      labels: line.texts("labels"),
      predictions: line.texts("predictions"),
      sampleWeight: line.text("weights"),
      by: line.text("by"),
    }),
    encoding: line.text("encoding"),
    margin: line.number("margin"),
    classWeight: line.numbers("class-weight"),
    ignoreClass: line.number("ignore-class"),
    where: line.text("where"),
    format: line.text("format"),
    skipNulls: line.isSet("skip-nulls"),
    onProgress: line.isSet("quiet") ? undefined : progress.show,
    signal,
  };
  return { sources: sourcesOf(line), options: options as EvaluateOptions, progress };
}

/** Evaluates what a command line asks for, while a terminal shows the progress. */
export async function whileShown<T>(
  line: CommandLine,
  context: Context,
  evaluate: (request: DataRequest) => Promise<T>,
): Promise<T> {
  const request = readDataRequest(line, context);
  try {
    return await evaluate(request);
  } finally {
    request.progress.clear();
  }
}
