// Runs prebuilt binaries on other processors and systems than this one, and compares their bits with what JavaScript computes
// here: `npm run emulate -- arm64 haswell`, without names on all of them; `--quick` with the kernel that is chosen there, and no
// other; `--report <file>` counts as vitest's report does.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { emulators, emulatorsCalled } from "./emulators.mjs";
import { platformsCalled, prebuildOf } from "./platforms.mjs";
import { root, runScript } from "./project.mjs";

/**
 * @typedef {import("./emulators.mjs").Emulator} Emulator
 * @typedef {Record<string, string>} Hashes
 * @typedef {{
 *   backend: { name: string, kernel: string, kernels: string[], binary: string, error: string | null },
 *   hashes: Record<string, Hashes>,
 * }} Fingerprint
 */

/**
 * A copy of the package as it is installed: in a checkout, the build tree's binary would be loaded. Outside of the checkout, as bun
 * takes the outermost package of a name.
 */
const folder = mkdtempSync(join(tmpdir(), "maxmargin-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

function installPackage() {
  for (const part of ["package.json", "dist", "prebuilds", "build/checks"]) {
    cpSync(`${root}${part}`, `${folder}/${part}`, { recursive: true });
  }
}

/**
 * @param {{ program: string, args: string[], env?: NodeJS.ProcessEnv }} start
 * @param {readonly string[]} implementations
 * @returns {Fingerprint}
 */
function fingerprint({ program, args, env }, implementations) {
  const [file, log] = [`${folder}/fingerprint.json`, `${folder}/log.txt`];
  rmSync(file, { force: true });
  const main = "build/checks/fingerprint/main.js";
  // Into a file: Node for Windows finds no pipe under wine.
  const output = openSync(log, "w");
  const { status, signal, error } = spawnSync(
    program,
    [...args, main, "fingerprint.json", ...implementations],
    { cwd: folder, env: { ...process.env, ...env }, stdio: ["ignore", output, output] },
  );
  if (error) throw error;
  if (status !== 0 || !existsSync(file)) {
    throw new Error(`ended with ${signal ?? status}: ${readFileSync(log, "utf8").trim()}`);
  }
  return JSON.parse(readFileSync(file, "utf8"));
}

/**
 * What is wrong with a fingerprint.
 *
 * @param {Emulator} emulator
 * @param {Fingerprint} own
 * @param {Fingerprint} reference
 */
function problemsOf({ kernel, platform }, { backend, hashes }, reference) {
  const problems = [];
  const { js } = reference.hashes;
  const expected = kernel ?? reference.backend.kernel;
  if (backend.kernel !== expected) {
    problems.push(`chose ${backend.kernel}, not ${expected} (${backend.error})`);
  }
  const binary = prebuildOf(platformsCalled([platform])[0]);
  if (!backend.binary?.replaceAll("\\", "/").endsWith(binary)) {
    problems.push(`loaded ${backend.binary}, not ${binary}`);
  }
  for (const [implementation, subjects] of Object.entries(hashes)) {
    const differing = Object.entries(subjects).filter(([title, hash]) => hash !== js[title]);
    if (differing.length > 0) {
      const [title] = differing[0];
      problems.push(`${implementation}: ${differing.length} subjects differ, such as "${title}"`);
    }
  }
  return problems;
}

/**
 * What comes of a run, and what is wrong with it.
 *
 * @param {Emulator} emulator
 * @param {Fingerprint} reference
 * @param {boolean} isQuick
 */
function runOn(emulator, reference, isQuick) {
  const missing = Object.entries(emulator.needs).filter(([file]) => !existsSync(file));
  if (missing.length > 0) {
    const debian = missing.map(([, name]) => name).join(" ");
    return { compared: "", problems: [`needs what \`apt-get install ${debian}\` gives`] };
  }
  try {
    const { kernel } = reference.backend;
    const one = isQuick || emulator.isAlone ? [emulator.kernel ?? kernel] : [];
    const own = fingerprint(emulator.start(), one);
    const counts = Object.entries(own.hashes).map(
      ([name, all]) => `${name}: ${Object.keys(all).length}`,
    );
    return { compared: counts.join(", "), problems: problemsOf(emulator, own, reference) };
  } catch (error) {
    return { compared: "", problems: [error instanceof Error ? error.message : String(error)] };
  }
}

/**
 * @param {readonly Emulator[]} some
 * @param {{ isQuick: boolean }} options
 */
export function emulate(some, { isQuick }) {
  installPackage();
  const reference = fingerprint({ program: process.execPath, args: [] }, isQuick ? ["js"] : []);
  return some.map((emulator) => {
    const { compared, problems } = runOn(emulator, reference, isQuick);
    const { platform, shows } = emulator;
    const outcome = problems.join("; ") || `the same bits in all subjects (${compared})`;
    console.log(`${platform}, ${shows}: ${outcome}`);
    return { platform, shows, problems };
  });
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: "boolean", default: false }, report: { type: "string" } },
  });
  const some = positionals.length > 0 ? emulatorsCalled(positionals) : emulators;
  const results = emulate(some, { isQuick: values.quick });
  const failed = results.filter(({ problems }) => problems.length > 0).length;
  if (values.report !== undefined) {
    const report = {
      numPassedTests: results.length - failed,
      numFailedTests: failed,
      numFailedTestSuites: 0,
      success: failed === 0,
    };
    writeFileSync(values.report, JSON.stringify(report));
  }
  if (failed > 0) process.exitCode = 1;
}

if (process.argv[1] === import.meta.filename) runScript(main);
