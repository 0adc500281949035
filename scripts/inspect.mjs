// What is wrong with prebuilt binaries, without running them.
import { existsSync, readFileSync } from "node:fs";
import { weakSymbolsOf } from "./binaries/elf.mjs";
import { readBinary } from "./binaries/read.mjs";
import { prebuildOf } from "./platforms.mjs";
import { cache, root } from "./project.mjs";

/**
 * @typedef {import("./platforms.mjs").Platform} Platform
 * @typedef {import("./binaries/read.mjs").Binary} Binary
 */

/** All seven go into one tarball, and kernels multiply: losses by layouts by instruction sets. */
const mostBytes = 1_000_000;

const formats = /** @type {const} */ ({ linux: "ELF", win32: "PE", darwin: "Mach-O" });

/** @type {Record<string, RegExp>} What every system of the platform has: no C++ library is among it. */
const libraries = {
  glibc: /^(lib(c|m|pthread|dl)\.so\.\d|ld-linux-.*)$/,
  musl: /^libc\.so$/,
  win32: /^(node\.exe|kernel32\.dll|msvcrt\.dll|api-ms-win-crt-.*\.dll)$/i,
  darwin: /^\/usr\/lib\/libSystem\.B\.dylib$/,
};

const isNodeApi = (/** @type {string} */ name) => /^(napi|node_api)_/.test(name);

/** Mangled names, and those of what Node links in, which it does not promise to keep. */
const isForeign = (/** @type {string} */ name) =>
  /^(_?_Z|\?|uv_|v8|node_(?!api_)|SSL_|ossl)/.test(name);

/**
 * Whether a version such as "2.28" is newer than another.
 *
 * @param {string} version
 * @param {string} other
 */
function isNewer(version, other) {
  return version.localeCompare(other, "en", { numeric: true }) > 0;
}

/**
 * The functions that Node is asked for. A file for Linux does not say where they come from: there their names
 * tell them from the C library's.
 *
 * @param {Platform["os"]} os
 * @param {Binary["imports"]} imports
 */
function hostFunctions(os, imports) {
  return imports.filter(({ name, from }) => {
    if (os === "win32") return from === "node.exe";
    if (os === "darwin") return from === null;
    return isNodeApi(name) || isForeign(name);
  });
}

/**
 * What is wrong with a platform's binary.
 *
 * @param {Platform} platform
 * @param {Buffer} file
 */
export function problemsOf(platform, file) {
  /** @type {string[]} */
  const problems = [];
  const expect = (/** @type {boolean} */ holds, /** @type {string} */ problem) => {
    if (!holds) problems.push(problem);
  };
  const { os, arch, libc, oldest } = platform;
  const binary = readBinary(file);
  expect(binary.format === formats[os], `is an ${binary.format} file`);
  expect(binary.arch === arch, `is for ${binary.arch}`);
  expect(file.length < mostBytes, `has ${file.length} bytes, ${mostBytes} or more`);
  expect(binary.isStripped, "is not stripped");

  const host = hostFunctions(os, binary.imports).map(({ name }) => name);
  expect(host.includes("napi_define_properties"), "imports no Node-API");
  for (const name of host) expect(isNodeApi(name), `imports ${name}, which is not Node-API`);
  for (const library of binary.libraries) {
    expect(libraries[libc ?? os].test(library), `needs ${library}`);
  }
  for (const version of binary.versions) {
    const [name, number] = version.split("_");
    expect(name === "GLIBC" && !isNewer(number, oldest ?? ""), `needs ${version}`);
  }
  expect(binary.exports.includes("napi_register_module_v1"), "has no entry for Node");
  if (os === "linux") {
    const others = binary.exports.filter((name) => !isNodeApi(name));
    expect(others.length === 0, `exports ${others.join(", ")}`);
  }
  if (os === "darwin") {
    expect(binary.minimumSystem === oldest, `is for macOS from ${binary.minimumSystem}`);
    // Where nothing unsigned runs.
    if (arch === "arm64") expect(binary.isSigned, "is not signed");
  }
  return problems;
}

/**
 * Object files of a build that Linux's linker has seen: those for an instruction set that not every processor has.
 *
 * @param {Platform} platform
 */
function objectsOf({ os, name }) {
  const folder = `${cache}/build/${name}/build/Release/obj.target/maxmargin/native/isa`;
  return os !== "linux" ? [] : ["avx2", "avx512", "neon"].map((file) => `${folder}/${file}.o`);
}

/**
 * The size of a platform's binary, as it was built, and what is wrong with it.
 *
 * @param {Platform} platform
 */
export function inspect(platform) {
  const file = readFileSync(`${root}${prebuildOf(platform)}`);
  const problems = problemsOf(platform, file);
  // Of a weak symbol the linker keeps one copy for all, and with it instructions that some processors lack.
  for (const object of objectsOf(platform).filter(existsSync)) {
    const weak = weakSymbolsOf(readFileSync(object));
    if (weak.length > 0) problems.push(`${object} has the weak symbols ${weak.join(", ")}`);
  }
  return { bytes: file.length, problems };
}
