import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** Rows of features, and the class of each: the last column of a file. */
export interface Table {
  readonly features: readonly (readonly number[])[];
  readonly classes: readonly number[];
}

/** Reads a file of comma-separated numbers, skipping lines with others. */
export function readTable(url: URL): Table {
  const bytes = readFileSync(url);
  const text = (url.pathname.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
  const rows = text
    .split("\n")
    .map((line) => line.split(",").map(Number))
    .filter((row) => row.length > 1 && row.every(Number.isFinite));
  return {
    features: rows.map((row) => row.slice(0, -1)),
    classes: rows.map((row) => row.at(-1) as number),
  };
}
