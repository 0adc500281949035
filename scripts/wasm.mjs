// The WebAssembly module: compiled by the zig that builds the binaries, without any library, so that it imports nothing.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { build } from "./binding.mjs";
import { cache, root, run } from "./project.mjs";
import { zigFolder } from "./zig.mjs";

const { sources, flags, linkFlags } = build.wasm;

/** The file that these sources make: its name tells it from those of others, so that it is never out of date. */
function moduleFile() {
  const hash = createHash("sha256").update(JSON.stringify(build));
  for (const file of readdirSync(`${root}native`, { recursive: true, encoding: "utf8" }).sort()) {
    if (/\.(cpp|h|inc)$/.test(file))
      hash.update(file).update(readFileSync(`${root}native/${file}`));
  }
  return `${cache}/wasm/${hash.digest("hex").slice(0, 16)}.wasm`;
}

/**
 * Runs a program with its output in sight. Rejects if it fails.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {Promise<void>}
 */
const start = (program, args) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code) =>
      code === 0
        ? resolve()
        : reject(new Error(`${program} ${args.join(" ")}: ended with ${code}`)),
    );
  });

/**
 * The kernels have to be fast, and the other code is as fast if it is small.
 *
 * @param {string} source
 */
const levelOf = (source) => (source.startsWith("native/isa/") ? "-O2" : "-Os");

/**
 * Compiles sources, as many at once as there are processors.
 *
 * @param {string} zig
 * @param {string} folder
 * @returns {Promise<string[]>} the object files
 */
async function compile(zig, folder) {
  const objectOf = (/** @type {string} */ source) => `${folder}/${basename(source, ".cpp")}.o`;
  const includes = build.includeDirectories.map((directory) => `-I${directory}`);
  // The kernels take longest.
  const left = [...sources];
  const work = async () => {
    for (let source = left.pop(); source !== undefined; source = left.pop()) {
      const output = ["-c", source, "-o", objectOf(source)];
      await start(zig, [
        "c++",
        "-target",
        "wasm32-wasi",
        levelOf(source),
        ...flags,
        ...includes,
        ...output,
      ]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return sources.map(objectOf);
}

/** Builds the module unless it is here. Returns its path. */
export async function buildWasm() {
  const file = moduleFile();
  if (existsSync(file)) return file;
  const zig = `${zigFolder()}/zig`;
  const folder = `${cache}/wasm/build`;
  mkdirSync(folder, { recursive: true });
  const objects = await compile(zig, folder);
  const unfinished = `${folder}/maxmargin.wasm`;
  run(zig, ["wasm-ld", ...linkFlags, ...objects, "-o", unfinished]);
  renameSync(unfinished, file);
  return file;
}
