// Numbers and words of answers, as tables and pages show them.
import type { FileEvaluation } from "../files/answer.js";
import type { MarginAnswer } from "../files/summary/summary.js";
import type { LabelEncoding } from "../losses/spec.js";

/** How labels were read. */
export const readings: Readonly<Record<LabelEncoding, string>> = {
  auto: "0 and 1 if all are, otherwise unchanged",
  binary: "0 and 1",
  signed: "-1 and 1",
  sparse: "class ids",
  onehot: "one-hot",
};

/** Writes a number with the digits that float32 has. */
export const short = (value: number) => `${Number(value.toPrecision(7))}`;

export const thousands = (count: number) => count.toLocaleString("en-US");

const prefixes = ["", " k", " M", " G", " T"];

/** Formats a number of things in three digits, of which a reader needs no more. */
export function rounded(count: number): string {
  let value = Number(count.toPrecision(3));
  let power = 0;
  for (; value >= 1000 && power + 1 < prefixes.length; power++) value /= 1000;
  return `${power === 0 ? Math.round(count) : value.toPrecision(3)}${prefixes[power]}`;
}

/** Writes a count as a share of all: "12.3%". */
export function share(count: number, all: number): string {
  if (all === 0) return "0%";
  const percent = (100 * count) / all;
  return `${Number(percent.toPrecision(3))}%`;
}

/** The number of predictions in a row, in words. */
export const widthOf = ({ classes }: FileEvaluation) =>
  classes === 1 ? "1 prediction" : `${classes} predictions`;

/** What has a margin: rows, or each prediction of a row. */
export const unitOf = ({ kind }: MarginAnswer, { classes }: FileEvaluation) =>
  kind === "product" && classes > 1 ? "predictions" : "rows";

/** What a margin is. */
export const marginFormulas: Readonly<Record<MarginAnswer["kind"], string>> = {
  product: "label × prediction",
  difference: "prediction for the class − largest other prediction",
};
