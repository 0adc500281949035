// npm run fuzz -- [--minutes N] [--programs N] [--seed S]: random programs from a seed on, until the time or the
// programs are over or one is wrong. A seed alone runs its one program, which repeats a failure.
import { parseArgs } from "node:util";
import { check } from "./check.js";
import { randomProgram } from "./program.js";
import { subjects } from "./subjects.js";

const threads = [1, 2, 3, 7];

const { values } = parseArgs({
  options: {
    minutes: { type: "string" },
    programs: { type: "string" },
    seed: { type: "string" },
  },
});

function number(name: "minutes" | "programs" | "seed", fallback: number): number {
  const text = values[name];
  const value = text === undefined ? fallback : Number(text);
  if (text?.trim() === "" || !(value >= 0))
    throw new RangeError(`--${name}: expected a number from 0, received ${text}`);
  return value;
}

const isRepeat = values.seed !== undefined && values.minutes === undefined;
const start = number("seed", Math.floor(Math.random() * 2 ** 31));
const most = number("programs", isRepeat ? 1 : Infinity);
const end = Date.now() + number("minutes", values.programs === undefined ? 1 : Infinity) * 60_000;

console.log(`from seed ${start}`);
const counts = { programs: 0, runs: 0, refused: 0, values: 0, undecided: 0, aborted: 0 };
for (
  ;
  counts.programs < most && Date.now() < end && process.exitCode === undefined;
  counts.programs++
) {
  const program = randomProgram(start + counts.programs);
  for (const subject of subjects) {
    const seen = await check(subject, program, threads);
    counts.runs++;
    counts.refused += Number(seen.isRefused);
    counts.values += seen.values;
    counts.undecided += seen.undecided;
    counts.aborted += seen.aborted;
    for (const mistake of seen.mistakes) {
      console.log(`${mistake}\n  repeat it: npm run fuzz -- --seed ${program.seed}`);
      process.exitCode = 1;
    }
  }
}
console.log(JSON.stringify(counts));
