import { beforeAll, describe, expect, test } from "vitest";
import { binOf, consumer, expectFallback, expectNative, installed, programs } from "./consumer.js";
import { run } from "./run.js";

/** A runtime from npm, in a folder of its own: in another's it would take the place of `node`. */
function runtime(packageName: string, program: string): string {
  const cwd = consumer(packageName);
  run("npm", ["install", packageName], { cwd });
  return binOf(cwd, program);
}

let cwd: string;
beforeAll(() => {
  cwd = installed("runtimes");
});

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

  test("computes in JavaScript where addons are not permitted, and says why", () => {
    const printed = run(node, [permission, `--allow-fs-read=${cwd}/`, "call.mjs"], { cwd });
    expectFallback(printed, /^prebuilt binary: Cannot load native addon because loading addons is/);
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

  test("computes in JavaScript where addons are not permitted, and says why", () => {
    const printed = run(deno, ["run", "--allow-read", "--allow-env", "call.mjs"], { cwd });
    expectFallback(printed, /^prebuilt binary: Requires ffi access/);
  });
});
