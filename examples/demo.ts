// Evaluates files of real predictions, compares every number with what other programs computed from
// the same files, and then shows how long one large batch takes. Run it with `npm run demo`.
import { backend } from "maxmargin";
import { agree, breastCancer, compare, type DataSet, digits } from "./datasets.js";
import { progress } from "./progress.js";
import { contests, repeated, type Timing, timeLibrary, timeLoop, timePlain } from "./speed.js";
import { table } from "./table.js";

const problems: string[] = [];

const decimals = (n: number) => (Number.isInteger(n) ? String(n) : n.toFixed(9));

async function showLosses(set: DataSet): Promise<void> {
  const [rows, width] = set.yPred.shape;
  console.log(
    `\n${set.title}: ${rows} rows of ${width} ${width === 1 ? "prediction" : "predictions"}\n`,
  );
  const lines = [["", "maxmargin", "expected", "difference"]];
  for (const { measure, value, expected, agrees } of await compare(set)) {
    const difference = Math.abs(value - expected);
    lines.push([
      measure,
      decimals(value),
      decimals(expected),
      difference ? difference.toExponential(0) : "0",
    ]);
    if (!agrees) problems.push(`${set.title}, ${measure}: expected ${expected}, received ${value}`);
  }
  console.log(table(lines));
}

function showTimings(title: string, timings: readonly Timing[]): void {
  const lines = [[title, "ns a value", "GB/s", "x loop", "x map and reduce"]];
  const [loop, plain] = timings.slice(-2);
  for (const { way, nsPerValue, gbPerSecond } of timings) {
    lines.push([
      way,
      nsPerValue.toFixed(3),
      gbPerSecond?.toFixed(1) ?? "",
      (loop.nsPerValue / nsPerValue).toFixed(2),
      (plain.nsPerValue / nsPerValue).toFixed(1),
    ]);
  }
  console.log(`\n${table(lines)}`);
}

function showSpeed(): void {
  const large = repeated(digits, 30e6);
  const small = repeated(digits, 3e6);
  const values = (n: number) => `${n.toLocaleString("en-US")} values`;
  console.log(`
One large batch: the digits over and over, ${values(large.yPred.data.length)} in float32, 10 a row,
with one-hot int8 labels. The plain loop reads the same typed arrays. Arrays of rows would take over a
gigabyte for so many: map and reduce get ${values(small.yPred.data.length)}. Each figure is the median
of a second of calls.`);

  for (const contest of contests) {
    const ours = timeLibrary(contest, large);
    const loop = timeLoop(contest, large);
    const plain = timePlain(contest, small);
    progress("");
    showTimings(contest.title, [...ours, loop, plain]);

    const { answer } = ours[0];
    for (const other of ours) {
      if (!Object.is(other.answer, answer)) {
        problems.push(
          `${contest.title}, ${other.way}: expected ${answer}, received ${other.answer}`,
        );
      }
    }
    for (const expected of [loop.answer, plain.answer, digits.expected[contest.measure]]) {
      if (!agree(answer, expected)) {
        problems.push(`${contest.title}, ${ours[0].way}: expected ${expected}, received ${answer}`);
      }
    }
  }
}

const { name, kernel, kernels, threads, error } = backend();
console.log(
  kernel === null
    ? `maxmargin in ${name === "wasm" ? "WebAssembly" : "JavaScript"}${error === null ? "" : `, as there is no binary: ${error}`}`
    : `maxmargin with the ${kernel} kernel (of ${kernels.join(", ")}), threads: ${threads}`,
);
await showLosses(breastCancer);
await showLosses(digits);
showSpeed();

if (problems.length === 0) {
  console.log("\nAll answers agree within a millionth, and those of the library bit for bit.");
} else {
  console.error(`\nAnswers that differ:\n${problems.join("\n")}`);
  process.exitCode = 1;
}
