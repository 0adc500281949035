import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Answers, expectAnswers } from "../support/answers.js";
import { answerOf } from "../support/browser.js";
import { chromium } from "../support/chromium.js";
import { answering, nativeAnswers } from "./answering.js";
import { binOf, installed } from "./consumer.js";
import { run } from "./run.js";

const html = '<!doctype html><script type="module" src="/main.mjs"></script>';

/** A page's program, which imports the package by one of its names. */
const main = (name: string) => `
  import * as maxmargin from "${name}";
  import { answers } from "../answers.mjs";

  answers(maxmargin).then(report);
`;

const required = `
  const maxmargin = require("maxmargin");
  const { answers } = require("../answers.mjs");

  answers(maxmargin).then(report);
`;

let cwd: string;
let expected: Answers;
beforeAll(() => {
  const bundlers = ["esbuild@0.28", "vite@8", "webpack@5", "webpack-cli@7", "rollup@4"];
  cwd = installed("browsers", [...bundlers, "@rollup/plugin-node-resolve@16"], {
    ...answering,
    "condition/index.html": html,
    "condition/main.mjs": main("maxmargin"),
    "condition/main.cjs": required,
    "subpath/index.html": html,
    "subpath/main.mjs": main("maxmargin/wasm"),
  });
  expected = nativeAnswers(cwd);
});

// docs/browsers.md tells people these commands.
const esbuild = "esbuild main.mjs --bundle --outfile=esbuild/main.js";
const vite = "vite build --outDir vite";
const webpack = "webpack ./main.mjs --mode production -o webpack";
const rollup = "rollup main.mjs --file rollup/main.js --plugin";

/** Runs a bundler in one of the folders, and returns what it printed. */
function bundle(folder: string, command: string): string {
  const [program, ...args] = command.split(" ");
  const { stdout, stderr } = run(binOf(cwd, program), args, { cwd: join(cwd, folder) });
  return stdout + stderr;
}

/** Loads the one script of a folder in a page. */
function answerOfScript(folder: string, policy?: string): Promise<unknown> {
  const [script] = readdirSync(join(cwd, folder)).filter((file) => file.endsWith(".js"));
  const page = { folder: cwd, program: `import "/${folder}/${script}";` };
  return answerOf(policy === undefined ? page : { ...page, policy });
}

describe.skipIf(chromium === undefined)("WebAssembly computes in a page", () => {
  test("that imports the package's own modules", async () => {
    const file = createRequire(join(cwd, "main.cjs")).resolve("maxmargin/wasm");
    const imports = JSON.stringify({ imports: { maxmargin: `/${relative(cwd, file)}` } });
    const answer = await answerOf({
      folder: cwd,
      head: `<script type="importmap">${imports}</script>`,
      program: main("maxmargin").replace("../answers.mjs", "/answers.mjs"),
    });
    expectAnswers(answer, "wasm", expected);
  });

  test.each([
    { folder: "condition", command: esbuild, output: "esbuild" },
    { folder: "condition", command: vite, output: "vite/assets" },
    { folder: "condition", command: webpack, output: "webpack" },
    { folder: "condition", command: `${rollup} node-resolve={browser:true}`, output: "rollup" },
    { folder: "subpath", command: esbuild, output: "esbuild" },
    { folder: "subpath", command: vite, output: "vite/assets" },
    { folder: "subpath", command: webpack, output: "webpack" },
    { folder: "subpath", command: `${rollup} node-resolve`, output: "rollup" },
  ])("that is bundled by $command, in $folder", async ({ folder, command, output }) => {
    const printed = bundle(folder, command);
    // webpack's only warnings are about the size of a page.
    if (command !== webpack) expect(printed).not.toMatch(/warn|\(!\)/i);
    expectAnswers(await answerOfScript(`${folder}/${output}`), "wasm", expected);
  });

  test.each([
    { command: "esbuild main.cjs --bundle --outfile=cjs/main.js", output: "cjs" },
    { command: "webpack ./main.cjs --mode production -o cjs-webpack", output: "cjs-webpack" },
  ])("that requires the package, bundled by $command", async ({ command, output }) => {
    bundle("condition", command);
    expectAnswers(await answerOfScript(`condition/${output}`), "wasm", expected);
  });
});

describe.skipIf(chromium === undefined)("a page whose policy forbids WebAssembly", () => {
  test("computes in JavaScript, and backend() reports why", async () => {
    bundle("condition", "esbuild main.mjs --bundle --outfile=forbidden/main.js");
    const answer = await answerOfScript("condition/forbidden", "script-src 'self'");
    expectAnswers(answer, "js", expected);
    expect((answer as Answers).backend.error).toMatch(/^WebAssembly: .*unsafe-eval/);
  });

  test("computes in WebAssembly if it names 'wasm-unsafe-eval'", async () => {
    const policy = "script-src 'self' 'wasm-unsafe-eval'";
    expectAnswers(await answerOfScript("condition/forbidden", policy), "wasm", expected);
  });
});

test("a bundle for browsers holds nothing of Node's", () => {
  bundle("condition", "esbuild main.mjs --bundle --outfile=own/main.js");
  const code = readFileSync(join(cwd, "condition/own/main.js"), "utf8");
  expect(code).not.toMatch(/node:|\.node\b|require\(/);
});
