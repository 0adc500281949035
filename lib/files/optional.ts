// Packages that few users need, which they install themselves.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { MissingPackageError } from "./data-error.js";

/** Finds packages beside this one, in whatever way this module was loaded. */
const requireFromHere = createRequire(__filename);

/** The packages, and what needs them. */
export const optionalPackages = {
  "@duckdb/node-api": "Parquet files",
  "@uwdata/flechette": "Arrow files",
  zstddec: "Arrow files that ZSTD compresses, with Node.js before 22.15,",
  bullmq: "queues",
  ioredis: "queues on Redis",
  pg: "queues on PostgreSQL",
} as const;

type OptionalPackage = keyof typeof optionalPackages;

/**
 * Loads an optional package.
 *
 * @throws MissingPackageError if it is not installed.
 */
export function loadOptional(name: OptionalPackage): unknown {
  try {
    return requireFromHere(name);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isMissing = code === "MODULE_NOT_FOUND" && message.includes(`'${name}'`);
    const problem = isMissing ? "is not installed" : `cannot be loaded: ${message.split("\n")[0]}`;
    throw new MissingPackageError(
      `${optionalPackages[name]} need the package ${name}, which ${problem}; npm install ${name}`,
      { cause: error },
    );
  }
}

/** Returns the version of an optional package; undefined if it is not installed. */
export function versionOf(name: OptionalPackage): string | undefined {
  try {
    // Not every package exports its package.json.
    const entry = requireFromHere.resolve(name);
    const folder = path.join("node_modules", name, path.sep);
    const end = entry.lastIndexOf(folder) + folder.length;
    const text = readFileSync(path.join(entry.slice(0, end), "package.json"), "utf8");
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    return undefined;
  }
}
