import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BackendInfo } from "maxmargin";
import { expect, inject } from "vitest";
import { type Printed, run } from "./run.js";

const size = 1024;

/** One call that is large enough for the addon; what computed it, and the result, are printed. */
const call = `
const labels = Int8Array.from({ length: ${size} }, (_, i) => (i % 3 === 0 ? -1 : 1));
const predictions = Float32Array.from({ length: ${size} }, (_, i) => (i % 7) / 4 - 0.75);
const loss = new Hinge().value(labels, predictions);
console.log(JSON.stringify({ ...backend(), loss }));
`;

/** What that call has to give: quarters are added without rounding. */
let sum = 0;
for (let i = 0; i < size; i++) {
  sum += Math.max(0, 1 - (i % 3 === 0 ? -1 : 1) * ((i % 7) / 4 - 0.75));
}
const loss = sum / size;

const required = `const { backend, Hinge } = require("maxmargin");\n${call}`;
const imported = `import { backend, Hinge } from "maxmargin";\n${call}`;

/** The program of a user, as each kind of file. */
export const programs = {
  "call.cjs": required,
  "call.mjs": imported,
  "call.ts": imported,
} as const;

/** A user's folder with nothing but that program; `files` are added. */
export function consumer(name: string, files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(inject("scratch"), `${name}-`));
  const all = { "package.json": '{ "private": true }', ...programs, ...files };
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

/** The same with the package in it, and other packages. */
export function installed(
  name: string,
  packages: readonly string[] = [],
  files: Readonly<Record<string, string>> = {},
): string {
  const cwd = consumer(name, files);
  run("npm", ["install", inject("tarball"), ...packages], { cwd });
  return cwd;
}

/** The path of what a package of the folder puts into .bin. */
export const binOf = (folder: string, name: string): string =>
  join(folder, "node_modules", ".bin", name);

/** What the program printed; its result has to be right, whatever computed it. */
export function told({ stdout }: Printed): BackendInfo {
  const printed = /\{.*"loss":.*\}/.exec(stdout);
  if (printed === null) throw new Error(`the program printed no result: ${stdout}`);
  const info = JSON.parse(printed[0]) as BackendInfo & { loss: number };
  expect(info.loss).toBe(loss);
  return info;
}

/** Holds the program to having run in the addon. */
export function expectNative(printed: Printed): void {
  const { name, kernel, kernels, error } = told(printed);
  expect({ name, kernel, error }).toEqual({ name: "native", kernel: kernels[0], error: null });
}

/** Fails unless the program computed in WebAssembly, because of `reason`. */
export function expectFallback(printed: Printed, reason: RegExp): void {
  const { name, binary, error } = told(printed);
  expect({ name, binary }).toEqual({ name: "wasm", binary: null });
  expect(error).toMatch(reason);
}
