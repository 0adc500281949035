import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** What became of a run of the program. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** The file to run, by default that of the build. */
  readonly main?: string;
  /** Receives a function that interrupts the process, and the process, when it has been started. */
  readonly onStart?: (kill: () => void, child: ChildProcessWithoutNullStreams) => void;
}

/** Runs the program in a process of its own. */
export function run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { input, env, main = `${root}dist/cjs/cli/main.js`, onStart } = options;
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...process.env, ...env },
    stdio: "pipe",
  });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
    });
  }
  if (input !== undefined) child.stdin.end(input);
  onStart?.(() => child.kill("SIGINT"), child);
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ code, ...texts }));
  });
}
