// Examples in documents: code blocks that say behind `//=>` what an expression returns or throws.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { deserialize } from "node:v8";
import { expect } from "vitest";

export const root = fileURLToPath(new URL("../../", import.meta.url));

export interface Example {
  /** Its file and line, for whoever has to find it. */
  readonly place: string;
  readonly code: string;
}

/** A block of code between two lines of "```", the first of which names its language. */
export interface Block extends Example {
  readonly language: string;
  /** The name of a file behind the language, if the block is one. */
  readonly file: string | undefined;
}

const blockPattern = /^```(\S*)(?: (\S+))?\n(.*?)^```$/gms;

/** Returns the text of a page without its blocks of code. */
export const proseOf = (page: string): string =>
  readFileSync(path.join(root, page), "utf8").replaceAll(blockPattern, "");

/** Returns the blocks of a page, or of the comments of a source. */
export function blocksOf(file: string): Block[] {
  // In comments every line begins with " * ".
  const text = readFileSync(path.join(root, file), "utf8").replaceAll(/^ *\*(?: |$)/gm, "");
  return [...text.matchAll(blockPattern)].map((match) => ({
    place: `${file}:${text.slice(0, match.index).split("\n").length + 1}`,
    language: match[1],
    file: match[2],
    code: match[3],
  }));
}

/** Returns the blocks in a language, by default TypeScript, that are not files. */
export const examplesOf = (file: string, language = "ts"): Example[] =>
  blocksOf(file).filter((block) => block.language === language && block.file === undefined);

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
export function prepared(code: string): { claims: Claim[]; module: string } {
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

/**
 * Runs an example in a process of its own, as it may choose a backend or a number of threads, and
 * compares its claims.
 *
 * @param cwd - the folder whose packages it imports.
 */
export function runExample(code: string, cwd = root): void {
  const { claims, module } = prepared(code);
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith("MAXMARGIN_"));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module", "-e", module],
    { cwd, env: Object.fromEntries(others), encoding: "utf8" },
  );
  expect(status, stderr).toBe(0);
  const printed = stdout.trimEnd().split("\n").pop() as string;
  const values = deserialize(Buffer.from(printed, "base64")) as unknown[];
  expect(values).toHaveLength(claims.length);
  for (const [i, { line, value }] of claims.entries()) expect(shown(values[i]), line).toBe(value);
}
