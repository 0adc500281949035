import { thousands } from "../../report/words.js";
import type { facts } from "../info.js";
import type { Paint } from "../style.js";
import { aligned } from "../table.js";
import type { ContestantName } from "./contestants.js";
import type { Measured } from "./run.js";

const headings: Readonly<Record<ContestantName, string>> = {
  native: "native",
  wasm: "wasm",
  js: "js",
  loop: "loop",
  mapReduce: "map, reduce",
};

const names = Object.keys(headings) as ContestantName[];

/** Returns the contestants that were timed in any case, in the order of the columns. */
export const contestantsOf = (measured: readonly Measured[]) =>
  names.filter((name) => measured.some(({ nsPerValue }) => nsPerValue[name] !== undefined));

/** Returns how many times as fast as the loop something is. */
export function timesLoop({ nsPerValue }: Measured, name: ContestantName): number | undefined {
  const [loop, own] = [nsPerValue.loop, nsPerValue[name]];
  return loop === undefined || own === undefined ? undefined : loop / own;
}

/** Formats a number with about three digits. */
export function threeDigits(value: number): string {
  const decimals = value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0;
  return value.toFixed(decimals);
}

const cellOf = (value: number | undefined) => (value === undefined ? "-" : threeDigits(value));

/** Describes the machine and the program in two lines. */
export function machineLines(machine: ReturnType<typeof facts>): [string, string] {
  const { processor, processors, platform, maxmargin, node } = machine;
  const { name, kernel, threads } = machine.backend;
  const own = kernel === null ? `backend ${name}` : `kernel ${kernel}, threads: ${threads}`;
  return [
    `${processor}, processors: ${processors}, ${platform}`,
    `maxmargin ${maxmargin}, Node ${node}, ${own}`,
  ];
}

const notes = [
  "native, wasm, js: the backends of this library, which return the same bits",
  "loop: a fast plain loop over the same typed arrays; map, reduce: over arrays of rows",
];

/** Formats figures for people. */
export function benchTable(measured: readonly Measured[], paint: Paint): string {
  const columns = contestantsOf(measured);
  const [best] = columns as [ContestantName];
  const rows = measured.map((one) => [
    thousands(one.values),
    ...columns.map((name) => cellOf(one.nsPerValue[name])),
    cellOf(timesLoop(one, best)),
  ]);
  const header = ["values", ...columns.map((name) => headings[name]), `loop/${headings[best]}`];
  const [first, ...lines] = aligned([header, ...rows], () => false).map((row) => row.join("  "));
  const body = measured.flatMap(({ title }, i) => {
    const isFirst = title !== measured[i - 1]?.title;
    return [...(isFirst ? ["", paint("bold", title)] : []), lines[i]];
  });
  return [
    "Nanoseconds per value, medians",
    paint("dim", first),
    ...body,
    "",
    ...notes.map((note) => paint("dim", note)),
  ].join("\n");
}
