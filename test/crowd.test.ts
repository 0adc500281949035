// A thousand calls off the event loop at once, and what others notice of them.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { implementations } from "./support/implementations.js";

/** Milliseconds. */
interface Crowd {
  /** To look at a file. */
  readonly stat: number;
  /** Until one call hears of its signal. */
  readonly abort: number;
  /** Until all calls hear of theirs. */
  readonly all: number;
  readonly outcomes: readonly unknown[];
}

// A third of these, and of one call less than half of a millisecond, on a machine that does nothing else. Other test files run
// meanwhile, and a process that waits for a processor answers late whatever it does.
const onBusyMachines = { retry: 4, timeout: 120_000 };

test.each(implementations)("a thousand calls at once: %s", onBusyMachines, (implementation) => {
  const script = fileURLToPath(new URL("./support/crowd.mjs", import.meta.url));
  const output = execFileSync(process.execPath, [script, implementation], { encoding: "utf8" });
  const answer = JSON.parse(output) as Readonly<Record<"slices" | "shared", Crowd>>;
  for (const way of ["slices", "shared"] as const) {
    const { stat, abort, all, outcomes } = answer[way];
    expect({ way, stat, isShort: stat < 75 }).toEqual({ way, stat, isShort: true });
    expect({ way, abort, isShort: abort < 25 }).toEqual({ way, abort, isShort: true });
    expect({ way, all, isShort: all < 250 }).toEqual({ way, all, isShort: true });
    expect(outcomes.filter((outcome) => outcome !== 0.5).sort()).toEqual(["all", "one"]);
  }
});
