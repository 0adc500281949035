import { readFile } from "node:fs/promises";
import { mergeShards, type SavedShard } from "../files/answer.js";
import { DataError, fileError } from "../files/data-error.js";
import { evaluateShard } from "../files/evaluate.js";
import type { Command } from "./command.js";
import { dataOptions, whileShown } from "./data-options.js";
import { checkReport, outputOptions, printed } from "./output.js";
import { UsageError } from "./usage-error.js";

export const shard: Command = {
  summary: "compute one of N parts of an evaluation",
  usage: "--index I --of N [FILE...] --labels COLUMN --predictions COLUMN --loss NAMES --json",
  options: {
    index: { type: "string", value: "I", help: "which part, from 0 to N - 1" },
    of: { type: "string", value: "N", help: "the number of parts" },
    ...dataOptions,
    summary: { type: "boolean", help: "include what merge --report and --histogram need" },
    json: { type: "boolean", help: "print JSON (which it always does)" },
  },
  examples: [
    "maxmargin shard --index 0 --of 2 scores.parquet --labels y --predictions p --loss hinge --json > part0.json",
    "maxmargin merge part*.json",
  ],
  async run(line, context) {
    const [index, of] = ["index", "of"].map((name) => {
      const value = line.number(name);
      if (value === undefined) throw new UsageError(`--${name}: expected a number`);
      return value;
    }) as [number, number];
    const summary = line.isSet("summary");
    const saved = await whileShown(line, context, ({ sources, options }) =>
      evaluateShard(sources, { ...options, summary }, { index, of }),
    );
    return `${JSON.stringify(saved)}\n`;
  },
};

async function readShard(file: string): Promise<SavedShard> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw fileError(file, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DataError(`${file}: expected the output of maxmargin shard, received no JSON`);
  }
  if ((value as Partial<SavedShard> | null)?.format === "maxmargin-shard-1") {
    return value as SavedShard;
  }
  throw new DataError(`${file}: expected the output of maxmargin shard, received other JSON`);
}

export const merge: Command = {
  summary: "merge the parts to the losses of all rows",
  usage: "PART...",
  options: { ...outputOptions, quiet: { type: "boolean", short: "q", help: "no notes" } },
  examples: ["maxmargin merge part*.json", "maxmargin merge --json part*.json"],
  async run(line, context) {
    await checkReport(line);
    if (line.files.length === 0) throw new UsageError("expected files of maxmargin shard");
    const shards = await Promise.all(line.files.map(readShard));
    let answer: ReturnType<typeof mergeShards>;
    try {
      answer = mergeShards(shards);
    } catch (error) {
      // The files are right; what they have is not.
      throw error instanceof Error ? new DataError(error.message, { cause: error }) : error;
    }
    return printed(answer, line, context);
  },
};
