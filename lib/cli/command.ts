import type { CommandLine, CommandOptions } from "./arguments.js";

/** What a command can use of the process. */
export interface Context {
  /** The arguments of the program, of which the first is the command. */
  readonly args: readonly string[];
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Fires at Ctrl-C, and when a service manager ends the process. */
  readonly signal: AbortSignal;
}

/** A command of the program. */
export interface Command {
  /** What it does, in a line. */
  readonly summary: string;
  /** The arguments after its name. */
  readonly usage: string;
  readonly options: CommandOptions;
  readonly examples: readonly string[];
  /** Returns what to print. Nothing is printed if it fails. */
  run(line: CommandLine, context: Context): Promise<string>;
}

/** Formats a value as JSON for programs. */
export const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;
