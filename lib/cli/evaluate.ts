import { evaluateFiles } from "../files/evaluate.js";
import type { Command } from "./command.js";
import { dataOptions, whileShown } from "./data-options.js";
import { checkReport, needsSummary, outputOptions, printed } from "./output.js";
import { checkRunOptions, evaluateOnQueue, runOptions } from "./queue.js";

export const evaluate: Command = {
  summary: "compute losses of the rows in files",
  usage: "[FILE...] --labels COLUMN --predictions COLUMN --loss NAMES",
  options: { ...dataOptions, ...runOptions, ...outputOptions },
  examples: [
    "maxmargin evaluate scores.csv --labels label --predictions score --loss hinge",
    "maxmargin evaluate 'part-*.parquet' --labels y --predictions 'logit_*' --loss crammer_singer --by segment",
    "maxmargin evaluate --labels y_true.npy --predictions y_pred.npy --loss hinge,squared_hinge --json",
    "maxmargin evaluate scores.csv --labels label --predictions score --loss hinge --report report.html",
    "maxmargin evaluate 'part-*.parquet' --labels y --predictions p --loss hinge --queue redis://host:6379",
  ],
  async run(line, context) {
    checkRunOptions(line);
    await checkReport(line);
    const summary = needsSummary(line);
    const answer = await whileShown(line, context, ({ sources, options }) =>
      line.isSet("queue")
        ? evaluateOnQueue(line, context, sources, { ...options, summary })
        : evaluateFiles(sources, { ...options, summary }),
    );
    return printed(answer, line, context);
  },
};
