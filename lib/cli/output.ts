// Prints an answer as a table or JSON, and writes its report.
import { stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { FileEvaluation } from "../files/answer.js";
import { DataError, fileError } from "../files/data-error.js";
import { reportPage, type SummarizedEvaluation } from "../report/page.js";
import { ownVersion } from "../version.js";
import type { CommandLine, CommandOptions } from "./arguments.js";
import { type Context, json } from "./command.js";
import { histogramText } from "./histogram.js";
import { paintFor } from "./style.js";
import { tableOf } from "./table.js";
import { UsageError } from "./usage-error.js";

export const outputOptions: CommandOptions = {
  json: { type: "boolean", help: "print JSON" },
  histogram: { type: "boolean", help: "show the distribution of margins too" },
  report: { type: "string", value: "FILE", help: "write a page with charts: report.html" },
};

/** Whether a command line asks for output that needs a summary of the rows. */
export const needsSummary = (line: CommandLine) => line.isSet("histogram") || line.isSet("report");

const statsOf = (file: string) => stat(file).catch(() => undefined);

/** Checks, before an evaluation that can take long, where its report is to be. */
export async function checkReport(line: CommandLine): Promise<void> {
  const file = line.text("report");
  if (file === undefined) return;
  // A file of data has another name: it would be lost.
  if (!/\.html?$/i.test(file)) {
    throw new UsageError(
      `--report: expected a file that ends in .html, received ${JSON.stringify(file)}`,
    );
  }
  const folder = path.dirname(file);
  if (!(await statsOf(folder))?.isDirectory()) {
    throw new DataError(`${file}: cannot be written, because there is no directory ${folder}`);
  }
  if ((await statsOf(file))?.isDirectory()) {
    throw fileError(file, Object.assign(new Error(), { code: "EISDIR" }));
  }
}

/** Says that a late label decided how all of them were read. */
function noteOf({ decidedBy }: FileEvaluation): string | undefined {
  if (decidedBy === undefined) return undefined;
  const { file, row, label } = decidedBy;
  return `labels are read unchanged, and 0 stays 0: ${file}, row ${row}, has label ${label} (--encoding binary makes this an error)`;
}

/** Writes an argument as a shell reads it. */
const quoted = (argument: string) =>
  /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;

/** Returns an answer with its summary, which parts have only if they were asked for it. */
function summarized({ summary, ...answer }: FileEvaluation): SummarizedEvaluation {
  if (summary !== undefined) return { ...answer, summary };
  throw new DataError("expected parts of maxmargin shard --summary, received others");
}

async function writeReport(
  file: string,
  answer: FileEvaluation,
  by: string,
  { args }: Context,
): Promise<void> {
  const note = noteOf(answer);
  const page = reportPage(summarized(answer), {
    by,
    command: ["maxmargin", ...args].map(quoted),
    notes: note === undefined ? [] : [note],
    version: ownVersion(),
    date: new Date(),
  });
  try {
    await writeFile(file, page);
  } catch (error) {
    throw fileError(file, error);
  }
}

/** Writes the report, and returns what to print, after a note on standard error. */
export async function printed(
  answer: FileEvaluation,
  line: CommandLine,
  context: Context,
): Promise<string> {
  const { stdout, stderr } = context;
  const note = noteOf(answer);
  if (note !== undefined && !line.isSet("quiet")) {
    stderr.write(`${paintFor(stderr)("yellow", "note:")} ${note}\n`);
  }
  const by = line.text("by") ?? "group";
  const file = line.text("report");
  const paint = paintFor(stdout);
  const histogram = line.isSet("histogram")
    ? histogramText(summarized(answer), stdout.columns ?? 80, paint)
    : undefined;
  if (file !== undefined) await writeReport(file, answer, by, context);
  return line.isSet("json") ? json(answer) : tableOf(answer, by, paint, histogram);
}
