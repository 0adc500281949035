import type { FileEvaluation } from "../files/answer.js";
import { evaluateFiles } from "../files/evaluate.js";
import type { CommandLine } from "./arguments.js";
import { type Command, type Context, json } from "./command.js";
import { dataOptions, whileShown } from "./data-options.js";
import { checkRunOptions, evaluateOnQueue, runOptions } from "./queue.js";
import { paintFor } from "./style.js";
import { tableOf } from "./table.js";

/** Says that a late label decided how all of them were read. */
export function noteOf({ decidedBy }: FileEvaluation): string | undefined {
  if (decidedBy === undefined) return undefined;
  const { file, row, label } = decidedBy;
  return `labels are read unchanged, and 0 stays 0: ${file}, row ${row}, has label ${label} (--encoding binary makes this an error)`;
}

/** Returns an answer in the form that was asked for, after a note on standard error. */
export function printed(
  answer: FileEvaluation,
  line: CommandLine,
  { stdout, stderr }: Context,
): string {
  const note = noteOf(answer);
  if (note !== undefined && !line.isSet("quiet")) {
    stderr.write(`${paintFor(stderr)("yellow", "note:")} ${note}\n`);
  }
  if (line.isSet("json")) return json(answer);
  return tableOf(answer, line.text("by") ?? "group", paintFor(stdout));
}

export const evaluate: Command = {
  summary: "compute losses of the rows in files",
  usage: "[FILE...] --labels COLUMN --predictions COLUMN --loss NAMES",
  options: { ...dataOptions, ...runOptions, json: { type: "boolean", help: "print JSON" } },
  examples: [
    "maxmargin evaluate scores.csv --labels label --predictions score --loss hinge",
    "maxmargin evaluate 'part-*.parquet' --labels y --predictions 'logit_*' --loss crammer_singer --by segment",
    "maxmargin evaluate --labels y_true.npy --predictions y_pred.npy --loss hinge,squared_hinge --json",
    "maxmargin evaluate 'part-*.parquet' --labels y --predictions p --loss hinge --queue redis://host:6379",
  ],
  async run(line, context) {
    checkRunOptions(line);
    const answer = await whileShown(line, context, ({ sources, options }) =>
      line.isSet("queue")
        ? evaluateOnQueue(line, context, sources, options)
        : evaluateFiles(sources, options),
    );
    return printed(answer, line, context);
  },
};
