import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

interface Pings {
  /** Milliseconds. */
  readonly longest: number;
  readonly count: number;
  readonly whole: number;
}

interface Answer extends Readonly<Record<"value" | "slices" | "shared" | "transfer", Pings>> {
  readonly values: readonly number[];
}

// Other test files run meanwhile, and a process that waits for a processor answers late whatever it does.
const onBusyMachines = { retry: 4, timeout: 60_000 };

test("a server answers pings while it evaluates batches of 100 MB", onBusyMachines, () => {
  const script = fileURLToPath(new URL("./support/server.mjs", import.meta.url));
  const answer = JSON.parse(
    execFileSync(process.execPath, [script], { encoding: "utf8" }),
  ) as Answer;
  expect(answer.values).toEqual([0.5]);
  // What the measurement is able to see.
  expect(answer.value.longest).toBeGreaterThan(0.8 * answer.value.whole);
  for (const way of ["slices", "shared", "transfer"] as const) {
    const { longest, count } = answer[way];
    expect({ way, longest, isShort: longest < 25 }).toEqual({ way, longest, isShort: true });
    expect(count).toBeGreaterThan(5);
  }
});
