// The pages for users, their blocks of code, and folders in which these are run.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { csv, dataSet, npy } from "../files/support.js";
import { type Block, blocksOf, root } from "./examples.js";

export const pages: readonly string[] = [
  "README.md",
  ...readdirSync(path.join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** The blocks of a page that are files: their first line names them, as in "```csv scores.csv". */
export const filesOf = (page: string): Block[] =>
  blocksOf(page).filter(({ file }) => file !== undefined);

/** Files that pages use without showing them. A block of the same name takes their place. */
function writeData(folder: string): void {
  const data = dataSet(30, 3);
  const table = csv(data).replace(/^label/, "y");
  for (const part of [0, 1]) {
    writeFileSync(path.join(folder, `part-${part}.csv.gz`), gzipSync(table));
    writeFileSync(path.join(folder, `part-${part}.csv`), table);
  }
  writeFileSync(path.join(folder, "scores.csv"), "label,score\n1,0.5\n0,-2\n1,0\n");
  // The example in Keras's documentation
  const options = { shape: [2, 2] };
  writeFileSync(path.join(folder, "y_true.npy"), npy(Int8Array.of(0, 1, 0, 0), options));
  const predictions = Float32Array.of(0.6, 0.4, 0.4, 0.6);
  writeFileSync(path.join(folder, "y_pred.npy"), npy(predictions, options));
}

/** Writes a Parquet file beside each CSV file. */
async function writeParquet(folder: string): Promise<void> {
  const connection = await (await DuckDBInstance.create()).connect();
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".csv"))) {
    const file = path.join(folder, name);
    const copy = file.replace(/csv$/, "parquet");
    await connection.run(`COPY (FROM '${file}') TO '${copy}' (FORMAT parquet)`);
  }
  connection.closeSync();
}

const { PATH = "" } = process.env;

const binOf = (folder: string) => path.join(folder, "node_modules/.bin");

/** Installs the package in a folder. */
function install(folder: string): void {
  const bin = binOf(folder);
  mkdirSync(bin, { recursive: true });
  symlinkSync(root, path.join(folder, "node_modules/maxmargin"), "junction");
  const programs = {
    maxmargin: `exec "${process.execPath}" "${root}dist/cjs/cli/main.js" "$@"`,
    // The real one would take most of the time.
    npx: 'exec "$@"',
  };
  for (const [name, line] of Object.entries(programs)) {
    writeFileSync(path.join(bin, name), `#!/bin/sh\n${line}\n`);
    chmodSync(path.join(bin, name), 0o755);
  }
}

/** Makes a folder that has the package installed, and the files of a page. */
export async function folderOf(page: string): Promise<string> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "maxmargin-page-"));
  install(folder);
  writeData(folder);
  for (const { file, code } of filesOf(page)) writeFileSync(path.join(folder, `${file}`), code);
  if (readFileSync(path.join(root, page), "utf8").includes(".parquet")) await writeParquet(folder);
  return folder;
}

export interface Command {
  readonly place: string;
  readonly command: string;
  /** What the page shows below it; empty for nothing. */
  readonly output: string;
}

/** The commands of a page, which begin with "$ ", and the output below them. */
export function commandsOf(page: string): Command[] {
  const blocks = blocksOf(page).filter(({ language }) => language === "console");
  return blocks.flatMap(({ place, code }) => {
    const joined = code.replaceAll("\\\n", "");
    if (!joined.startsWith("$ "))
      throw new Error(`${place}: expected a line that begins with "$ "`);
    return joined
      .slice(2)
      .split(/^\$ /m)
      .map((text) => {
        const end = text.indexOf("\n");
        return { place, command: text.slice(0, end), output: text.slice(end + 1) };
      });
  });
}

/** Runs a command as a shell does, in a folder, and returns what it prints to standard output. */
export function outputOf(command: string, folder: string): string {
  const { status, stdout, stderr } = spawnSync("bash", ["-o", "pipefail", "-c", command], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, PATH: `${binOf(folder)}${path.delimiter}${PATH}` },
  });
  if (status !== 0) throw new Error(`${command}: exit code ${status}\n${stderr}`);
  return stdout;
}

const time = String.raw`\d+(\.\d+)? s(, [\d.]+( [kM])? rows/s)?`;

/** A pattern of an output: times differ from run to run, and "…" stands for any text of a line. */
export function patternOf(output: string): RegExp {
  const literal = output.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&").replaceAll("…", ".*");
  return new RegExp(`^${literal.replaceAll(/\d+\\\.\d+ s$/gm, () => time)}$`);
}
