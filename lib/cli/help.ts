import type { CommandOption } from "./arguments.js";
import type { Command } from "./command.js";
import { exitCodes, meanings } from "./exit-codes.js";
import type { Paint } from "./style.js";

const codes = Object.keys(exitCodes) as (keyof typeof exitCodes)[];

const heading = (paint: Paint, text: string) => paint("bold", text);

const flagOf = (name: string, { short, value }: CommandOption) =>
  `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`;

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}

/** The help of the program. */
export function programHelp(commands: Readonly<Record<string, Command>>, paint: Paint): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => [name, summary] as const);
  return `${[
    `${heading(paint, "Usage:")} maxmargin COMMAND [OPTION...]`,
    "",
    heading(paint, "Commands:"),
    ...columns(rows),
    "",
    "maxmargin COMMAND --help shows the options of a command; maxmargin --version the version.",
    "",
    heading(paint, "Exit codes:"),
    ...columns(codes.map((code) => [`${exitCodes[code]}`, meanings[code]] as const)),
  ].join("\n")}\n`;
}

/** The help of a command. */
export function commandHelp(name: string, command: Command, paint: Paint): string {
  const { summary, usage, options, examples } = command;
  const flags = Object.entries(options).map(
    ([option, own]) => [flagOf(option, own), own.help] as const,
  );
  return `${[
    `maxmargin ${name}: ${summary}`,
    "",
    `${heading(paint, "Usage:")} maxmargin ${name} ${usage}`.trimEnd(),
    "",
    heading(paint, "Options:"),
    ...columns([...flags, ["-h, --help", "show this help"]]),
    "",
    heading(paint, "Examples:"),
    ...examples.map((example) => `  ${example}`),
  ].join("\n")}\n`;
}
