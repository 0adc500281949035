// The figures as bars, in an SVG that needs nothing else.
import { html } from "../../report/html.js";
import { thousands } from "../../report/words.js";
import type { ContestantName } from "./contestants.js";
import { contestantsOf, threeDigits, timesLoop } from "./report.js";
import type { Measured } from "./run.js";

const width = 760;
/** The axis, with room for figures at both ends of it. */
const axis = { left: 150, right: 700 };
const bar = { height: 8, gap: 2 };
const groupGap = 10;
const titleHeight = 30;
const headHeight = 96;

const labels: Readonly<Partial<Record<ContestantName, string>>> = {
  native: "native",
  wasm: "WebAssembly",
  js: "JavaScript of this library",
  mapReduce: "map and reduce",
};

const text = (x: number, y: number, content: string, attributes = "") =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${attributes}>${html`${content}`.text}</text>`;

const style = `<style>
svg { --back: #fff; --text: #1f2328; --faint: #59636e; --grid: #d1d9e0;
  --native: #0b6e4f; --wasm: #1b4dc2; --js: #c2571b; --mapReduce: #8a8f98; }
@media (prefers-color-scheme: dark) { svg { --back: #0d1117; --text: #e6edf3; --faint: #9198a1; --grid: #3d444d;
  --native: #3fb68b; --wasm: #6ea0ff; --js: #f0925a; --mapReduce: #a3a9b2; } }
text { fill: var(--text); font: 12px system-ui, sans-serif; }
.title { font-size: 15px; font-weight: 600; }
.case { font-weight: 600; }
.faint { fill: var(--faint); font-size: 11px; }
.grid { stroke: var(--grid); }
.one { stroke: var(--text); }
</style>`;

interface Scale {
  /** The powers of ten that have a line. */
  readonly powers: readonly number[];
  /** Returns the place of a ratio. */
  at(ratio: number): number;
}

function scaleOf(ratios: readonly number[]): Scale {
  const first = Math.log10(Math.min(0.5, ...ratios));
  const last = Math.log10(Math.max(2, ...ratios));
  const lowest = Math.ceil(first);
  const powers = Array.from({ length: Math.floor(last) - lowest + 1 }, (_, i) => lowest + i);
  const unit = (axis.right - axis.left) / (last - first);
  return { powers, at: (ratio) => axis.left + (Math.log10(ratio) - first) * unit };
}

function barOf(ratio: number, name: string, y: number, { at }: Scale): string {
  const [one, end] = [at(1), at(ratio)];
  const shape = `<rect x="${Math.min(one, end).toFixed(1)}" y="${y}" width="${Math.abs(end - one).toFixed(1)}" height="${bar.height}" fill="var(--${name})"/>`;
  const side = ratio < 1 ? ' text-anchor="end" class="faint"' : ' class="faint"';
  return shape + text(end + (ratio < 1 ? -4 : 4), y + bar.height, `${threeDigits(ratio)}×`, side);
}

/** A drawing, and the place below it. */
interface Drawn {
  readonly parts: readonly string[];
  readonly bottom: number;
}

function drawBars(one: Measured, names: readonly ContestantName[], top: number, scale: Scale) {
  const ratios = names.flatMap((name) => {
    const ratio = timesLoop(one, name);
    return ratio === undefined ? [] : [{ name, ratio }];
  });
  const step = bar.height + bar.gap;
  const middle = top + (ratios.length * step) / 2 + 3;
  const label = text(92, middle, thousands(one.values), ' text-anchor="end"');
  const bars = ratios.map(({ name, ratio }, i) => barOf(ratio, name, top + i * step, scale));
  return { parts: [label, ...bars], bottom: top + ratios.length * step + groupGap };
}

function drawCases(measured: readonly Measured[], names: readonly ContestantName[], scale: Scale) {
  return measured.reduce<Drawn>(
    ({ parts, bottom }, one, i) => {
      const isFirst = one.title !== measured[i - 1]?.title;
      const title = isFirst ? [text(20, bottom + 20, one.title, ' class="case"')] : [];
      const drawn = drawBars(one, names, bottom + (isFirst ? titleHeight : 0), scale);
      return { parts: [...parts, ...title, ...drawn.parts], bottom: drawn.bottom };
    },
    { parts: [], bottom: headHeight },
  );
}

function legend(names: readonly ContestantName[]): string {
  let x = 20;
  const parts = names.map((name) => {
    const label = labels[name] as string;
    const part = `<rect x="${x}" y="72" width="10" height="10" fill="var(--${name})"/>${text(x + 15, 81, label)}`;
    x += 44 + 6 * label.length;
    return part;
  });
  return parts.join("");
}

function gridLines({ powers, at }: Scale, bottom: number): string[] {
  return powers.map((power) => {
    const x = at(10 ** power).toFixed(1);
    const line = `<path d="M${x} ${headHeight}V${bottom}" class="${power === 0 ? "one" : "grid"}"/>`;
    const label = power < 0 ? (10 ** power).toFixed(-power) : `${10 ** power}`;
    return line + text(Number(x), bottom + 18, `${label}×`, ' text-anchor="middle" class="faint"');
  });
}

/** Draws how many times as fast as the loop everything is, on a logarithmic axis. */
export function benchChart(
  measured: readonly Measured[],
  [machine, versions]: readonly [string, string],
): string {
  const names = contestantsOf(measured).filter((name) => name !== "loop");
  const ratios = measured.flatMap((one) => names.map((name) => timesLoop(one, name) ?? 1));
  const scale = scaleOf(ratios);
  const { parts, bottom } = drawCases(measured, names, scale);
  const height = bottom + 30;
  const title = "Times as fast as a plain loop over the same typed arrays, by values in the batch";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<title>${title}</title>`,
    style,
    `<rect width="${width}" height="${height}" fill="var(--back)"/>`,
    text(20, 26, title, ' class="title"'),
    text(20, 44, machine, ' class="faint"'),
    text(20, 59, versions, ' class="faint"'),
    legend(names),
    ...gridLines(scale, bottom),
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}
