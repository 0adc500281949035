import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, test } from "vitest";
import {
  binOf,
  consumer,
  expectFallback,
  expectNative,
  installed,
  programs,
  told,
} from "./consumer.js";
import { run } from "./run.js";

const tarball = inject("tarball");

const managers = [
  { name: "npm", command: ["npm", "install"] },
  { name: "npm that runs no scripts", command: ["npm", "install", "--ignore-scripts"] },
  { name: "npm that allows no scripts", command: ["npm", "install", "--strict-allow-scripts"] },
  { name: "pnpm", command: ["pnpm", "add"] },
  { name: "bun", command: ["bun", "add"] },
];

describe("installed by", () => {
  let tools: string;
  beforeAll(() => {
    tools = consumer("tools");
    run("npm", ["install", "bun@1", "pnpm@12"], { cwd: tools });
  });

  test.each(managers)("$name it computes natively", ({ name, command: [program, ...args] }) => {
    const cwd = consumer(name);
    run(program === "npm" ? program : binOf(tools, program), [...args, tarball], { cwd });
    expectNative(run("node", ["call.cjs"], { cwd }));
    expectNative(run("node", ["call.mjs"], { cwd }));
  });
});

describe("where there is no compiler", () => {
  /** The only folder of programs: no compiler, make or python. */
  function programsOf(names: readonly string[]): string {
    const folder = join(consumer("no-compiler"), "bin");
    mkdirSync(folder);
    for (const name of names) {
      const { stdout } = spawnSync("which", [name], { encoding: "utf8" });
      symlinkSync(stdout.trim(), join(folder, name));
    }
    return folder;
  }

  test("installing and a first native call take less than 3 seconds, and give no warning", () => {
    const cwd = consumer("first");
    const env = { PATH: programsOf(["node", "npm"]) };
    for (const missing of ["g++", "cc", "make", "cmake", "python3"]) {
      expect(() => run(missing, ["--version"], { cwd, env })).toThrow("ENOENT");
    }
    const begin = performance.now();
    const install = run("npm", ["install", tarball], { cwd, env });
    const call = run("node", ["-e", programs["call.cjs"]], { cwd, env });
    const seconds = (performance.now() - begin) / 1000;
    console.log(`installed and called in ${seconds.toFixed(2)} s`);
    expectNative(call);
    expect(call.stderr).toBe("");
    expect(install.stdout + install.stderr).not.toMatch(/warn|deprecated/i);
    expect(seconds).toBeLessThan(3);
  });
});

test("in a path with spaces it computes natively", () => {
  const cwd = installed("a path with spaces");
  expect(cwd).toContain("a path with spaces");
  expectNative(run("node", ["call.cjs"], { cwd }));
  expectNative(run("node", ["call.mjs"], { cwd }));
});

describe.runIf(process.platform === "linux")("a binary that cannot be loaded", () => {
  let cwd: string;
  let prebuilds: string;
  let binary: string;
  beforeAll(() => {
    cwd = installed("damaged");
    prebuilds = join(cwd, "node_modules", "maxmargin", "prebuilds");
    binary = told(run("node", ["call.cjs"], { cwd })).binary as string;
    expect(binary.startsWith(prebuilds)).toBe(true);
  });

  function expectFallbackFor(reason: RegExp): void {
    for (const file of ["call.cjs", "call.mjs"]) {
      expectFallback(run("node", [file], { cwd }), reason);
      const env = { MAXMARGIN_BACKEND: "native" };
      expect(() => run("node", [file], { cwd, env })).toThrow(
        /MAXMARGIN_BACKEND: expected a binary for native kernels, .* Install the package again/s,
      );
    }
  }

  test("because it is corrupt gives way to WebAssembly", () => {
    writeFileSync(binary, "corrupt");
    expectFallbackFor(/^prebuilt binary: .*maxmargin\.\w+\.node is not a library for Linux/);
  });

  test("because it was made for another processor gives way to WebAssembly", () => {
    const other = process.arch === "arm64" ? "linux-x64" : "linux-arm64";
    copyFileSync(join(prebuilds, other, "maxmargin.glibc.node"), binary);
    expectFallbackFor(/^prebuilt binary: .*maxmargin\.\w+\.node is for another processor than /);
  });
});
