// The results of answers.mjs, as every runtime has to compute them.
import * as maxmargin from "maxmargin";
import { expect } from "vitest";
import { answers } from "./answers.mjs";

/** The result of `answers`, which may have been sent as JSON. */
export type Answers = Awaited<ReturnType<typeof answers>>;

/** Returns the answers of the addon in this process. */
export async function nativeAnswers(): Promise<Answers> {
  maxmargin.setBackend("native");
  try {
    return await answers(maxmargin);
  } finally {
    maxmargin.setBackend("auto");
  }
}

/** Fails unless a program computed with the backend of this name, and its bits are those of `expected`. */
export function expectAnswers(
  received: unknown,
  name: maxmargin.BackendInfo["name"],
  expected: Answers,
): void {
  const { backend, bits, failure } = received as Answers & { readonly failure?: string };
  expect(failure).toBeUndefined();
  expect(backend.name, backend.error ?? "").toBe(name);
  expect(Object.keys(bits)).toEqual(Object.keys(expected.bits));
  const differing = Object.entries(expected.bits).filter(([call, digits]) => bits[call] !== digits);
  expect(differing.map(([call]) => call)).toEqual([]);
}
