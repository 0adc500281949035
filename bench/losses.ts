import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { cases, type Selection } from "./cases.js";
import { type Crossover, kinds } from "./crossover.js";
import { isolated } from "./isolate.js";
import type { Row } from "./measure.js";
import {
  caseTable,
  crossoverHeadings,
  crossoverLine,
  machine,
  progress,
  summary,
} from "./report.js";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    bars: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    json: { type: "string" },
    crossover: { type: "boolean", default: false },
  },
});

const selection: Selection = options.bars ? "bars" : options.quick ? "quick" : "full";
const only = new RegExp(options.only);
const selected = (options.crossover ? kinds : cases(selection)).filter(({ name }) =>
  only.test(name),
);
const rows: Row[] = [];
const crossovers: Crossover[] = [];

console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.platform}, Node ${machine.node}\n`);
if (options.crossover) console.log(crossoverHeadings);
for (const [i, one] of selected.entries()) {
  progress(`${i + 1} of ${selected.length}: ${one.name}`);
  if (options.crossover) {
    const found = await isolated("crossover", one);
    progress("");
    console.log(crossoverLine(found));
    crossovers.push(found);
  } else {
    const { rows: own, mistakes } = await isolated("measure", { one, quick: options.quick });
    progress("");
    rows.push(...own);
    if (mistakes.length > 0) {
      console.error(`${one.name}: wrong\n  ${mistakes.join("\n  ")}\n`);
      process.exitCode = 1;
    } else {
      console.log(caseTable(own));
    }
  }
}
if (rows.length > 0) console.log(summary(rows));
if (options.json !== undefined) {
  const found = options.crossover ? crossovers : rows;
  writeFileSync(options.json, `${JSON.stringify({ machine, rows: found }, null, 1)}\n`);
}
