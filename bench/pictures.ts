/**
 * Measures what docs/pictures/growth.svg and threads.svg show, and writes their tables:
 * `npm run bench:pictures`. `npm run pictures` draws them.
 */
import { writeFileSync } from "node:fs";
import os from "node:os";
import { parseArgs } from "node:util";
import type { Case } from "./cases.js";
import { type CsvRow, toCsv } from "./csv.js";
import { bytesOf, growthCases } from "./growth.js";
import { isolated } from "./isolate.js";
import { machine, progress } from "./report.js";
import { threadCases } from "./threads.js";

const args = process.argv.slice(2);

/** Where, when and how a row was measured. */
const origin = {
  machine: `${machine.cpu}, ${machine.cores} cores`,
  node: machine.node,
  date: new Date().toISOString().slice(0, 10),
  command: ["npm run bench:pictures", ...(args.length > 0 ? ["--", ...args] : [])].join(" "),
};

const rounded = (value: number) => Number(value.toPrecision(4));

async function growthRows(one: Case): Promise<CsvRow[]> {
  const measured = await isolated("growth", one);
  return measured.map(({ nsPerCall, ...row }) => ({
    ...row,
    nanoseconds: rounded(nsPerCall),
    ...origin,
  }));
}

async function threadRows(one: Case): Promise<CsvRow[]> {
  const measured = await isolated("threads", one);
  return measured.map(({ values, threads, nsPerCall, timesOne }) => ({
    values,
    threads,
    nanoseconds: rounded(nsPerCall),
    speedup: rounded(timesOne),
    ...origin,
  }));
}

/** Measures cases one by one, and writes a table of all rows. */
async function table(
  name: string,
  cases: readonly Case[],
  measure: (one: Case) => Promise<CsvRow[]>,
): Promise<void> {
  const rows: CsvRow[] = [];
  for (const [i, one] of cases.entries()) {
    progress(`${name}, ${i + 1} of ${cases.length}: ${one.name}`);
    rows.push(...(await measure(one)));
  }
  progress("");
  const file = new URL(`../docs/pictures/${name}.csv`, import.meta.url);
  writeFileSync(file, toCsv(rows));
  console.log(`${rows.length} rows in docs/pictures/${name}.csv`);
}

const { values } = parseArgs({ options: { largest: { type: "string", default: "1e9" } } });
const upTo = (cases: readonly Case[]) => cases.filter(({ n }) => n <= Number(values.largest));

const isFitting = (one: Case) => bytesOf(one) < os.freemem();
const growthWanted = upTo(growthCases);
for (const { name } of growthWanted.filter((one) => !isFitting(one))) {
  console.log(`${name}: left out, because its arrays do not fit the free memory`);
}
await table("growth", growthWanted.filter(isFitting), growthRows);
await table("threads", upTo(threadCases), threadRows);
