import type { FileEvaluation } from "../files/answer.js";
import type { LabelEncoding } from "../losses/spec.js";
import { readings, rounded, short, thousands, widthOf } from "../report/words.js";
import type { Paint } from "./style.js";

/** Lines up cells: the first column on the left, numbers on the right. */
export function aligned(rows: readonly (readonly string[])[], isText: (column: number) => boolean) {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row.map((cell, i) => {
      const width = widths[i] as number;
      return isText(i) ? cell.padEnd(width) : cell.padStart(width);
    }),
  );
}

function lossTable({ losses, encodings }: FileEvaluation, paint: Paint): string[] {
  const rows = Object.entries(losses).map(([name, value]) => [
    name,
    short(value),
    readings[encodings[name] as LabelEncoding],
  ]);
  const [header, ...cells] = aligned([["loss", "mean", "labels"], ...rows], (i) => i !== 1);
  return [
    paint("dim", (header as string[]).join("  ").trimEnd()),
    ...cells.map(([name, value, reading]) =>
      `${name}  ${paint("bold", value as string)}  ${reading}`.trimEnd(),
    ),
  ];
}

function groupTable({ groups = [], losses }: FileEvaluation, by: string, paint: Paint): string[] {
  const names = Object.keys(losses);
  const rows = groups.map((group) => [
    group.name,
    thousands(group.rows),
    ...names.map((name) => short(group.losses[name] as number)),
  ]);
  const [header, ...cells] = aligned([[by, "rows", ...names], ...rows], (i) => i === 0);
  return ["", paint("dim", (header as string[]).join("  ")), ...cells.map((row) => row.join("  "))];
}

/** Formats an answer for people, with a histogram if there is one. */
export function tableOf(
  answer: FileEvaluation,
  by: string,
  paint: Paint,
  histogram?: string,
): string {
  const { rows, seconds } = answer;
  const lines = lossTable(answer, paint);
  if (answer.groups !== undefined) lines.push(...groupTable(answer, by, paint));
  if (histogram !== undefined) lines.push("", histogram);
  // Most of a short run is start-up, so its rate would mislead.
  const speed = seconds > 0.1 ? `, ${rounded(rows / seconds)} rows/s` : "";
  const time = `${Number(seconds.toPrecision(3))} s${speed}`;
  lines.push("", paint("dim", `${thousands(rows)} rows of ${widthOf(answer)}, ${time}`));
  return `${lines.join("\n")}\n`;
}
