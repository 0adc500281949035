// The platforms that prebuilt binaries are made for: what they are called, where their files go, and what
// compiler and linker call them.

import { itemsCalled } from "./project.mjs";

/**
 * @typedef {object} Platform
 * @property {string} name
 * @property {"linux" | "win32" | "darwin"} os - as `process.platform` has it
 * @property {"x64" | "arm64"} arch - as `process.arch` has it
 * @property {"glibc" | "musl" | null} libc
 * @property {string} target - zig's name for it
 * @property {string | null} oldest - the oldest glibc or macOS that the binary has to run with
 */

/** @type {readonly Platform[]} */
export const platforms = [
  platform("linux", "x64", "glibc", "x86_64-linux-gnu", "2.28"),
  platform("linux", "x64", "musl", "x86_64-linux-musl", null),
  platform("linux", "arm64", "glibc", "aarch64-linux-gnu", "2.28"),
  platform("linux", "arm64", "musl", "aarch64-linux-musl", null),
  platform("win32", "x64", null, "x86_64-windows-gnu", null),
  platform("darwin", "x64", null, "x86_64-macos", "11.0"),
  platform("darwin", "arm64", null, "aarch64-macos", "11.0"),
];

/**
 * @param {Platform["os"]} os
 * @param {Platform["arch"]} arch
 * @param {Platform["libc"]} libc
 * @param {string} system
 * @param {Platform["oldest"]} oldest
 * @returns {Platform}
 */
function platform(os, arch, libc, system, oldest) {
  const name = [os, arch, libc].filter(Boolean).join("-");
  return { name, os, arch, libc, target: [system, oldest].filter(Boolean).join("."), oldest };
}

/** @param {readonly string[]} names */
export const platformsCalled = (names) => itemsCalled("platform", platforms, names);

/**
 * Where a platform's binary lies in the package: the names are prebuildify's.
 *
 * @param {Platform} platform
 */
export function prebuildOf({ os, arch, libc }) {
  return `prebuilds/${os}-${arch}/maxmargin.${libc === null ? "" : `${libc}.`}node`;
}
