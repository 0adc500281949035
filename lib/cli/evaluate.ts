import { evaluateFiles } from "../files/evaluate.js";
import type { Command } from "./command.js";
import { dataOptions, whileShown } from "./data-options.js";
import { checkReport, needsSummary, outputOptions, printed } from "./output.js";

export const evaluate: Command = {
  summary: "compute losses of the rows in files",
  usage: "[FILE...] --labels COLUMN --predictions COLUMN --loss NAMES",
  options: { ...dataOptions, ...outputOptions },
  examples: [
    "maxmargin evaluate scores.csv --labels label --predictions score --loss hinge",
    "maxmargin evaluate 'part-*.parquet' --labels y --predictions 'logit_*' --loss crammer_singer --by segment",
    "maxmargin evaluate --labels y_true.npy --predictions y_pred.npy --loss hinge,squared_hinge --json",
    "maxmargin evaluate scores.csv --labels label --predictions score --loss hinge --report report.html",
  ],
  async run(line, context) {
    await checkReport(line);
    const summary = needsSummary(line);
    const answer = await whileShown(line, context, ({ sources, options }) =>
      evaluateFiles(sources, { ...options, summary }),
    );
    return printed(answer, line, context);
  },
};
