import { html, Markup } from "./html.js";
import { short, thousands } from "./words.js";

/** A column of a table: its name, and whether it has numbers. */
export interface TableColumn {
  readonly name: string;
  readonly isNumber: boolean;
}

export const text = (name: string): TableColumn => ({ name, isNumber: false });
export const number = (name: string): TableColumn => ({ name, isNumber: true });

const alignment = ({ isNumber }: TableColumn) =>
  isNumber ? new Markup(' class="number"') : undefined;

/** Writes a table. The first cell of a row is its heading. */
export function table(
  columns: readonly TableColumn[],
  rows: readonly (readonly (Markup | string)[])[],
): Markup {
  const cells = (row: readonly (Markup | string)[]) =>
    row.map((cell, i) => {
      const column = columns[i] as TableColumn;
      return i === 0
        ? html`<th scope="row"${alignment(column)}>${cell}</th>`
        : html`<td${alignment(column)}>${cell}</td>`;
    });
  return html`<div class="scroll"><table>
<thead><tr>${columns.map((column) => html`<th scope="col"${alignment(column)}>${column.name}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => html`<tr>${cells(row)}</tr>\n`)}</tbody>
</table></div>`;
}

/** Rows that have something in common: a class or a group. */
export interface Part {
  readonly name: string;
  readonly rows: number;
  readonly losses: Readonly<Record<string, number>>;
}

/** A page has no more parts than this. */
const mostParts = 50;

/** Returns the parts with the largest sums of a loss, and the others, if there are many. */
export function divided<T extends Part>(parts: readonly T[], loss: string): [T[], T[]] {
  if (parts.length <= mostParts) return [[...parts], []];
  const total = ({ rows, losses }: Part) => {
    const sum = rows * (losses[loss] ?? 0);
    return Number.isNaN(sum) ? Infinity : sum;
  };
  const sorted = [...parts].sort((a, b) => total(b) - total(a));
  return [sorted.slice(0, mostParts), sorted.slice(mostParts)];
}

/** A bar as long as a value, of which the largest is as long as the drawing. */
function barOf(value: number, largest: number): Markup {
  const length = Number.isFinite(value) && largest > 0 ? (100 * Math.max(0, value)) / largest : 0;
  return html`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect width="${Number(length.toFixed(2))}" height="10"/></svg>`;
}

/** Writes the losses of parts; the first loss also as a bar. `heading` names the parts. */
export function lossesOfParts(heading: TableColumn, parts: readonly Part[]): Markup {
  const names = Object.keys(parts[0]?.losses ?? {});
  const [first = ""] = names;
  const values = parts.map(({ losses }) => losses[first] ?? 0).filter(Number.isFinite);
  const largest = Math.max(0, ...values);
  const cells = ({ name, rows, losses }: Part) => [
    name,
    thousands(rows),
    ...names.map((loss) => short(losses[loss] as number)),
    barOf(losses[first] ?? 0, largest),
  ];
  const columns = [heading, number("rows"), ...names.map(number), text(first)];
  return table(columns, parts.map(cells));
}
