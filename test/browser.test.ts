// The build for browsers, as `npm run build` writes it, in a page of Chromium. test/install has the bundlers.
import { fileURLToPath } from "node:url";
import * as maxmargin from "maxmargin";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answers, expectAnswers } from "./support/answers.js";
import { answers } from "./support/answers.mjs";
import { answerOf } from "./support/browser.js";
import { chromium } from "./support/chromium.js";

const folder = fileURLToPath(new URL("../", import.meta.url));

const imports = `
  import * as maxmargin from "/dist/web/index.js";
  import { answers } from "/test/support/answers.mjs";
`;

let expected: Answers;
beforeAll(async () => {
  maxmargin.setBackend("native");
  expected = await answers(maxmargin);
});
afterAll(() => maxmargin.setBackend("auto"));

describe.skipIf(chromium === undefined)("in Chromium", () => {
  test("WebAssembly computes the bits of the addon", async () => {
    const program = `${imports} report(await answers(maxmargin));`;
    const answer = (await answerOf({ folder, program })) as Answers;
    expectAnswers(answer, "wasm", expected);
    expect(answer.backend).toMatchObject({ binary: null, error: null, kernel: null, threads: 1 });
  });

  test("JavaScript computes them where the page's policy forbids WebAssembly, and backend() reports why", async () => {
    const program = `${imports} report(await answers(maxmargin));`;
    const answer = (await answerOf({ folder, program, policy: "script-src 'self'" })) as Answers;
    expectAnswers(answer, "js", expected);
    expect(answer.backend.error).toMatch(/^WebAssembly: .*(Content Security Policy|unsafe-eval)/);
  });

  test("a worker computes them", async () => {
    const program = `
      const source = \`${imports.replaceAll('"/', '"ORIGIN/')} postMessage(await answers(maxmargin));\`;
      const code = source.replaceAll("ORIGIN", location.origin);
      const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
      new Worker(url, { type: "module" }).onmessage = ({ data }) => report(data);
    `;
    expectAnswers(await answerOf({ folder, program }), "wasm", expected);
  });

  test("WebAssembly and a plain loop agree, and the report shows their speed", async ({
    annotate,
  }) => {
    const program = `
      import { Hinge, tensor } from "/dist/web/index.js";

      const n = 1_024_000;
      const labels = Float32Array.from({ length: n }, (_, i) => (i % 3 === 0 ? -1 : 1));
      const predictions = Float32Array.from({ length: n }, (_, i) => (i % 7) / 4 - 0.75);
      const loss = new Hinge();
      const batch = [labels, predictions].map((data) => tensor(data, [n / 64, 64]));

      function plain() {
        let sum = 0;
        for (let i = 0; i < n; i++) sum += Math.max(0, 1 - labels[i] * predictions[i]);
        return Math.fround(sum / n);
      }

      function timed(compute) {
        let best = Infinity;
        let result;
        for (let round = 0; round < 20; round++) {
          const start = performance.now();
          result = compute();
          best = Math.min(best, performance.now() - start);
        }
        return { result, nanoseconds: (1e6 * best) / n };
      }

      report({ wasm: timed(() => loss.value(...batch)), plain: timed(plain) });
    `;
    const { wasm, plain } = (await answerOf({ folder, program })) as Record<
      "wasm" | "plain",
      { result: number; nanoseconds: number }
    >;
    // Quarters are added without rounding.
    expect(wasm.result).toBe(plain.result);
    const nanoseconds = [wasm, plain].map((measured) => measured.nanoseconds.toFixed(2));
    await annotate(`WebAssembly ${nanoseconds[0]}, a plain loop ${nanoseconds[1]} ns a value`);
  });
});
