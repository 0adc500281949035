import { beforeAll, describe, expect, test } from "vitest";
import { type Answers, expectAnswers } from "../support/answers.js";
import { answering, answersIn, nativeAnswers } from "./answering.js";
import { binOf, consumer, expectFallback, expectNative, installed, programs } from "./consumer.js";
import { run } from "./run.js";

/** A runtime from npm, in a folder of its own: in another's it would take the place of `node`. */
function runtime(packageName: string, program: string): string {
  const cwd = consumer(packageName);
  run("npm", ["install", packageName], { cwd });
  return binOf(cwd, program);
}

let cwd: string;
let expected: Answers;
beforeAll(() => {
  cwd = installed("runtimes", [], answering);
  expected = nativeAnswers(cwd);
});

/** Runs a program, which has to compute in WebAssembly. Returns the reason for the lack of a binary. */
function errorInWasm(
  program: string,
  args: readonly string[],
  { file = "print.mjs", env = {} }: { file?: string; env?: NodeJS.ProcessEnv } = {},
): string | null {
  const answers = answersIn(run(program, [...args, file], { cwd, env }));
  expectAnswers(answers, "wasm", expected);
  return answers.backend.error;
}

/** The build that has no binary. */
const ofWeb = { file: "print-wasm.mjs" };

const useWasm = { env: { MAXMARGIN_BACKEND: "wasm" } };

describe.each(["20", "22", "24", "26"])("Node %s", (version) => {
  let node: string;
  beforeAll(() => {
    node = runtime(`node@${version}`, "node");
  });
  // Its name in Node 20.
  const permission = version === "20" ? "--experimental-permission" : "--permission";

  test("is what runs", () => {
    expect(run(node, ["-p", "process.version"], { cwd }).stdout).toMatch(`v${version}.`);
  });

  test.each(["call.cjs", "call.mjs"])("computes natively: %s", (file) => {
    const printed = run(node, [file], { cwd });
    expectNative(printed);
    expect(printed.stderr).toBe("");
  });

  test("computes natively where addons are permitted", () => {
    const args = [permission, `--allow-fs-read=${cwd}/`, "--allow-addons"];
    expectNative(run(node, [...args, "call.cjs"], { cwd }));
  });

  const forbidden = /^prebuilt binary: Cannot load native addon because loading addons is/;

  test("computes in WebAssembly where addons are not permitted, and says why", () => {
    const args = [permission, `--allow-fs-read=${cwd}/`];
    expectFallback(run(node, [...args, "call.mjs"], { cwd }), forbidden);
    expect(errorInWasm(node, args)).toMatch(forbidden);
  });

  test("computes in WebAssembly without addons, and says why", () => {
    expect(errorInWasm(node, ["--no-addons"])).toMatch(forbidden);
  });

  test("computes in WebAssembly if it is asked to", () => {
    expect(errorInWasm(node, [], useWasm)).toBeNull();
    expect(errorInWasm(node, [], ofWeb)).toBeNull();
  });
});

describe("bun", () => {
  let bun: string;
  beforeAll(() => {
    bun = runtime("bun@1", "bun");
  });

  test.each(Object.keys(programs))("computes natively: %s", (file) => {
    expectNative(run(bun, [file], { cwd }));
  });

  test("computes in WebAssembly if it is asked to", () => {
    expect(errorInWasm(bun, [], useWasm)).toBeNull();
    expect(errorInWasm(bun, [], ofWeb)).toBeNull();
  });
});

describe("deno", () => {
  let deno: string;
  beforeAll(() => {
    deno = runtime("deno@2", "deno");
  });

  test.each(["call.cjs", "call.mjs"])("computes natively: %s", (file) => {
    const args = ["run", "--allow-ffi", "--allow-read", "--allow-env", file];
    expectNative(run(deno, args, { cwd }));
  });

  test("computes in WebAssembly if it is asked to", () => {
    const args = ["run", "--allow-ffi", "--allow-read", "--allow-env"];
    expect(errorInWasm(deno, args, useWasm)).toBeNull();
    expect(errorInWasm(deno, ["run", "--no-prompt"], ofWeb)).toBeNull();
  });

  test.each([
    { permissions: ["--allow-read", "--allow-env"], missing: "ffi" },
    { permissions: ["--allow-ffi", "--allow-env"], missing: "read" },
    { permissions: [], missing: "read" },
  ])(
    "computes in WebAssembly with $permissions, and names a missing one",
    ({ permissions, missing }) => {
      const error = errorInWasm(deno, ["run", "--no-prompt", ...permissions]);
      expect(error).toMatch(new RegExp(`^prebuilt binary: Requires ${missing} access to "`));
    },
  );

  test("obeys no environment variable that it is not permitted to read", () => {
    const args = ["run", "--no-prompt", "--allow-ffi", "--allow-read", "call.mjs"];
    expectNative(run(deno, args, { cwd, ...useWasm }));
  });
});
