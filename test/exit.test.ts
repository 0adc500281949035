import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("./support/exiting.mjs", import.meta.url));

/** How a process ends that ends `workers` threads in the middle of calls, and then itself with `code`. */
const endOf = (workers: number, code: number) =>
  new Promise<string>((resolve) => {
    const args = [script, String(workers), String(code)];
    execFile(process.execPath, args, { timeout: 60_000 }, (error, _, stderr) => {
      resolve(`${error?.signal ?? error?.code ?? 0} ${stderr}`.trim());
    });
  });

test("processes exit in the middle of calls, 100 times, with their own code", async () => {
  for (let round = 0; round < 100; round++) {
    const code = 20 + (round % 50);
    expect(await endOf(0, code)).toBe(String(code));
  }
}, 120_000);

test("workers are terminated in the middle of calls, 100 times, and the process goes on", async () => {
  for (let round = 0; round < 4; round++) expect(await endOf(25, 42)).toBe("42");
}, 120_000);
