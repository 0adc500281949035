// Builds the binaries that the package is published with: `npm run prebuild -- --all` all of them,
// `npm run prebuild -- linux-x64-glibc win32-x64` some. Without arguments it builds none: npm takes a script of this name for
// what has to run before every `npm run build`, and starts it so.
//
// zig compiles for every platform, with a C++ library of its own linked into the binary. So what is built here runs on systems
// that are older than this one: g++ 12, for one, would ask for a libstdc++ that is newer than glibc 2.28, 2.31 or 2.34 come with.
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import addonApi from "node-addon-api";
import headers from "node-api-headers";
import { build } from "./binding.mjs";
import { platforms, platformsCalled, prebuildOf } from "./platforms.mjs";
import { cache, root, run, runScript } from "./project.mjs";
import { buildWasm } from "./wasm.mjs";
import { zigFolder } from "./zig.mjs";

/** @typedef {import("./platforms.mjs").Platform} Platform */

/** For the linker: neither symbols, but those for loading, nor debug sections. zig's linker for macOS leaves them in. */
const strip = "-s";
const macStrip = "llvm-strip";

/**
 * What zig is started with for a platform.
 *
 * @param {Platform} platform
 */
function optionsOf({ arch, target }) {
  // LLVM 16 renames registers wrongly where it pairs stores on arm64: hinge losses of rows of 33 to 64 values came out wrong
  // in NEON, one of eight. The fingerprint under qemu-aarch64 shows it.
  const workaround = ["-mllvm", "-aarch64-load-store-renaming=false"];
  return ["-target", target, ...(arch === "arm64" ? workaround : [])];
}

/** @returns {NodeJS.ProcessEnv} where zig is on the path. make would take its path for two words if that had a space. */
function environment() {
  const { PATH } = process.env;
  return { PATH: `${zigFolder()}:${PATH}` };
}

/**
 * prebuildify, in a copy of the sources: it would move what `npm run build` has made.
 *
 * @param {Platform} platform
 * @param {NodeJS.ProcessEnv} env
 */
function buildByPrebuildify(platform, env) {
  const { name, arch, libc } = platform;
  const options = optionsOf(platform).join(" ");
  const copy = `${cache}/build/${name}`;
  for (const part of ["package.json", "binding.gyp", "native"]) {
    cpSync(`${root}${part}`, `${copy}/${part}`, { recursive: true });
  }
  const compiler = {
    CC: `zig cc ${options}`,
    CXX: `zig c++ ${options}`,
    LINK: `zig c++ ${options}`,
    AR: "zig ar",
    JOBS: "max",
    // Seen from the folder that gyp builds in.
    LDFLAGS: `${strip} -Wl,--version-script=../native/exports.map`,
    PREBUILD_LIBC: libc ?? undefined,
  };
  run("prebuildify", ["--napi", "--tag-libc", "--arch", arch, "--out", root], {
    cwd: copy,
    env: { ...env, ...compiler },
  });
}

/** @type {Record<string, (env: NodeJS.ProcessEnv) => string[]>} How a binary finds Node-API's functions, which are the host's. */
const hostLinking = {
  darwin: () => ["-Wl,-undefined,dynamic_lookup"],
  win32(env) {
    const library = `${cache}/build/node.lib`;
    const definitions = headers.def_paths.node_api_def;
    const args = ["-m", "i386:x86-64", "-d", definitions, "-D", "node.exe", "-l", library];
    run("zig", ["dlltool", ...args], { env });
    return [library];
  },
};

/**
 * zig by itself, with the lists of native/build.json: gyp builds for no other system than its own.
 *
 * @param {Platform} platform
 * @param {NodeJS.ProcessEnv} env
 */
function buildByZig(platform, env) {
  const { sources, includeDirectories, defines, flags } = build;
  // The linker leaves an import library beside it.
  const output = `${cache}/build/${platform.name}.node`;
  run(
    "zig",
    [
      "c++",
      ...optionsOf(platform),
      "-shared",
      strip,
      "-O3",
      "-fPIC",
      "-ffunction-sections",
      "-fdata-sections",
      ...flags,
      ...defines.map((macro) => `-D${macro}`),
      ...includeDirectories.map((directory) => `-I${directory}`),
      ...[addonApi, headers].flatMap(({ include_dir }) => ["-isystem", include_dir]),
      ...sources,
      ...hostLinking[platform.os](env),
      "-o",
      output,
    ],
    { env },
  );
  if (platform.os === "darwin") run(macStrip, [output]);
  copyFileSync(output, `${root}${prebuildOf(platform)}`);
}

/** What is not for a platform. */
const wasm = "wasm";

async function main() {
  const names = process.argv.slice(2);
  const isAll = names.includes("--all");
  const wanted = isAll ? platforms : platformsCalled(names.filter((name) => name !== wasm));
  if (wanted.some(({ os }) => os === "darwin") && spawnSync(macStrip, ["--version"]).error) {
    throw new Error(`prebuild: needs ${macStrip} for macOS, which \`apt-get install llvm\` gives`);
  }
  const env = environment();
  mkdirSync(`${cache}/build`, { recursive: true });
  for (const platform of wanted) {
    const file = prebuildOf(platform);
    mkdirSync(dirname(`${root}${file}`), { recursive: true });
    rmSync(`${root}${file}`, { force: true });
    if (platform.os === "linux") buildByPrebuildify(platform, env);
    else buildByZig(platform, env);
    console.log(`${file}: ${statSync(`${root}${file}`).size} bytes`);
  }
  if (isAll || names.includes(wasm)) {
    const file = await buildWasm();
    console.log(`maxmargin.wasm: ${statSync(file).size} bytes`);
  }
}

runScript(main);
