import { backend, setBackend } from "maxmargin";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

/**
 * Everything that can compute on this machine: the addon's kernels, the best first, WebAssembly and
 * JavaScript.
 */
export const implementations: readonly string[] = [...backend().kernels, "wasm", "js"];

const isKernel = (implementation: string) => backend().kernels.includes(implementation);

/** Fails unless `implementation` computes, at every size. */
export function expectInForce(implementation: string): void {
  const { name, kernel, error } = backend();
  expect({ name, kernel, error }).toEqual(
    isKernel(implementation)
      ? { name: "native", kernel: implementation, error: null }
      : { name: implementation, kernel: null, error: null },
  );
}

/** Makes `implementation` compute whatever comes, and proves that it does. */
export function force(implementation: string): void {
  if (isKernel(implementation)) setBackend("native", implementation);
  else setBackend(implementation as "wasm" | "js");
  expectInForce(implementation);
}

/** Defines the tests of `body` once for each implementation, which is in force while they run. */
export function forEachImplementation(body: (implementation: string) => void): void {
  // Without a binary this would quietly test JavaScript alone.
  test("the implementations are here", () => {
    expect(backend().error).toBeNull();
    expect(implementations).toEqual(expect.arrayContaining(["scalar", "wasm", "js"]));
  });
  describe.each(implementations)("%s", (implementation) => {
    beforeAll(() => force(implementation));
    afterEach(() => expectInForce(implementation));
    afterAll(() => setBackend("auto"));
    body(implementation);
  });
}
