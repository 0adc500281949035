// Every example in README.md and in the comments of lib/ is type-checked and run as it stands, and has to
// give what it says behind `//=>`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { examplesOf, prepared, root, runExample } from "./support/examples.js";

const sources = readdirSync(path.join(root, "lib"), { recursive: true, encoding: "utf8" })
  .filter((name) => /\.c?ts$/.test(name))
  .map((name) => path.posix.join("lib", name.replaceAll(path.sep, "/")));
const pages = readdirSync(path.join(root, "docs"))
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`);
const examples = ["README.md", ...pages, ...sources].flatMap((file) => examplesOf(file));

describe("examples", () => {
  test.each(examples)("$place returns the values that it claims", ({ code }) => runExample(code));

  test("are found in README.md, docs/ and lib/, with their claims", () => {
    const files = examples.map(({ place }) => place.replace(/:\d+$/, ""));
    expect(files).toEqual(
      expect.arrayContaining(["README.md", "docs/semantics.md", "lib/losses/hinge.ts"]),
    );
    const claims = examples.flatMap(({ code }) => prepared(code).claims);
    expect(claims.length).toBeGreaterThan(15);
  });

  test("are correct TypeScript", () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "maxmargin-examples-"));
    try {
      for (const [i, { place, code }] of examples.entries()) {
        writeFileSync(path.join(folder, `${i}.ts`), `// ${place}\n${code}`);
      }
      const settings = {
        extends: path.join(root, "tsconfig.base.json"),
        compilerOptions: {
          noEmit: true,
          module: "esnext",
          moduleResolution: "bundler",
          // Each example is for itself, also one that imports nothing; and it may leave names unused.
          moduleDetection: "force",
          noUnusedLocals: false,
          paths: {
            maxmargin: [path.join(root, "dist/esm/index.d.ts")],
            "maxmargin/*": [path.join(root, "dist/esm/*.d.ts")],
          },
          typeRoots: [path.join(root, "node_modules/@types")],
        },
        include: ["*.ts"],
      };
      writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(settings));
      // tsc is a script on Windows, which only a shell runs.
      const tsc = path.join(root, "node_modules/.bin/tsc");
      const { status, stdout } = spawnSync(`"${tsc}" -p .`, {
        cwd: folder,
        shell: true,
        encoding: "utf8",
      });
      expect(status, stdout).toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("the check of the examples", () => {
  test("accepts true claims", () => {
    runExample(`import { tensor } from "maxmargin";
const t = tensor([[1, 2]]);
t.shape; //=> [1, 2]
t.data; //=> Float32Array [1, 2]
const half = 1 / 2; //=> 0.5
({ half, text: "a" }); //=> { half: 0.5, text: "a" }
await Promise.resolve(-0); //=> -0
tensor([1, 2], [3]); //=> RangeError: data: expected 3 values for its shape [3], received 2
`);
  });

  test.each([
    "1 + 1; //=> 3",
    "const two = 1 + 1; //=> 3",
    '"1"; //=> 1',
    "[1.5]; //=> [1.50]",
    "Float32Array.of(1); //=> [1]",
    "nothing.here; //=> 1",
    'throw new Error("no");',
    "1 + 1 //=> 2",
    "//=> 2",
  ])("rejects %s", (code) => {
    expect(() => runExample(code)).toThrow();
  });
});
