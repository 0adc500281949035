import type { FileEvaluation } from "../files/answer.js";
import type { ClassAnswer, Summary } from "../files/summary/summary.js";
import { histogramChart } from "./histogram.js";
import { html, Markup } from "./html.js";
import { style } from "./style.js";
import { divided, lossesOfParts, number, type Part, table, text } from "./tables.js";
import { marginFormulas, readings, share, short, thousands, unitOf, widthOf } from "./words.js";
import { zonesOf } from "./zones.js";

/** An evaluation whose rows have been summarized. */
export type SummarizedEvaluation = FileEvaluation & { readonly summary: Summary };

/** What a page says about an evaluation, besides its answer. */
export interface ReportDetails {
  /** The column of the groups. */
  readonly by: string;
  /** The words of the command that wrote the page. */
  readonly command: readonly string[];
  readonly notes: readonly string[];
  readonly version: string;
  readonly date: Date;
}

function lossSection({ losses, encodings }: FileEvaluation): Markup {
  const rows = Object.entries(losses).map(([name, value]) => [
    name,
    short(value),
    readings[encodings[name] as keyof typeof readings],
  ]);
  return html`<section id="losses"><h2>Losses</h2>
${table([text("loss"), number("mean"), text("labels read as")], rows)}
</section>`;
}

/** Says which margins are not in the chart. */
function rangeText({ margins }: Summary): string {
  const { range, histogram } = margins;
  const { bars, below, above } = histogram;
  if (range === undefined) return "No margin is finite.";
  const ends = [
    below > 0 ? `${thousands(below)} below ${short(bars[0]?.from ?? 0)}` : "",
    above > 0 ? `${thousands(above)} above ${short(bars.at(-1)?.to ?? 0)}` : "",
  ].filter((end) => end !== "");
  const beyond = ends.length > 0 ? ` The chart leaves out ${ends.join(" and ")}.` : "";
  return `Margins are from ${short(range[0])} to ${short(range[1])}.${beyond}`;
}

function marginSection(answer: SummarizedEvaluation): Markup {
  const { margins } = answer.summary;
  const { counts, kind, hinge } = margins;
  const unit = unitOf(margins, answer);
  const [loss = ""] = Object.keys(answer.losses);
  const swatch = (name: string) =>
    html`<svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><rect class="${name}" width="10" height="10"/></svg>`;
  const row = (name: Markup | string, count: number) => [
    name,
    thousands(count),
    share(count, counts.all),
  ];
  const special = [
    row("NaN", counts.nan),
    row("infinity, among those outside", counts.infinite),
    row("minus infinity, among those misclassified", counts.minusInfinite),
  ].filter(([, count]) => count !== "0");
  const rows = [
    ...zonesOf(margins).map(({ name, text, count }) => row(html`${swatch(name)}${text}`, count)),
    row(`all below the margin of ${short(hinge)}`, counts.inside),
    ...special,
    row("all margins", counts.all),
  ];
  return html`<section id="margins"><h2>Margins</h2>
<p>Margin: ${marginFormulas[kind]}, with labels as ${loss} reads them. ${unit === "rows" ? "A row" : "A prediction"} is
misclassified at 0 or less, and inside the margin below ${short(hinge)}, the margin of ${loss}.</p>
<div class="beside">
<div>${histogramChart(margins, unit)}<p class="dim">${rangeText(answer.summary)}</p></div>
${table([text("margin"), number(unit), number("share")], rows)}
</div>
</section>`;
}

/** Returns classes as one part. */
function together(classes: readonly (ClassAnswer & Part)[]): Part {
  const rows = classes.reduce((sum, own) => sum + own.rows, 0);
  const mean = (name: string) =>
    classes.reduce((sum, own) => sum + own.rows * (own.losses[name] as number), 0) / rows;
  const names = Object.keys(classes[0]?.losses ?? {});
  return {
    name: `${thousands(classes.length)} others`,
    rows,
    losses: Object.fromEntries(names.map((name) => [name, mean(name)])),
  };
}

function classSection({ classes }: Summary): Markup | undefined {
  if (classes === undefined) return undefined;
  const parts = classes.map((own) => ({ ...own, name: `${own.label}` }));
  const [first = ""] = Object.keys(classes[0]?.losses ?? {});
  const [shown, others] = divided(parts, first);
  const rest = others.length > 0 ? [together(others)] : [];
  return html`<section id="classes"><h2>Loss by class</h2>
${others.length > 0 ? html`<p>The classes with the largest total loss come first.</p>` : undefined}
${lossesOfParts(number("class"), [...shown, ...rest])}
</section>`;
}

function groupSection({ groups, losses }: FileEvaluation, by: string): Markup | undefined {
  if (groups === undefined) return undefined;
  const [first = ""] = Object.keys(losses);
  const [shown, others] = divided(groups, first);
  const note = `These ${shown.length} have the largest total loss. ${thousands(others.length)} others are left out; --json lists all.`;
  return html`<section id="groups"><h2>Loss by ${by}</h2>
${others.length > 0 ? html`<p>${note}</p>` : undefined}
${lossesOfParts(text(by), shown)}
</section>`;
}

const cell = (value: number | null) => (value === null ? "" : short(value));

function worstSection({ summary, losses }: SummarizedEvaluation): Markup {
  const [loss = ""] = Object.keys(losses);
  const isClass = summary.margins.kind === "difference";
  const columns = [
    number("loss"),
    text("file"),
    number("row"),
    number("label"),
    number(isClass ? "predicted class" : "prediction"),
  ];
  const rows = summary.worst.map((row) => [
    short(row.loss),
    row.file,
    thousands(row.row),
    cell(row.label),
    cell(row.prediction),
  ]);
  return html`<section id="worst"><h2>Rows with the largest loss</h2>
<p>By ${loss}, times the weight of the row if rows have weights. Rows are counted from 1 in each file.</p>
${rows.length > 0 ? table(columns, rows) : html`<p>No row has a loss.</p>`}
</section>`;
}

/** Writes the page of an evaluation: all in one file, without scripts and requests. */
export function reportPage(answer: SummarizedEvaluation, details: ReportDetails): string {
  const { by, command, notes, version, date } = details;
  const names = Object.keys(answer.losses).join(", ");
  const title = `${names} of ${thousands(answer.rows)} rows`;
  const written = `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p class="dim">${widthOf(answer)} in a row. Written ${written} by maxmargin ${version}:</p>
<p><code>${command.map((word) => html`<span>${word}</span> `)}</code></p>
${notes.map((note) => html`<p>Note: ${note}</p>`)}
${lossSection(answer)}
${marginSection(answer)}
${classSection(answer.summary)}
${groupSection(answer, by)}
${worstSection(answer)}
</main>
</body>
</html>
`.text;
}
