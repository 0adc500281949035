// Fake timers of a test runner, in force before the library is imported: nothing here may import it earlier.
import { afterAll, beforeAll, expect, test, vi } from "vitest";

beforeAll(() => {
  vi.useFakeTimers({ toFake: ["setImmediate", "setTimeout", "performance", "hrtime", "Date"] });
});
afterAll(() => {
  vi.useRealTimers();
});

test("do not make calls off the event loop wait", async () => {
  const before = performance.now();
  const { Hinge } = await import("maxmargin");
  const n = 300_000;
  const loss = await new Hinge().valueAsync(new Int8Array(n).fill(1), new Float32Array(n));
  expect(loss).toBe(1);
  expect(performance.now()).toBe(before);
});
