import { beforeAll, describe, expect, inject, test } from "vitest";
import { binOf, consumer, expectNative, installed, programs } from "./consumer.js";
import { run } from "./run.js";

describe("TypeScript", () => {
  const configs = {
    nodenext: { module: "nodenext", moduleResolution: "nodenext" },
    bundler: { module: "esnext", moduleResolution: "bundler" },
  };
  let cwd: string;
  beforeAll(() => {
    cwd = installed("typescript", ["typescript@7.0.2", "@types/node@20"], {
      ...Object.fromEntries(
        Object.entries(configs).map(([name, settings]) => [
          `${name}.json`,
          JSON.stringify({
            compilerOptions: {
              ...settings,
              strict: true,
              exactOptionalPropertyTypes: true,
              target: "es2022",
              types: ["node"],
              outDir: name,
            },
            include: ["*.ts", "*.mts", "*.cts"],
          }),
        ]),
      ),
      "module.mts": programs["call.ts"],
      "common.cts": programs["call.ts"],
      // What must not compile: the loss of rows is no number.
      "wrong.mts": `
        import { hinge } from "maxmargin";
        import { Hinge } from "maxmargin/metrics";
        // @ts-expect-error
        export const loss: number = hinge([1], [2]);
        export const total: number = new Hinge().result();
      `,
    });
  });

  test.each(Object.keys(configs))("compiles and runs a strict program: %s", (name) => {
    run(binOf(cwd, "tsc"), ["-p", `${name}.json`], { cwd });
    const files = name === "nodenext" ? ["module.mjs", "common.cjs", "call.js"] : ["module.mjs"];
    for (const file of files) expectNative(run("node", [`${name}/${file}`], { cwd }));
  });
});

describe("test runners", () => {
  // With jsdom, Jest requires what is meant for browsers.
  test.each(["node", "jsdom"])("Jest computes natively in its environment %s", (environment) => {
    const cwd = installed("jest", ["jest@30", "jest-environment-jsdom@30"], {
      "call.test.js": 'test("one call", () => void require("./call.cjs"));',
    });
    expectNative(run(binOf(cwd, "jest"), ["--env", environment], { cwd }));
  });

  test("vitest computes natively", () => {
    const cwd = installed("vitest", ["vitest@4.1.12"], {
      "call.test.mjs": `
        import { test } from "vitest";
        test("one call", () => import("./call.mjs"));
      `,
    });
    expectNative(run(binOf(cwd, "vitest"), ["run"], { cwd }));
  });
});

// Here and no development dependencies: they bring a TypeScript of their own, and look at tarballs alone.
describe("the tarball is clean to", () => {
  let cwd: string;
  beforeAll(() => {
    cwd = consumer("linters");
    run("npm", ["install", "publint@0.3.25", "@arethetypeswrong/cli@0.18.5"], { cwd });
  });

  test("publint", () => {
    // It would suggest "sideEffects": test/package.test.ts says why there is none.
    const args = ["run", "--strict", "--level", "warning", inject("tarball")];
    expect(run(binOf(cwd, "publint"), args, { cwd }).stdout).toContain("All good!");
  });

  test.each([
    { options: ["--exclude-entrypoints", "wasm"], entry: "maxmargin/metrics" },
    { options: ["--entrypoints", "wasm", "--profile", "esm-only"], entry: "maxmargin/wasm" },
  ])("attw $options", ({ options, entry }) => {
    const { stdout } = run(binOf(cwd, "attw"), [inject("tarball"), ...options], { cwd });
    expect(stdout).toContain(`"${entry}"`);
  });
});
