import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("./support/exiting.mjs", import.meta.url));

interface Process {
  /** How many threads it ends in the middle of calls before it ends itself. */
  readonly workers: number;
  readonly code: number;
}

/** How a process ends: with a code, by a signal, or with something to say. */
const endOf = ({ workers, code }: Process) =>
  new Promise<string>((resolve) => {
    const args = [script, String(workers), String(code)];
    execFile(process.execPath, args, { timeout: 60_000 }, (error, _, stderr) => {
      resolve(`${error?.signal ?? error?.code ?? 0} ${stderr}`.trim());
    });
  });

test("100 processes exit and 100 workers are terminated in the middle of calls: 200 clean ends", async () => {
  const processes: readonly Process[] = [
    ...Array.from({ length: 4 }, () => ({ workers: 25, code: 42 })),
    ...Array.from({ length: 96 }, (_, i) => ({ workers: 0, code: 20 + (i % 50) })),
  ];
  const left = [...processes];
  let ended = 0;
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      expect({ ...next, end: await endOf(next) }).toEqual({ ...next, end: String(next.code) });
      ended++;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));
  expect(ended).toBe(100);
}, 120_000);
