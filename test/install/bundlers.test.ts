import { cpSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { binOf, consumer, expectNative, installed } from "./consumer.js";
import { type Printed, run } from "./run.js";

let cwd: string;
beforeAll(() => {
  cwd = installed("bundlers", [
    "esbuild@0.28",
    "webpack@5",
    "webpack-cli@7",
    "node-loader@2",
    "rollup@4",
    "@rollup/plugin-commonjs@29",
    "@rollup/plugin-node-resolve@16",
  ]);
});

function bundle([program, ...args]: readonly string[]): Printed {
  return run(binOf(cwd, program), args, { cwd });
}

// docs/install.md tells people these settings. Each bundle has a folder of its own.
const esbuild = "esbuild call.mjs --bundle --platform=node".split(" ");
const esm = ["--format=esm", "--outfile=esbuild-esm/bundle.mjs"];
const webpack = "webpack ./call.mjs --mode production --target node".split(" ");
const rollup = "rollup call.mjs --plugin node-resolve --plugin commonjs".split(" ");
const createRequire =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
const nodeLoader = ["--module-rules-test", "/\\.node$/", "--module-rules-loader", "node-loader"];

describe("a bundle that holds the binaries computes natively, wherever it is", () => {
  test.each([
    {
      name: "esbuild, to CommonJS",
      command: [...esbuild, "--loader:.node=copy", "--outfile=esbuild/bundle.cjs"],
      file: "esbuild/bundle.cjs",
    },
    {
      name: "esbuild, to an ES module",
      command: [...esbuild, "--loader:.node=copy", `--banner:js=${createRequire}`, ...esm],
      file: "esbuild-esm/bundle.mjs",
    },
    {
      name: "webpack",
      command: [...webpack, ...nodeLoader, "-o", "webpack"],
      file: "webpack/main.js",
    },
  ])("$name", ({ command, file }) => {
    const { stdout, stderr } = bundle(command);
    expect(stdout + stderr).not.toMatch(/warning/i);
    const elsewhere = consumer("elsewhere");
    cpSync(join(cwd, file, ".."), join(elsewhere, "dist"), { recursive: true });
    const start = (env = {}) =>
      run("node", [join("dist", file.split("/")[1])], { cwd: elsewhere, env });
    expectNative(start());
    expect(() => start({ MAXMARGIN_NUM_THREADS: "0" })).toThrow(
      /RangeError: MAXMARGIN_NUM_THREADS/,
    );
  });
});

describe("a bundle that leaves the package outside computes natively, where it is installed", () => {
  test.each([
    {
      name: "esbuild",
      command: [...esbuild, "--external:maxmargin", "--outfile=outside/esbuild.cjs"],
      file: "outside/esbuild.cjs",
    },
    {
      name: "webpack",
      command: [...webpack, "--externals", "maxmargin", "--externals-type", "commonjs"].concat([
        "-o",
        "outside-webpack",
      ]),
      file: "outside-webpack/main.js",
    },
    {
      name: "rollup",
      command: [...rollup, "--external", "maxmargin", "--file", "outside/rollup.mjs"],
      file: "outside/rollup.mjs",
    },
  ])("$name", ({ command, file }) => {
    const { stdout, stderr } = bundle(command);
    expect(stdout + stderr).not.toMatch(/warning/i);
    expectNative(run("node", [file], { cwd }));
  });
});

describe("without settings a binary is an error, and no bundle without it is made", () => {
  test.each([
    { name: "esbuild", command: [...esbuild, "--outfile=none/esbuild.cjs"] },
    { name: "webpack", command: [...webpack, "-o", "none"] },
    { name: "rollup", command: [...rollup, "--file", "none/rollup.mjs"] },
  ])("$name", ({ command }) => {
    expect(() => bundle(command)).toThrow(/maxmargin.*\.node/);
  });
});
