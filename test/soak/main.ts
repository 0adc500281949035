// npm run soak -- [--small N] [--background N]: millions of small calls and thousands off the event loop. Fails if
// memory grows meanwhile.
import { parseArgs } from "node:util";
import { randomFrom } from "../support/data.js";
import { backgroundCalls } from "./background.js";
import {
  bounds,
  difference,
  grownBeyond,
  least,
  type Memory,
  memoryInUse,
  shown,
} from "./memory.js";
import { smallCalls } from "./small.js";

const { values } = parseArgs({
  options: {
    small: { type: "string", default: "10000000" },
    background: { type: "string", default: "10000" },
  },
});

/** What is in use is measured after each. */
const parts = 10;
const random = randomFrom(1);

/** What is going on: a line each, or one that changes for a person who waits. */
function progress(text: string): void {
  process.stdout.write(process.stdout.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
}

/** Makes calls, after half as many to warm up, and compares the least that is in use in their first and second half. */
async function soak(title: string, count: number, run: (count: number) => unknown): Promise<void> {
  const start = performance.now();
  const seconds = () => `${((performance.now() - start) / 1000).toFixed(0)} s`;
  console.log(`${title}: ${count}`);
  await run(count / 2);
  const measured: Memory[] = [];
  for (let part = 0; part < parts; part++) {
    await run(count / parts);
    const memory = await memoryInUse();
    measured.push(memory);
    progress(`${part + 1} of ${parts}, ${seconds()}: ${shown(memory)} MB`);
  }
  const first = least(measured.slice(0, parts / 2));
  const growth = difference(least(measured.slice(parts / 2)), first);
  progress(`growth ${shown(growth)} MB`);
  if (process.stdout.isTTY) console.log();
  const grown = grownBeyond(growth);
  if (grown.length === 0) return;
  console.log(`expected at most ${shown(bounds)} MB: ${grown.join(", ")} grew by more`);
  process.exitCode = 1;
}

await soak("small calls", Number(values.small), smallCalls(random));
let stopped = 0;
const background = backgroundCalls(random);
await soak("calls off the event loop", Number(values.background), async (count) => {
  stopped += await background(count);
});
console.log(`${stopped} of these were stopped by their signal`);
