// Every example in README.md and in the comments of lib/ is type-checked and run as it stands, and has to
// give what it says behind `//=>`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { deserialize } from "node:v8";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));

interface Example {
  /** Its file and line, for whoever has to find it. */
  readonly place: string;
  readonly code: string;
}

function examplesOf(file: string): Example[] {
  // In comments every line begins with " * ".
  const text = readFileSync(path.join(root, file), "utf8").replaceAll(/^ *\*(?: |$)/gm, "");
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => ({
    place: `${file}:${text.slice(0, match.index).split("\n").length + 1}`,
    code: match[1],
  }));
}

/** A value as the examples show it: `[1, 2]`, `"text"`, `Float32Array [0.5]`, `{ rows: 2 }`. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Object.is(value, -0)) return "-0";
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`;
  if (ArrayBuffer.isView(value)) {
    return `${value.constructor.name} ${shown(Array.from(value as Float32Array))}`;
  }
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  const entries = Object.entries(value).map(([key, own]) => `${key}: ${shown(own)}`);
  return `{ ${entries.join(", ")} }`;
}

interface Claim {
  readonly line: string;
  readonly value: string;
}

/** `expression; //=> value`, also with `const name = ` before it. */
const claimPattern = /^(?:(?:const|let) (\w+) = )?(.*); \/\/=> (.*)$/;

/** The claims of an example, and a module that prints the values of their expressions. */
function prepared(code: string): { claims: Claim[]; module: string } {
  const claims: Claim[] = [];
  const lines = code.split("\n").map((line) => {
    if (!line.includes("//=>")) return line;
    const match = claimPattern.exec(line);
    if (match === null) throw new Error(`not of the form "expression; //=> value": ${line}`);
    const [, name, expression, value] = match;
    claims.push({ line, value });
    // What an expression throws can be claimed as well.
    return name === undefined
      ? `values_.push(await (async () => (${expression}))().catch((error) => error));`
      : `${line}\nvalues_.push(${name});`;
  });
  const module = [
    'import { serialize as serialize_ } from "node:v8";',
    "const values_ = [];",
    ...lines,
    'console.log("\\n" + serialize_(values_).toString("base64"));',
  ];
  return { claims, module: module.join("\n") };
}

/** Runs an example in a process of its own, as it may choose a backend or a number of threads. */
function run(code: string): void {
  const { claims, module } = prepared(code);
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith("MAXMARGIN_"));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module", "-e", module],
    { cwd: root, env: Object.fromEntries(others), encoding: "utf8" },
  );
  expect(status, stderr).toBe(0);
  const printed = stdout.trimEnd().split("\n").pop() as string;
  const values = deserialize(Buffer.from(printed, "base64")) as unknown[];
  expect(values).toHaveLength(claims.length);
  for (const [i, { line, value }] of claims.entries()) expect(shown(values[i]), line).toBe(value);
}

const sources = readdirSync(path.join(root, "lib"), { recursive: true, encoding: "utf8" })
  .filter((name) => /\.c?ts$/.test(name))
  .map((name) => path.posix.join("lib", name.replaceAll(path.sep, "/")));
const pages = readdirSync(path.join(root, "docs")).map((name) => `docs/${name}`);
const examples = ["README.md", ...pages, ...sources].flatMap(examplesOf);

describe("examples", () => {
  test.each(examples)("$place returns the values that it claims", ({ code }) => run(code));

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
    run(`import { tensor } from "maxmargin";
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
    expect(() => run(code)).toThrow();
  });
});
