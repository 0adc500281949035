/** Losses of class ids with numpy (numpy_rival.py), beside the library's `valueAndGradient`. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Batch, makeBatch } from "./batch.js";
import { type Case, combinations, ofIds } from "./cases.js";
import { automatic, libraryCall, loopOne } from "./contestants.js";
import { median, race } from "./timing.js";

/** 1e5 rows of 10 logits. */
export const numpyCases: Case[] = combinations({
  ...ofIds,
  result: ["gradient"],
  width: [10],
  n: [1e6],
});

/** What a value costs: a call computes the loss and its gradient. */
export interface Compared {
  readonly case: string;
  readonly rows: number;
  readonly width: number;
  readonly numpy: string;
  readonly nsPerValue: Readonly<Record<"maxmargin" | "loop" | "numpy", number>>;
}

interface Answer {
  readonly gradient: Float32Array;
  readonly value: number;
  readonly nsPerCall: number;
  readonly numpy: string;
}

function askNumpy({ loss }: Case, { bytesOf: [ids, logits], width }: Batch): Answer {
  const folder = mkdtempSync(path.join(os.tmpdir(), "maxmargin-numpy-"));
  try {
    writeFileSync(path.join(folder, "ids.bin"), ids);
    writeFileSync(path.join(folder, "logits.bin"), logits);
    const script = fileURLToPath(new URL("numpy_rival.py", import.meta.url));
    const printed = execFileSync("python3", [script, loss, String(width), folder], {
      encoding: "utf8",
    });
    const { buffer } = new Uint8Array(readFileSync(path.join(folder, "gradient.bin")));
    return { ...JSON.parse(printed), gradient: new Float32Array(buffer) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** numpy adds up in float32. */
const areClose = (a: number, b: number) => Math.abs(a - b) <= 1e-4 * Math.abs(b);

const effort = { warmUpMs: 30, sampleMs: 1, budgetMs: 2000, minRounds: 9, maxRounds: 31 };

/** Compares the answers, and then the times. */
export function compare(one: Case): Compared {
  const batch = makeBatch(one);
  const answer = askNumpy(one, batch);
  const run = libraryCall(one, batch);
  const gradient = run() as Float32Array;
  const value = libraryCall({ ...one, result: "mean" }, batch)() as number;
  const wrong = gradient.findIndex((slope, i) => !areClose(answer.gradient[i], slope));
  if (!areClose(answer.value, value) || wrong >= 0) {
    const place = wrong >= 0 ? `, gradients differ at ${wrong}` : "";
    throw new Error(`${one.name}: numpy's value is ${answer.value}, ours ${value}${place}`);
  }
  const [own, loop] = race([automatic(run), loopOne(one, batch)], effort).map(median);
  const n = batch.rows * batch.width;
  return {
    case: one.name,
    rows: batch.rows,
    width: batch.width,
    numpy: answer.numpy,
    nsPerValue: { maxmargin: own / n, loop: loop / n, numpy: answer.nsPerCall / n },
  };
}
