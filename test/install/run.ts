import { spawnSync } from "node:child_process";
import { delimiter } from "node:path";

/** The environment that a person has: nothing of npm's or vitest's, nor any of the project's own tools. */
function environment(): NodeJS.ProcessEnv {
  const { PATH = "", ...all } = process.env;
  const own = /^(npm_|MAXMARGIN_|VITEST|NODE_ENV$|NODE_OPTIONS$)/i;
  const others = Object.entries(all).filter(([name]) => !own.test(name));
  const folders = PATH.split(delimiter).filter((folder) => !folder.includes("node_modules"));
  return { ...Object.fromEntries(others), PATH: folders.join(delimiter) };
}

export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, and throws with all that it printed if it fails. */
export function run(
  program: string,
  args: readonly string[],
  { cwd, env = {} }: { cwd: string; env?: NodeJS.ProcessEnv },
): Printed {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    env: { ...environment(), ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (status === 0) return { stdout, stderr };
  const command = [program, ...args].join(" ");
  throw new Error(`${command}: ${error?.message ?? `ended with ${status}`}\n${stdout}${stderr}`);
}
