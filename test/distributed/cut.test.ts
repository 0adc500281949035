// Where data sets are cut, and that this changes no bit. The tasks are performed here, without a queue.
import { createRequire } from "node:module";
import { DuckDBInstance } from "@duckdb/node-api";
import { Hinge, SquaredHinge, WestonWatkins } from "maxmargin";
import { type EvaluateOptions, evaluateFiles, mergeShards, type Source } from "maxmargin/files";
import { describe, expect, test, vi } from "vitest";
import { csv, dataSet, messageOf, npy, temporaryFolder } from "../files/support.js";

const require = createRequire(import.meta.url);
const own = "../../dist/cjs/distributed";
// Not from lib/, as the losses of the tests are those of the build.
const { planRun } = require(`${own}/plan.js`) as typeof import("../../lib/distributed/plan.js");
const { cut } = require(`${own}/shards.js`) as typeof import("../../lib/distributed/shards.js");
const { perform } = require(`${own}/tasks.js`) as typeof import("../../lib/distributed/tasks.js");

type Task = import("../../lib/distributed/tasks.js").Task;
type Shard = import("../../lib/distributed/shards.js").Shard;

// A database is opened for each shard of a Parquet file.
vi.setConfig({ testTimeout: 300_000 });

const folder = temporaryFolder();
const connection = "redis://localhost";

/** Performs a task as a worker does: it and its value are JSON on their way. */
async function performed<T>(task: Task): Promise<T> {
  const conditions = { version: task.version, allowed: undefined, isLast: true };
  const value = await perform(JSON.parse(JSON.stringify(task)), conditions);
  return JSON.parse(JSON.stringify(value)) as T;
}

/** Counts and cuts a data set. */
async function shardsOf(sources: Source[], options: EvaluateOptions, shardBytes: number) {
  const plan = await planRun(sources, { ...options, connection, shardBytes });
  const { version, request, isGrouped } = plan;
  const outcomes = await performed<{ value: { rows: number; canSeek: boolean } }[]>({
    kind: "count",
    version,
    request,
    sources: plan.sources,
  });
  const counted = plan.sources.map((source, i) => ({ ...source, ...outcomes[i]?.value }));
  const shards = cut(counted as never, shardBytes, isGrouped);
  return {
    shards,
    task: (shard: Shard) => ({ kind: "shard", version, request, ...shard }) as Task,
  };
}

async function inShards(sources: Source[], options: EvaluateOptions, shardBytes: number) {
  const { shards, task } = await shardsOf(sources, options, shardBytes);
  const saved = [];
  for (const shard of shards) saved.push(await performed<{ value: never }>(task(shard)));
  return { shards, answer: mergeShards(saved.map(({ value }) => value)) };
}

/** Every bit of the sums shows in float64, and the order of additions in sums of squares. */
const dtype = "float64";
const scored = [new Hinge({ dtype }), new SquaredHinge({ dtype })];
const flat = new SquaredHinge({ dtype, labels: "sparse" });
const losses = [flat, new WestonWatkins({ dtype, power: 2 })];

const wide = dataSet(23_456, 5);
/** Of several blocks, at which groups are cut. */
const long = dataSet(61_234, 5, 3);
const narrow = dataSet(123_457, 1, 2);

function arrays(name: string, { ids, scores, weights, rows, classes }: typeof wide) {
  return {
    labels: folder.write(`${name} ids.npy`, npy(ids)),
    predictions: folder.write(`${name} scores.npy`, npy(scores, { shape: [rows, classes] })),
    sampleWeight: folder.write(`${name} weights.npy`, npy(weights)),
  };
}

const { sampleWeight, ...plain } = arrays("wide", wide);
const lone = arrays("narrow", narrow);
const { sampleWeight: _, ...blocks } = arrays("long", long);
const text = csv(wide);
const [header = "", ...lines] = text.trimEnd().split("\n");
const parts = [0, 3, 900, 901, 12_000, wide.rows].map((end, i, ends) =>
  folder.write(
    `part-${i}.csv${i % 2 ? ".gz" : ""}`,
    [header, ...lines.slice(ends[i - 1], end)].join("\n"),
  ),
);
const table = folder.write("table.csv", text);
const parquet = folder.path("table.parquet");
const instance = await DuckDBInstance.create(":memory:");
const duck = await instance.connect();
await duck.run(
  `COPY (SELECT * FROM read_csv('${table}')) TO '${parquet}' (FORMAT parquet, ROW_GROUP_SIZE 4096)`,
);
duck.closeSync();
instance.closeSync();
const columns = { labels: "label", predictions: "logit_*" };

describe("shards have the bits of the single process", () => {
  test.each<[string, Source[], EvaluateOptions]>([
    ["arrays", [plain], { losses }],
    [
      "arrays with weights",
      [{ ...plain, sampleWeight: sampleWeight as string }],
      { losses: [flat] },
    ],
    ["arrays with groups", [{ ...blocks, by: blocks.labels }], { losses }],
    ["one score in a row", [lone], { losses: scored }],
    [
      "labels that decide late",
      [{ ...lone, by: undefined, sampleWeight: undefined }],
      { losses: ["hinge"] },
    ],
    ["text files", [folder.path("part-*")], { ...columns, losses }],
    [
      "text files with weights",
      [folder.path("part-*")],
      { ...columns, losses, sampleWeight: "weight" },
    ],
    ["text files with groups", [folder.path("part-*")], { ...columns, losses, by: "segment" }],
    ["Parquet", [parquet], { ...columns, losses: ["crammer_singer", ...losses] }],
    ["Parquet, some rows", [parquet], { ...columns, losses: [flat], where: "weight > 0.7" }],
    [
      "all of them",
      [table, plain, parquet, ...parts],
      { ...columns, losses, margin: 1, encoding: "sparse" },
    ],
  ])("%s", async (_, sources, options) => {
    const single = await evaluateFiles(sources, options);
    const sizes = sources.includes(parquet) ? [150_000, 1e9] : [5000, 40_000, 1e9];
    for (const bytes of sizes) {
      const { answer } = await inShards(sources, options, bytes);
      expect({ ...answer, seconds: 0 }).toEqual({ ...single, seconds: 0 });
    }
  });
});

