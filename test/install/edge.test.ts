// Runtimes of servers that have neither Node's modules nor its binaries.
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Answers, expectAnswers } from "../support/answers.js";
import { answering, answersIn, nativeAnswers } from "./answering.js";
import { binOf, installed } from "./consumer.js";
import { run } from "./run.js";

let cwd: string;
let expected: Answers;
beforeAll(() => {
  cwd = installed("edge", ["esbuild@0.28", "miniflare@4", "edge-runtime@4"], {
    ...answering,
    "worker.mjs": `
      import * as maxmargin from "maxmargin";
      import * as metrics from "maxmargin/metrics";
      import { answers } from "./answers.mjs";

      export default {
        async fetch() {
          return Response.json(await answers({ ...maxmargin, metrics }));
        },
      };
    `,
    "miniflare.mjs": `
      import { Miniflare } from "miniflare";

      const worker = new Miniflare({
        rootPath: "worker",
        scriptPath: "index.mjs",
        modules: true,
        modulesRules: [
          { type: "ESModule", include: ["**/*.mjs"] },
          { type: "CompiledWasm", include: ["**/*.wasm"] },
        ],
        compatibilityDate: "2026-01-01",
      });
      const response = await worker.dispatchFetch("http://localhost/");
      console.log(await response.text());
      await worker.dispose();
    `,
    "function.mjs": `
      import * as maxmargin from "maxmargin";
      import { answers } from "./answers.mjs";

      addEventListener("fetch", (event) => {
        event.respondWith(answers(maxmargin).then((answer) => Response.json(answer)));
      });
    `,
    "edge.mjs": `
      import { readFileSync } from "node:fs";
      import { EdgeRuntime } from "edge-runtime";

      const runtime = new EdgeRuntime({
        initialCode: readFileSync("edge/function.js", "utf8"),
        codeGeneration: { strings: false, wasm: process.argv[2] === "wasm" },
      });
      const response = await runtime.dispatchFetch("http://localhost/");
      console.log(await response.text());
    `,
  });
  expected = nativeAnswers(cwd);
});

function esbuild(...args: readonly string[]): void {
  const { stderr } = run(binOf(cwd, "esbuild"), ["--bundle", ...args], { cwd });
  expect(stderr).not.toMatch(/warning/i);
}

describe("a Worker, in workerd", () => {
  beforeAll(() => {
    const conditions = "--conditions=workerd,worker,browser";
    // As Cloudflare's wrangler does: a module of WebAssembly stays beside the bundle.
    const options = ["--format=esm", conditions, "--external:*.wasm", "--outfile=worker/index.mjs"];
    esbuild("worker.mjs", ...options);
    const file = "maxmargin.wasm";
    copyFileSync(join(cwd, "node_modules/maxmargin/dist/web", file), join(cwd, "worker", file));
  });

  test("computes in WebAssembly", () => {
    const answer = answersIn(run("node", ["miniflare.mjs"], { cwd }));
    expectAnswers(answer, "wasm", expected);
    expect(answer.backend.error).toBeNull();
  });

  test("does not carry the module twice", () => {
    const code = readFileSync(join(cwd, "worker", "index.mjs"), "utf8");
    expect(code).toMatch(/import \w+ from "\.\/maxmargin\.wasm"/);
    // The beginning of every module, in base64.
    expect(code).not.toContain("AGFzbQ");
  });
});

describe("an edge function, in Next.js's sandbox", () => {
  beforeAll(() => {
    esbuild("function.mjs", "--conditions=edge-light", "--outfile=edge/function.js");
  });

  test("computes in WebAssembly", () => {
    expectAnswers(answersIn(run("node", ["edge.mjs", "wasm"], { cwd })), "wasm", expected);
  });

  test("computes in JavaScript where the host forbids to compile, and backend() reports why", () => {
    const answer = answersIn(run("node", ["edge.mjs", "forbidden"], { cwd }));
    expectAnswers(answer, "js", expected);
    expect(answer.backend.error).toMatch(/^WebAssembly: /);
  });
});
