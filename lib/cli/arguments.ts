import { type ParseArgsConfig, parseArgs } from "node:util";
import { nearestOf } from "../nearest.js";
import { UsageError } from "./usage-error.js";

/** An option of a command, with the text of its help. */
export interface CommandOption {
  readonly type: "string" | "boolean";
  /** Whether it can be given more than once. */
  readonly multiple?: true;
  readonly short?: string;
  /** What help shows in place of the value. */
  readonly value?: string;
  readonly help: string;
}

export type CommandOptions = Readonly<Record<string, CommandOption>>;

type Value = string | boolean | readonly string[] | undefined;

/** The options of a command line, and the files that it names. */
export class CommandLine {
  readonly files: readonly string[];
  readonly #values: ReadonlyMap<string, Value>;

  constructor(values: Readonly<Record<string, Value>>, files: readonly string[]) {
    this.#values = new Map(Object.entries(values));
    this.files = files;
  }

  isSet(name: string): boolean {
    return this.#values.has(name);
  }

  /** Returns the value of an option. */
  text(name: string): string | undefined {
    return this.#values.get(name) as string | undefined;
  }

  /** Returns the values of an option that can be given more than once. */
  texts(name: string): readonly string[] | undefined {
    return this.#values.get(name) as readonly string[] | undefined;
  }

  /** Returns the value of an option that has a number. */
  number(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : toNumber(name, text);
  }

  /** Returns the values of an option that has numbers with commas between them. */
  numbers(name: string): number[] | undefined {
    return this.text(name)
      ?.split(",")
      .map((each) => toNumber(name, each));
  }
}

function toNumber(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && !Number.isNaN(value)) return value;
  throw new UsageError(`--${name}: expected a number, received ${JSON.stringify(text)}`);
}

/** Joins options and negative numbers, which could be options too: `--ignore-class=-1`. */
function joined(args: readonly string[], options: CommandOptions): string[] {
  const all: string[] = [];
  for (const arg of args) {
    const before = all.at(-1);
    const isValue =
      before?.startsWith("--") &&
      options[before.slice(2)]?.type === "string" &&
      /^-[\d.]/.test(arg);
    if (isValue) all[all.length - 1] = `${before}=${arg}`;
    else all.push(arg);
  }
  return all;
}

/**
 * Reads a command line.
 *
 * @throws UsageError if an option is unknown, or lacks its value.
 */
export function readCommandLine(args: readonly string[], options: CommandOptions): CommandLine {
  const config = {
    args: joined(args, options),
    options: options as NonNullable<ParseArgsConfig["options"]>,
    allowPositionals: true,
  };
  try {
    const { values, positionals } = parseArgs(config);
    return new CommandLine(values as Record<string, Value>, positionals);
  } catch (error) {
    throw new UsageError(problemIn(error as Error, options));
  }
}

function problemIn({ message }: Error, options: CommandOptions): string {
  const unknown = /^Unknown option '(-+)([^']*)'/.exec(message);
  if (unknown === null) return message;
  const nearest = nearestOf(unknown[2] as string, Object.keys(options));
  const advice = nearest === undefined ? "" : `; did you mean --${nearest}?`;
  return `unknown option ${unknown[1]}${unknown[2]}${advice}`;
}
