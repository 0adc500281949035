import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("./support/exiting.mjs", import.meta.url));

interface Process {
  /** Of the script: what is going on at the end. */
  readonly task: string;
  /** How many threads it ends before it ends itself. */
  readonly terminated: number;
  /** How many threads end with it. */
  readonly running: number;
  readonly code: number;
}

/** How a process ends: with a code, by a signal, or with something to say. */
const endOf = ({ task, terminated, running, code }: Process) =>
  new Promise<string>((resolve) => {
    const args = [script, task, ...[terminated, running, code].map(String)];
    execFile(process.execPath, args, { timeout: 300_000 }, (error, _, stderr) => {
      resolve(`${error?.signal ?? error?.code ?? 0} ${stderr}`.trim());
    });
  });

/** Runs processes, as many at once as keep the machine busy; returns how many threads and processes ended. */
async function endAll(processes: readonly Process[]): Promise<number> {
  const left = [...processes];
  let ended = 0;
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      expect({ ...next, end: await endOf(next) }).toEqual({ ...next, end: String(next.code) });
      ended += next.terminated + next.running + 1;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));
  return ended;
}

test("100 processes exit and 100 workers are terminated in the middle of calls: 200 clean ends", async () => {
  const own = { task: "calls", running: 0 };
  const ended = await endAll([
    ...Array.from({ length: 4 }, () => ({ ...own, terminated: 25, code: 42 })),
    ...Array.from({ length: 96 }, (_, i) => ({ ...own, terminated: 0, code: 20 + (i % 50) })),
  ]);
  expect(ended).toBe(200);
}, 300_000);

/** `ENDS=5000 npx vitest run test/exit.test.ts` ends more. */
const { ENDS = 400 } = process.env;
const wanted = Number(ENDS);

test.each([
  { task: "packageExports", terminated: 10, running: 4 },
  { task: "addonExports", terminated: 10, running: 4 },
  { task: "loading", terminated: 10, running: 4 },
  // Most of these end with their process, as in a server that is stopped.
  { task: "loadingOnce", terminated: 2, running: 7 },
])(
  `a quarter of ${wanted} ends in the middle of $task, all clean`,
  async (given) => {
    const each = given.terminated + given.running + 1;
    const count = Math.ceil(wanted / 4 / each);
    const ended = await endAll(
      Array.from({ length: count }, (_, i) => ({ ...given, code: 20 + (i % 50) })),
    );
    expect(ended).toBe(count * each);
  },
  300_000 + 1000 * wanted,
);
