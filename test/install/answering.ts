// The program of test/support/answers.mjs in a user's folder.
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { Answers } from "../support/answers.js";
import { type Printed, run } from "./run.js";

const printed = (name: string) => `
  import * as maxmargin from "${name}";
  import { answers } from "./answers.mjs";

  console.log(JSON.stringify(await answers(maxmargin)));
`;

/** The files of a user who prints the answers. */
export const answering = {
  "answers.mjs": readFileSync(new URL("../support/answers.mjs", import.meta.url), "utf8"),
  "print.mjs": printed("maxmargin"),
  "print-wasm.mjs": printed("maxmargin/wasm"),
} as const;

/** Returns the answers that a program has printed. */
export const answersIn = ({ stdout }: Printed): Answers => JSON.parse(stdout) as Answers;

/** Returns the answers of the installed addon in this Node, which all others are compared with. */
export function nativeAnswers(cwd: string): Answers {
  const env = { MAXMARGIN_BACKEND: "native" };
  const answers = answersIn(run("node", ["print.mjs"], { cwd, env }));
  expect(answers.backend.name).toBe("native");
  return answers;
}
