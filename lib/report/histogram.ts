import type { Bar, MarginAnswer } from "../files/summary/summary.js";
import { html, type Markup } from "./html.js";
import { ticks } from "./ticks.js";
import { marginFormulas, share, short, thousands } from "./words.js";
import { type Zone, zonesOf } from "./zones.js";

/** The drawing, and the area of its bars. It is small, so that text is readable in narrow windows. */
const width = 480;
const height = 300;
const area = { left: 56, right: 470, top: 30, bottom: 250 };

const { format: compact } = new Intl.NumberFormat("en-US", { notation: "compact" });

/** Formats a coordinate. */
const at = (value: number) => `${Number(value.toFixed(1))}`;

type Scale = (value: number) => number;

/** The parts of a bar that are in different ranges. */
const piecesOf = ({ from, to, count }: Bar, zones: readonly Zone[]) =>
  zones
    .map((zone) => ({
      name: zone.name,
      from: Math.max(from, zone.from),
      to: Math.min(to, zone.to),
      count,
    }))
    .filter((piece) => piece.from < piece.to);

function barsOf({ histogram }: MarginAnswer, zones: readonly Zone[], x: Scale, y: Scale): Markup[] {
  return histogram.bars
    .filter(({ count }) => count > 0)
    .map((bar) => {
      const top = Math.min(y(bar.count), area.bottom - 1);
      const pieces = piecesOf(bar, zones).map(
        ({ name, from, to }) =>
          html`<rect class="${name}" x="${at(x(from))}" y="${at(top)}" width="${at(x(to) - x(from))}" height="${at(area.bottom - top)}"/>`,
      );
      const text = `${short(bar.from)} to ${short(bar.to)}: ${thousands(bar.count)}`;
      return html`<g><title>${text}</title>${pieces}</g>`;
    });
}

/** A vertical line with a text that is not cut off at the edges. */
function markOf(x: number, text: string): Markup {
  const anchor = x > width - 60 ? "end" : x < 60 ? "start" : "middle";
  return html`<path class="mark" d="M${at(x)} ${area.top - 8}V${area.bottom}"/>
<text x="${at(x)}" y="${area.top - 15}" text-anchor="${anchor}">${text}</text>`;
}

/** Draws the histogram of margins. `unit`: rows or predictions. */
export function histogramChart(margins: MarginAnswer, unit: string): Markup {
  const { histogram, hinge, kind, counts } = margins;
  const { bars } = histogram;
  const from = (bars[0] as Bar).from;
  const to = (bars.at(-1) as Bar).to;
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const x: Scale = (value) => area.left + ((value - from) / (to - from)) * (area.right - area.left);
  const y: Scale = (count) => area.bottom - (count / most) * (area.bottom - area.top);
  const middle = (area.top + area.bottom) / 2;
  const summary = `${share(counts.inside, counts.all)} of ${thousands(counts.all)} ${unit} are below ${short(hinge)}, the margin of the loss; ${share(counts.misclassified, counts.all)} are 0 or less.`;
  return html`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="histogram-title histogram-summary">
<title id="histogram-title">Distribution of margins</title>
<desc id="histogram-summary">${summary}</desc>
${ticks(0, most, 5)
  .filter(Number.isInteger)
  .map(
    (count) =>
      html`<path class="grid" d="M${area.left} ${at(y(count))}H${area.right}"/><text x="${area.left - 6}" y="${at(y(count) + 4)}" text-anchor="end">${compact(count)}</text>
`,
  )}${ticks(from, to, 8).map(
  (value) =>
    html`<path class="grid" d="M${at(x(value))} ${area.bottom}v5"/><text x="${at(x(value))}" y="${area.bottom + 19}" text-anchor="middle">${short(value)}</text>
`,
)}${barsOf(margins, zonesOf(margins), x, y)}
${hinge <= to ? markOf(x(hinge), `hinge at ${short(hinge)}`) : undefined}
<text x="${(area.left + area.right) / 2}" y="${height - 8}" text-anchor="middle">margin: ${marginFormulas[kind]}</text>
<text x="14" y="${middle}" text-anchor="middle" transform="rotate(-90 14 ${middle})">${unit}</text>
</svg>`;
}
