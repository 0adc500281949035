import { QueueError } from "../distributed/errors.js";
import { DataError, MissingPackageError } from "../files/data-error.js";
import { nearestOf } from "../nearest.js";
import { ownVersion } from "../version.js";
import { readCommandLine } from "./arguments.js";
import { bench } from "./bench.js";
import type { Command, Context } from "./command.js";
import { evaluate } from "./evaluate.js";
import { exitCodes } from "./exit-codes.js";
import { commandHelp, programHelp } from "./help.js";
import { info } from "./info.js";
import { merge, shard } from "./shard.js";
import { paintFor } from "./style.js";
import { UsageError } from "./usage-error.js";
import { worker } from "./worker.js";

export const commands: Readonly<Record<string, Command>> = {
  evaluate,
  worker,
  shard,
  merge,
  bench,
  info,
};

/** What the arguments of the library are called on the command line. */
const flags: Readonly<Record<string, string>> = {
  losses: "--loss",
  encoding: "--encoding",
  margin: "--margin",
  classWeight: "--class-weight",
  ignoreClass: "--ignore-class",
  where: "--where",
  format: "--format",
  count: "--threads",
  connection: "--queue",
  run: "--run",
  shardBytes: "--shard-bytes",
  concurrency: "--concurrency",
  allow: "--allow",
  "shard.index": "--index",
  "shard.of": "--of",
};

/** Rewrites a message of the library in the names of the command line. */
const inFlags = (message: string) =>
  message
    .replace("set skipNulls", "set --skip-nulls")
    .replace(
      /^([\w.]+)(?=: )/,
      (name) => (Object.hasOwn(flags, name) ? flags[name] : name) as string,
    );

function codeOf(error: unknown, signal: AbortSignal): number {
  if (signal.aborted) return exitCodes.stopped;
  if (error instanceof DataError) return exitCodes.data;
  if (error instanceof QueueError) return exitCodes.queue;
  const isUsage =
    error instanceof UsageError ||
    error instanceof MissingPackageError ||
    error instanceof TypeError ||
    error instanceof RangeError;
  return isUsage ? exitCodes.usage : exitCodes.data;
}

function messageOf(error: unknown, code: number): string {
  if (code === exitCodes.stopped) return "stopped";
  if (!(error instanceof Error)) return String(error);
  return error instanceof UsageError ? error.message : inFlags(error.message);
}

async function outputOf(context: Context): Promise<string> {
  const [name, ...rest] = context.args;
  const paint = paintFor(context.stdout);
  if (name === "--help" || name === "-h" || name === "help") return programHelp(commands, paint);
  if (name === "--version" || name === "-v") return `${ownVersion()}\n`;
  if (name === undefined) {
    throw new UsageError("expected a command: maxmargin --help lists them");
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    const nearest = nearestOf(name, Object.keys(commands));
    const advice =
      nearest === undefined ? "maxmargin --help lists them" : `did you mean ${nearest}?`;
    throw new UsageError(`unknown command ${JSON.stringify(name)}; ${advice}`);
  }
  const help = { type: "boolean", short: "h", help: "show this help" } as const;
  const line = readCommandLine(rest, { ...command.options, help });
  if (line.isSet("help")) return commandHelp(name, command, paint);
  return command.run(line, context);
}

/**
 * Runs the program. Everything is printed at the end, at once: nothing is if it fails.
 *
 * @returns the exit code.
 */
export async function runProgram(context: Context): Promise<number> {
  const { stdout, stderr, signal } = context;
  try {
    stdout.write(await outputOf(context));
    return exitCodes.success;
  } catch (error) {
    const code = codeOf(error, signal);
    const paint = paintFor(stderr);
    stderr.write(`${paint("red", "maxmargin:")} ${messageOf(error, code)}\n`);
    return code;
  }
}
