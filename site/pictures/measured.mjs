// Tables that `npm run bench:pictures` has measured.
import { readFileSync } from "node:fs";
import { read } from "vega";

/** Reads the table of a picture, with numbers in some of its columns. */
export function measured(name, numbers) {
  const file = new URL(`../../docs/pictures/${name}.csv`, import.meta.url);
  const parse = Object.fromEntries(numbers.map((column) => [column, "number"]));
  return read(readFileSync(file, "utf8"), { type: "csv", parse });
}

/** Says in two lines where and when rows were measured. */
export const origin = ([{ machine, node, date }]) => [machine, `Node ${node.slice(1)}, ${date}`];
