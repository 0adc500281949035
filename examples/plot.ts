/** A plot on logarithmic axes, as SVG, for light and dark pages. */

export interface Line {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** The frame of the lines, and the space around it. Labels and the title may need more on the right. */
const frame = { left: 60, right: 590, top: 40, bottom: 370 };
const height = 420;
const gap = 8;
const fontSize = { text: 12, title: 14 };

/** No common font is wider on average. */
const widthOf = (text: string, size: number) => 0.6 * size * text.length;

const colours = {
  light: ["#0b6e4f", "#1b4dc2", "#c2571b", "#7a7a7a", "#8e24aa"],
  dark: ["#3fb68b", "#6ea0ff", "#f0925a", "#a3a9b2", "#c980dd"],
};
const count = colours.light.length;

const variables = (back: string, text: string, grid: string, lines: readonly string[]) =>
  [
    `--back:${back};--text:${text};--grid:${grid}`,
    ...lines.map((line, i) => `--line${i}:${line}`),
  ].join(";");

const style = `<style>
svg{${variables("#fff", "#1f2328", "#ddd", colours.light)}}
@media(prefers-color-scheme:dark){svg{${variables("#0d1117", "#e6edf3", "#3d444d", colours.dark)}}}
text{fill:var(--text)}.grid{stroke:var(--grid)}
</style>`;

const powersBetween = (low: number, high: number) => {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
};

const shown = (power: number) =>
  power >= -2 && power <= 2 ? String(Number((10 ** power).toPrecision(1))) : `1e${power}`;

const text = (x: number, y: number, content: string, attributes = "") =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${content}</text>`;

export function plot(
  title: string,
  xLabel: string,
  yLabel: string,
  lines: readonly Line[],
): string {
  const points = lines.flatMap((line) => line.points);
  const xPowers = powersBetween(
    Math.min(...points.map(([x]) => x)),
    Math.max(...points.map(([x]) => x)),
  );
  const yPowers = powersBetween(
    Math.min(...points.map(([, y]) => y)),
    Math.max(...points.map(([, y]) => y)),
  );
  const place = (value: number, powers: readonly number[]) =>
    (Math.log10(value) - powers[0]) / (powers[powers.length - 1] - powers[0]);
  const { left, right, top, bottom } = frame;
  const xAt = (x: number) => left + place(x, xPowers) * (right - left);
  const yAt = (y: number) => bottom - place(y, yPowers) * (bottom - top);

  const grid = [
    ...xPowers.map((power) => {
      const x = xAt(10 ** power).toFixed(1);
      return `<path d="M${x} ${top}V${bottom}" class="grid"/>${text(Number(x), bottom + 18, shown(power), 'text-anchor="middle"')}`;
    }),
    ...yPowers.map((power) => {
      const y = yAt(10 ** power).toFixed(1);
      return `<path d="M${left} ${y}H${right}" class="grid"/>${text(left - 8, Number(y) + 4, shown(power), 'text-anchor="end"')}`;
    }),
  ];
  // Labels stand at the ends of their lines, one below the other where these meet.
  let lowest = -Infinity;
  const labelY = new Map<Line, number>();
  const ends = lines.map((line) => ({ line, y: yAt(line.points[line.points.length - 1][1]) }));
  for (const { line, y } of ends.sort((a, b) => a.y - b.y)) {
    lowest = Math.max(y, lowest + 14);
    labelY.set(line, lowest);
  }
  const curves = lines.map((line, i) => {
    const { label, points } = line;
    const colour = `var(--line${i % count})`;
    const path = points.map(([x, y]) => `${xAt(x).toFixed(1)} ${yAt(y).toFixed(1)}`).join("L");
    const [lastX] = points[points.length - 1];
    return [
      `<path d="M${path}" fill="none" style="stroke:${colour}" stroke-width="2"/>`,
      text(xAt(lastX) + gap, (labelY.get(line) as number) + 4, label, `style="fill:${colour}"`),
    ].join("");
  });
  const labelWidths = lines.map(({ label }) => widthOf(label, fontSize.text));
  const needed = Math.max(
    right + gap + Math.max(...labelWidths),
    left + widthOf(title, fontSize.title),
  );
  const width = Math.ceil(needed + gap);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="${fontSize.text}">`,
    `<title>${title}</title>`,
    style,
    `<rect width="${width}" height="${height}" fill="var(--back)"/>`,
    text(left, 22, title, `font-size="${fontSize.title}"`),
    ...grid,
    text((left + right) / 2, height - 10, xLabel, 'text-anchor="middle"'),
    text(
      16,
      (top + bottom) / 2,
      yLabel,
      `text-anchor="middle" transform="rotate(-90 16 ${(top + bottom) / 2})"`,
    ),
    ...curves,
    "</svg>",
    "",
  ].join("\n");
}