describe("the cut", () => {
  test("depends on the size, cuts files that can be read from any row on, and joins small files", async () => {
    const options = { losses: ["crammer_singer"] };
    const bytes = (rows: number) => rows * (4 + 5 * 4);
    const { shards } = await shardsOf([plain], options, bytes(1000) + 1);
    expect(shards.length).toBe(Math.ceil(wide.rows / 1000));
    // The first of the files has no rows.
    const all = await shardsOf([folder.path("part-*")], { ...options, ...columns }, 1e9);
    expect(all.shards.map(({ sources }) => sources.length)).toEqual([parts.length - 1]);
    const each = await shardsOf([folder.path("part-*")], { ...options, ...columns }, 1);
    expect(each.shards.length).toBe(parts.length - 1);
  });

  test("covers every row once, whatever the sources are", async () => {
    const sources = [0, 5, 0, 70_000, 1, 1, 100_000, 0].map((rows, i) => ({
      source: `/${i}.npy`,
      bytes: rows * 4,
      rows,
      canSeek: i % 2 === 1,
    }));
    for (const bytes of [70, 1000, 50_000, 1e9]) {
      const shards = cut(sources, bytes, false);
      const ends = shards.map(({ part }) => part.end);
      expect(shards.map(({ part }) => part.first)).toEqual([0, ...ends.slice(0, -1)]);
      expect(ends.at(-1)).toBe(170_007);
      for (const { part } of shards) {
        const rows = part.counts.reduce((sum, count) => sum + count, 0);
        expect(part.start).toBeLessThanOrEqual(part.first);
        expect(part.start + rows).toBeGreaterThanOrEqual(Math.min(part.total, part.end + 8192));
      }
    }
  });
});

test("a size of shards that would take all memory is refused", () => {
  const source = { source: "/large.npy", bytes: 1e12, rows: 2e11, canSeek: true };
  expect(() => cut([source], 1, false)).toThrow(
    new RangeError(
      "shardBytes: expected at least 10000000, which is 100000 shards of these files, received 1",
    ),
  );
  expect(cut([source], 1e7, false).length).toBe(100_000);
  // Files that cannot be cut are one shard each.
  expect(cut([{ ...source, canSeek: false }], 1, false).length).toBe(1);
});

describe("files that change after they were counted", () => {
  const options = { ...columns, losses: ["crammer_singer"] };

  test("have another size", async () => {
    const file = folder.write("changed.csv", text);
    const { shards, task } = await shardsOf([file], options, 1e9);
    folder.write("changed.csv", `${text}1,x,1,1,1,1,1,1\n`);
    const { error } = await performed<{ error: string }>(task(shards[0] as Shard));
    expect(error).toBe(
      `${file}: expected ${text.length} bytes, as when the run was submitted, received ${text.length + 16}`,
    );
  });

  test("or another number of rows", async () => {
    const file = folder.write("rows.csv", `${text}1,x,1,1,1,1,1,1\n`);
    const { shards, task } = await shardsOf([file], options, 1e9);
    folder.write("rows.csv", `${text.slice(0, -1)}00000000000000000`);
    const shard = shards[0] as Shard;
    const { error } = await performed<{ error: string }>(task(shard));
    expect(error).toBe(
      `${file}: expected ${wide.rows + 1} rows, as were counted, received ${wide.rows}`,
    );
    const fewer = {
      ...shard,
      part: { ...shard.part, counts: [wide.rows - 5], total: wide.rows - 5 },
    };
    expect((await performed<{ error: string }>(task(fewer))).error).toBe(
      `${file}: expected ${wide.rows - 5} rows, as were counted, received ${wide.rows}`,
    );
  });
});

test("a run is refused before anything is sent", async () => {
  const options = { ...columns, losses: ["hinge"], connection };
  expect(await messageOf(planRun([folder.path("none.csv"), "nor.csv"], options))).toBe(
    `${folder.path("none.csv")}: no such file\n${process.cwd()}/nor.csv: no such file`,
  );
  const secret = "s3://key:secret@bucket/x.parquet";
  const message = await messageOf(planRun([secret], options));
  expect(message).toBe(
    "sources: expected s3://bucket/x.parquet without a user and password, received one with them",
  );
  expect(await messageOf(planRun([table], { ...options, run: "a b" }))).toBe(
    'run: expected up to 64 letters, digits, - and _, received "a b"',
  );
  expect(await messageOf(planRun([table], { ...options, runn: "a" } as never))).toBe(
    'options: unknown key "runn"; did you mean "run"?',
  );
});

test("the name of a run depends on files and options, and is random for URLs", async () => {
  const options = { ...columns, losses: ["hinge"], connection };
  const [a, b, c] = await Promise.all([
    planRun([table], options),
    planRun([table], { ...options, signal: new AbortController().signal }),
    planRun([table], { ...options, margin: 2 }),
  ]);
  expect(b?.run).toBe(a?.run);
  expect(c?.run).not.toBe(a?.run);
  const url = "s3://bucket/x.parquet";
  const remote = await Promise.all([planRun([url], options), planRun([url], options)]);
  expect(remote[0]?.run).not.toBe(remote[1]?.run);
  expect(remote[0]?.fingerprint).toBe(remote[1]?.fingerprint);
});
