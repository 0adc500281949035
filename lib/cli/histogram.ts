import { type Bar, coarser } from "../files/summary/bars.js";
import type { MarginAnswer } from "../files/summary/summary.js";
import type { SummarizedEvaluation } from "../report/page.js";
import { marginFormulas, share, short, thousands, unitOf } from "../report/words.js";
import type { Paint } from "./style.js";

/** A terminal has few lines. */
const mostBars = 24;

/** Lines that are longer are hard to read. */
const widest = 100;

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** Draws a bar of blocks, in eighths of a character; of a count above 0, at least one. */
function blocks(count: number, most: number, length: number): string {
  const size = count === 0 ? 0 : Math.max(1, Math.round((8 * length * count) / most));
  return "█".repeat(Math.floor(size / 8)) + eighths[size % 8];
}

const pad = (texts: readonly string[]) => {
  const width = Math.max(...texts.map(({ length }) => length));
  return texts.map((text) => text.padStart(width));
};

function barLines(bars: readonly Bar[], columns: number): string[] {
  const from = pad(bars.map((bar) => short(bar.from)));
  const to = pad(bars.map((bar) => short(bar.to)));
  const counts = pad(bars.map(({ count }) => thousands(count)));
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const start = bars.map((_, i) => `${from[i]} to ${to[i]}  ${counts[i]}  `);
  const length = Math.max(10, Math.min(columns, widest) - 1 - (start[0] as string).length);
  return bars.map(({ count }, i) => `${start[i]}${blocks(count, most, length)}`.trimEnd());
}

/** Puts a line where the margin of the loss is: before the bars from there on. */
function withHinge(lines: readonly string[], bars: readonly Bar[], hinge: number): string[] {
  const place = bars.findIndex(({ from }) => from >= hinge);
  const at = place < 0 ? lines.length : place;
  const isInside = (bars[at - 1]?.to ?? hinge) > hinge;
  const text = `hinge at ${short(hinge)}${isInside ? ", inside the bar above" : ""}`;
  return [...lines.slice(0, at), `--- ${text} ---`, ...lines.slice(at)];
}

function countLines({ counts, hinge, histogram, range }: MarginAnswer, unit: string): string[] {
  const { all, inside, misclassified, nan, infinite, minusInfinite } = counts;
  const [smallest, largest] = range ?? [0, 0];
  const others = [
    [histogram.below, `below the bars, from ${short(smallest)}`],
    [histogram.above, `above the bars, up to ${short(largest)}`],
    [nan, "NaN"],
    [infinite, "infinity"],
    [minusInfinite, "minus infinity"],
  ] as const;
  const rows = [
    [inside, `inside the margin: below ${short(hinge)}`],
    [misclassified, "misclassified: 0 or less"],
    ...others.filter(([count]) => count > 0),
    [all, unit],
  ] as const;
  const numbers = pad(rows.map(([count]) => thousands(count)));
  const shares = pad(rows.map(([count]) => share(count, all)));
  return rows.map(([, text], i) => `${numbers[i]}  ${shares[i]}  ${text}`);
}

/** Draws the margins of an answer for a terminal with some columns. */
export function histogramText(answer: SummarizedEvaluation, columns: number, paint: Paint): string {
  const { margins } = answer.summary;
  const unit = unitOf(margins, answer);
  const { bars } = coarser(margins.histogram, mostBars);
  const lines = [
    paint("dim", `margin: ${marginFormulas[margins.kind]}`),
    ...withHinge(barLines(bars, columns), bars, margins.hinge),
    "",
    ...countLines(margins, unit),
  ];
  return lines.join("\n");
}
