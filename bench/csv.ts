/** Tables as comma-separated values. */

type Cell = string | number;
export type CsvRow = Readonly<Record<string, Cell>>;

function written(cell: Cell): string {
  const text = String(cell);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Writes rows that all have the columns of the first one. */
export function toCsv(rows: readonly CsvRow[]): string {
  const columns = Object.keys(rows[0]);
  const lines = rows.map((row) => columns.map((column) => written(row[column])));
  return `${[columns, ...lines].map((cells) => cells.join(",")).join("\n")}\n`;
}
