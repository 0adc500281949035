// Everything that can be known of a release on one machine: `npm run release:check` builds the binaries for all platforms,
// inspects them, runs those that it can, installs the package, and writes what came of it to docs/platforms.md.
import { writeFileSync } from "node:fs";
import { emulate } from "./emulate.mjs";
import { emulators } from "./emulators.mjs";
import { inspect } from "./inspect.mjs";
import { platforms } from "./platforms.mjs";
import { root, run, runScript } from "./project.mjs";

/**
 * @typedef {import("./platforms.mjs").Platform} Platform
 * @typedef {{ platform: string, shows: string, problems: string[] }} Run
 * @typedef {{ platform: Platform, bytes: number, problems: string[], runs: Run[] }} Row
 */

const outcome = (/** @type {string[]} */ problems) => problems.join("; ") || "yes";

/** @param {Row} row */
function line({ platform: { name, oldest, os }, bytes, problems, runs }) {
  const from = oldest === null ? "" : `, ${os === "darwin" ? "macOS" : "glibc"} ${oldest} or newer`;
  const shown = runs.map((run) => `${run.shows}: ${outcome(run.problems)}`);
  const ran = shown.join("<br>") || "not run here";
  return `| ${name}${from} | ${Math.round(bytes / 1000)} kB | ${outcome(problems)} | ${ran} |`;
}

/** @param {readonly Row[]} rows */
function tableOf(rows) {
  return [
    "| platform | built | inspected | run: the same bits as in JavaScript |",
    "|---|--:|---|---|",
    ...rows.map(line),
  ].join("\n");
}

/** @param {string} table */
function pageOf(table) {
  return `# Platforms

The binaries in the package, as \`npm run release:check\` last built, inspected and ran them on one
machine (Linux x64). That command writes this page.

${table}

Inspected: format and processor, imported functions (from Node-API and the C library, none of Node's own
or of a C++ library), the oldest glibc or macOS, size, no symbols of linkers and debuggers, no code that
two instruction sets share. Run: the fingerprint of all kernels, \`test/fingerprint\`, equals the one of the
JavaScript fallback on this machine.

Binaries that are not run here are run by the workflow \`.github/workflows/release.yml\` on hosted
machines. On any other platform the package computes in WebAssembly, with the same bits.
`;
}

function main() {
  run("npm", ["run", "prebuild", "--", "--all"]);
  const inspected = platforms.map((platform) => ({ platform, ...inspect(platform) }));
  const runs = emulate(emulators, { isQuick: false });
  const rows = inspected.map((row) => ({
    ...row,
    runs: runs.filter(({ platform }) => platform === row.platform.name),
  }));
  const table = tableOf(rows);
  writeFileSync(`${root}docs/platforms.md`, pageOf(table));
  console.log(table);
  const problems = [...inspected, ...runs].flatMap((part) => part.problems);
  if (problems.length > 0) throw new Error(`not to be published: ${problems.join("; ")}`);
  run("npm", ["run", "test:install"]);
}

runScript(main);
