// The results of answers.mjs, which every runtime has to compute alike.
import type { BackendInfo } from "maxmargin";
import { expect } from "vitest";
import type { answers } from "./answers.mjs";

export type Answers = Awaited<ReturnType<typeof answers>>;

/** Fails unless a program computed with the backend of this name, and its bits are those of `expected`. */
export function expectAnswers(
  received: unknown,
  name: BackendInfo["name"],
  expected: Answers,
): void {
  const { backend, bits, failure } = received as Answers & { readonly failure?: string };
  expect(failure).toBeUndefined();
  expect(backend.name, backend.error ?? "").toBe(name);
  expect(Object.keys(bits)).toEqual(Object.keys(expected.bits));
  const differing = Object.entries(expected.bits).filter(([call, digits]) => bits[call] !== digits);
  expect(differing.map(([call]) => call)).toEqual([]);
}
