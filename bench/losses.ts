import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Case, cases, type Selection } from "./cases.js";
import { type Crossover, kinds } from "./crossover.js";
import { isolated } from "./isolate.js";
import type { Row } from "./measure.js";
import { type Compared, numpyCases } from "./numpy.js";
import { compileProbe } from "./probe.js";
import {
  caseTable,
  comparedLine,
  crossoverHeadings,
  crossoverLine,
  machine,
  progress,
  summary,
} from "./report.js";
import { compileRivals, rivalCases } from "./rivals.js";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    bars: { type: "boolean", default: false },
    wasm: { type: "boolean", default: false },
    rivals: { type: "boolean", default: false },
    numpy: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    json: { type: "string" },
    crossover: { type: "boolean", default: false },
  },
});

const named = ["bars", "wasm", "quick"] as const;
const selection: Selection = named.find((name) => options[name]) ?? "full";
const only = new RegExp(options.only);
function choose(): readonly Case[] {
  if (options.crossover) return kinds;
  if (options.numpy) return numpyCases;
  return options.rivals ? rivalCases : cases(selection);
}
compileProbe();
if (options.rivals) compileRivals();
const all = choose();
const selected = all.filter(({ name }) => only.test(name));
const rows: Row[] = [];
const crossovers: Crossover[] = [];
const compared: Compared[] = [];

console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.platform}, Node ${machine.node}\n`);
if (options.crossover) console.log(crossoverHeadings);
for (const [i, one] of selected.entries()) {
  progress(`${i + 1} of ${selected.length}: ${one.name}`);
  if (options.crossover) {
    const found = await isolated("crossover", one);
    progress("");
    console.log(crossoverLine(found));
    crossovers.push(found);
  } else if (options.numpy) {
    compared.push(await isolated("compare", one));
    progress("");
    console.log(comparedLine(compared[compared.length - 1]));
  } else {
    const { rows: own, mistakes } = await isolated("measure", {
      one,
      quick: options.quick,
      rivals: options.rivals,
    });
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
  const found = [...crossovers, ...compared, ...rows];
  writeFileSync(options.json, `${JSON.stringify({ machine, rows: found }, null, 1)}\n`);
}
