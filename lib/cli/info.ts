import os from "node:os";
import { backend } from "../backend/backend.js";
import { optionalPackages, versionOf } from "../files/optional.js";
import { ownVersion } from "../version.js";
import { type Command, json } from "./command.js";
import { paintFor } from "./style.js";

export function facts() {
  const names = Object.keys(optionalPackages) as (keyof typeof optionalPackages)[];
  return {
    maxmargin: ownVersion(),
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    system: `${os.type()} ${os.release()}`,
    processor: os.cpus()[0]?.model ?? "unknown",
    processors: os.availableParallelism(),
    backend: backend(),
    packages: Object.fromEntries(names.map((name) => [name, versionOf(name) ?? null])),
  };
}

/** Formats a value in a line, or a line for each of its own. */
function linesOf(name: string, value: unknown): readonly (readonly [string, string])[] {
  if (typeof value !== "object" || value === null) return [[name, String(value ?? "none")]];
  if (Array.isArray(value)) return [[name, value.join(", ")]];
  return Object.entries(value).flatMap(([key, own]) => linesOf(`${name} ${key}`, own));
}

export const info: Command = {
  summary: "versions, platform and backend, for a bug report",
  usage: "",
  options: { json: { type: "boolean", help: "print JSON" } },
  examples: ["maxmargin info"],
  async run(line, { stdout }) {
    const all = facts();
    if (line.isSet("json")) return json(all);
    const paint = paintFor(stdout);
    const { packages, ...others } = all;
    const lines = [
      ...Object.entries(others).flatMap(([name, value]) => linesOf(name, value)),
      ...Object.entries(packages).map(([name, version]) => [name, version ?? "not installed"]),
    ] as [string, string][];
    const width = Math.max(...lines.map(([name]) => name.length));
    return lines.map(([name, value]) => `${paint("dim", name.padEnd(width))}  ${value}\n`).join("");
  },
};
