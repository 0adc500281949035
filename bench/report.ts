import os from "node:os";
import type { Crossover } from "./crossover.js";
import type { Row } from "./measure.js";
import type { Compared } from "./numpy.js";

export const machine = {
  cpu: os.cpus()[0]?.model ?? os.arch(),
  cores: os.availableParallelism(),
  platform: `${os.platform()} ${os.release()}`,
  node: process.version,
};

/** A column: its heading, its width, and what it shows of a row; text to the left, figures to the right. */
type Column<T> = readonly [heading: string, width: number, cell: (row: T) => string];

function line<T>(columns: readonly Column<T>[], cell: (column: Column<T>) => string): string {
  const cells = columns.map((column, i) =>
    i === 0 ? cell(column).padEnd(column[1]) : cell(column).padStart(column[1]),
  );
  return cells.join("  ").trimEnd();
}

const headings = <T>(columns: readonly Column<T>[]) => line(columns, ([heading]) => heading);
const cells = <T>(columns: readonly Column<T>[], row: T) =>
  line(columns, ([, , cell]) => cell(row));

/** Three digits, or all that stand before the point. */
const figure = (value: number) =>
  value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
const signed = (value: number) => `${value < 0 ? "-" : "+"}${figure(Math.abs(value))}`;
const size = (bytes: number) =>
  bytes < 1e6 ? `${figure(bytes / 1e3)} kB` : `${figure(bytes / 1e6)} MB`;
const percent = (value: number) => `${Math.round(value * 100)} %`;

/** Calls of so few values are looked at one by one. */
const small = 4096;

const columns: readonly Column<Row>[] = [
  ["", 30, ({ implementation, kernel, pattern }) => [implementation, kernel, pattern].join(" ")],
  ["threads", 7, ({ threads }) => String(threads)],
  ["ns/value", 8, ({ nsPerValue }) => nsPerValue.toFixed(3)],
  ["GB/s", 6, ({ gbPerSecond }) => gbPerSecond.toFixed(1)],
  ["x loop", 7, ({ ratioToJavaScript }) => ratioToJavaScript.toFixed(2)],
  ["of limit", 8, ({ fractionOfLimit }) => fractionOfLimit?.toFixed(2) ?? ""],
  ["80 % within", 11, ({ fractionRange: r }) => (r ? `${r[0].toFixed(2)}-${r[1].toFixed(2)}` : "")],
  ["spread", 6, ({ spread }) => percent(spread)],
  ["ns/call", 7, ({ n, nsPerCall }) => (n <= small ? figure(nsPerCall) : "")],
  ["- loop", 7, ({ n, nsOverLoop }) => (n <= small ? signed(nsOverLoop) : "")],
];

const isFastest = ({ implementation, threads, nsPerCall }: Row, rows: readonly Row[]) =>
  !rows.some(
    (other) =>
      other.implementation === implementation &&
      other.threads === threads &&
      other.nsPerCall < nsPerCall,
  );

/** A case, the fastest probes for it, and everything that computed it. */
export function caseTable(rows: readonly Row[]): string {
  const [{ case: name, rows: count, width, bytes }] = rows;
  const shown = rows.filter((row) => row.implementation !== "probe" || isFastest(row, rows));
  const title = `${name}  [${count}, ${width}], ${size(bytes)}`;
  return [title, headings(columns), ...shown.map((row) => cells(columns, row)), ""].join("\n");
}

/** The first row that is so; kernels are in the order in which the library prefers them. */
const find = (rows: readonly Row[], implementation: Row["implementation"], threads = 1) =>
  rows.find((row) => row.implementation === implementation && row.threads === threads);

const mostThreads = (rows: readonly Row[]) => Math.max(...rows.map(({ threads }) => threads));
const ns = (row: Row | undefined) => row?.nsPerValue.toFixed(3) ?? "";
const ofLimit = (row: Row | undefined) => row?.fractionOfLimit?.toFixed(2) ?? "";

const summaryColumns: readonly Column<readonly Row[]>[] = [
  ["ns/value", 66, ([{ case: name }]) => name],
  ["idiomatic", 9, (rows) => ns(find(rows, "idiomatic"))],
  ["loop", 6, (rows) => ns(find(rows, "loop"))],
  ["js", 6, (rows) => ns(find(rows, "js"))],
  ["wasm", 6, (rows) => ns(find(rows, "wasm"))],
  ["x loop", 6, (rows) => find(rows, "wasm")?.ratioToJavaScript.toFixed(1) ?? ""],
  ["1 thread", 8, (rows) => ns(find(rows, "native"))],
  ["of limit", 8, (rows) => ofLimit(find(rows, "native"))],
  ["x loop", 6, (rows) => find(rows, "native")?.ratioToJavaScript.toFixed(1) ?? ""],
  ["all", 6, (rows) => ns(find(rows, "native", mostThreads(rows)))],
  ["of limit", 8, (rows) => ofLimit(find(rows, "native", mostThreads(rows)))],
  ["C++", 6, (rows) => ns(find(rows, "C++"))],
  ["C++ all", 7, (rows) => ns(find(rows, "C++", mostThreads(rows)))],
  [
    "call - loop",
    11,
    (rows) => {
      const auto = rows.find(({ implementation }) => implementation === "auto");
      return auto && auto.n <= small ? `${signed(auto.nsOverLoop)} ns` : "";
    },
  ],
];

/** A line for each case: JavaScript, and the best kernel with one thread and with all. */
export function summary(rows: readonly Row[]): string {
  const cases = [...new Set(rows.map((row) => row.case))];
  const lines = cases.map((name) =>
    cells(
      summaryColumns,
      rows.filter((row) => row.case === name),
    ),
  );
  return [headings(summaryColumns), ...lines].join("\n");
}

const crossoverColumns: readonly Column<Crossover>[] = [
  ["", 60, ({ case: name }) => name.replace(/\/[^/]*$/, "")],
  ["native from n", 13, ({ native }) => String(native ?? "-")],
  ["wasm from n", 11, ({ wasm }) => String(wasm ?? "-")],
  ["ns of n =", 9, ({ first, last }) => `${first.n}, ${last.n}`],
  ["native", 8, ({ first, last }) => `${figure(first.native)}, ${figure(last.native)}`],
  ["wasm", 8, ({ first, last }) => `${figure(first.wasm)}, ${figure(last.wasm)}`],
  ["js", 9, ({ first, last }) => `${figure(first.js)}, ${figure(last.js)}`],
];

export const crossoverHeadings = headings(crossoverColumns);
export const crossoverLine = (found: Crossover) => cells(crossoverColumns, found);

/** A loss and its gradient beside numpy. */
export function comparedLine({ case: name, rows, width, numpy, nsPerValue }: Compared): string {
  const own = nsPerValue.maxmargin;
  const times = (ns: number) => `${ns.toFixed(2)}, ${figure(ns / own)} times as long`;
  return [
    `${name.split("/")[0]}, ${rows.toExponential(0)} rows of ${width} logits, int32 ids, value and gradient in ns/value:`,
    `  maxmargin ${own.toFixed(2)}; plain loop, gradient alone, ${times(nsPerValue.loop)}; numpy ${numpy} ${times(nsPerValue.numpy)}`,
  ].join("\n");
}

/** What is going on, for a person who waits. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
