/** The plain C++ loops of rivals.cpp, compiled for this very machine. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Batch } from "./batch.js";
import { type Case, combinations } from "./cases.js";
import type { Contestant } from "./contestant.js";
import { threadCounts } from "./contestants.js";

type Loss = (y: Float32Array, p: Float32Array, width: number, out: Float32Array) => number;

interface Rivals {
  hinge: Loss;
  binaryHinge: Loss;
  hingeRows: Loss;
  categoricalHinge: Loss;
  categoricalRows: Loss;
  setThreads(count: number): void;
}

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const binary = pathOf("../build/rivals.node");
const require = createRequire(import.meta.url);

/** Compiles them with `-march=native -ffast-math -fopenmp`: the most that a compiler may do. */
export function compileRivals(): void {
  mkdirSync(pathOf("../build"), { recursive: true });
  const { include_dir: include } = require("node-api-headers") as { include_dir: string };
  const flags = [
    "-std=c++17",
    "-O3",
    "-march=native",
    "-ffast-math",
    "-fopenmp",
    "-shared",
    "-fPIC",
  ];
  execFileSync("g++", [...flags, `-I${include}`, pathOf("rivals.cpp"), "-o", binary]);
  // The main thread keeps it: OpenMP's threads do not survive that their library is unloaded with a worker.
  require(binary);
}

const categorical = { loss: ["categoricalHinge"], labels: ["onehot"] } as const;

/** The shapes for which there are such loops. */
export const rivalCases: Case[] = [
  ...combinations({ n: [1e3, 1e5, 1e6, 6.4e7] }),
  ...combinations({ result: ["rows"], width: [1, 64], n: [1e3, 1e5, 1e6] }),
  ...combinations({ labels: ["binary"], n: [1e5, 1e6] }),
  ...combinations({ ...categorical, width: [10], n: [1e3, 1e5, 1e6, 6.4e7] }),
  ...combinations({ ...categorical, result: ["rows"], width: [10], n: [1e3, 1e5] }),
  ...combinations({ ...categorical, width: [1000], n: [1e6] }),
];

export function rivalsFor(one: Case, batch: Batch): Contestant[] {
  const rivals = require(binary) as Rivals;
  const { setThreads } = rivals;
  const mean = one.labels === "binary" ? rivals.binaryHinge : rivals.hinge;
  const isCategorical = one.loss === "categoricalHinge";
  const own = isCategorical ? rivals.categoricalHinge : mean;
  const ofRows = isCategorical ? rivals.categoricalRows : rivals.hingeRows;
  const { yTrue, yPred } = batch.plain as { yTrue: Float32Array; yPred: Float32Array };
  const { width } = batch;
  const out = new Float32Array(batch.rows);
  const rows = () => {
    ofRows(yTrue, yPred, width, out);
    return out;
  };
  const run = one.result === "rows" ? rows : () => own(yTrue, yPred, width, out);
  return threadCounts.map((threads) => ({
    implementation: "C++",
    kernel: null,
    threads,
    prepare: () => setThreads(threads),
    run,
  }));
}
