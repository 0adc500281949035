/** A plot on logarithmic axes, as SVG. */

export interface Line {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

const size = { width: 720, height: 420, left: 60, right: 130, top: 40, bottom: 50 };
const colours = ["#0b6e4f", "#1b4dc2", "#c2571b", "#7a7a7a", "#8e24aa"];

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
  const right = size.width - size.right;
  const bottom = size.height - size.bottom;
  const xAt = (x: number) => size.left + place(x, xPowers) * (right - size.left);
  const yAt = (y: number) => bottom - place(y, yPowers) * (bottom - size.top);

  const grid = [
    ...xPowers.map((power) => {
      const x = xAt(10 ** power).toFixed(1);
      return `<path d="M${x} ${size.top}V${bottom}" class="grid"/>${text(Number(x), bottom + 18, shown(power), 'text-anchor="middle"')}`;
    }),
    ...yPowers.map((power) => {
      const y = yAt(10 ** power).toFixed(1);
      return `<path d="M${size.left} ${y}H${right}" class="grid"/>${text(size.left - 8, Number(y) + 4, shown(power), 'text-anchor="end"')}`;
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
    const colour = colours[i % colours.length];
    const path = points.map(([x, y]) => `${xAt(x).toFixed(1)} ${yAt(y).toFixed(1)}`).join("L");
    const [lastX] = points[points.length - 1];
    return [
      `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      text(xAt(lastX) + 8, (labelY.get(line) as number) + 4, label, `fill="${colour}"`),
    ].join("");
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    "<style>.grid{stroke:#ddd}</style>",
    `<rect width="${size.width}" height="${size.height}" fill="#fff"/>`,
    text(size.left, 22, title, 'font-size="14"'),
    ...grid,
    text((size.left + right) / 2, size.height - 10, xLabel, 'text-anchor="middle"'),
    text(
      16,
      (size.top + bottom) / 2,
      yLabel,
      `text-anchor="middle" transform="rotate(-90 16 ${(size.top + bottom) / 2})"`,
    ),
    ...curves,
    "</svg>",
    "",
  ].join("\n");
}
