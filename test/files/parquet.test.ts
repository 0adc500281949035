import { readFileSync, writeFileSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";
import { DataError, evaluateFiles, evaluateShard, mergeShards } from "maxmargin/files";
import { afterAll, describe, expect, test } from "vitest";
import { csv, dataSet, messageOf, tableOptions as options, temporaryFolder } from "./support.js";

const folder = temporaryFolder();
const instance = await DuckDBInstance.create(":memory:");
const duck = await instance.connect();
afterAll(() => {
  duck.closeSync();
  instance.closeSync();
});

/** Writes the rows of a query as a Parquet file, and returns its path. */
async function parquet(name: string, query: string, settings = ""): Promise<string> {
  const file = folder.path(name);
  await duck.run(`COPY (${query}) TO '${file}' (FORMAT parquet ${settings})`);
  return file;
}

const data = dataSet(50_000, 3);
const table = folder.write("table.csv", csv(data));
const logits = "CAST(logit_0 AS FLOAT), CAST(logit_1 AS FLOAT), CAST(logit_2 AS FLOAT)";
const columns = `CAST(label AS INTEGER) AS label, segment, CAST(weight AS FLOAT) AS weight`;
const source = `read_csv('${table}')`;
const expected = { ...(await evaluateFiles(table, options)), seconds: 0 };

describe("all forms have the bits of the table", () => {
  const named = "logit_0, logit_1, logit_2";
  test.each([
    [
      "float",
      `SELECT ${columns}, ${named.replaceAll(/logit_\d/g, "CAST($& AS FLOAT) AS $&")} FROM ${source}`,
      "logit_*",
    ],
    ["double", `SELECT label, segment, weight, ${named} FROM ${source}`, "logit_*"],
    [
      "big integers",
      `SELECT CAST(label AS UBIGINT) AS label, segment, weight, ${named} FROM ${source}`,
      "logit_*",
    ],
    ["lists", `SELECT ${columns}, [${logits}] AS scores FROM ${source}`, "scores"],
    ["fixed lists", `SELECT ${columns}, array_value(${logits}) AS scores FROM ${source}`, "scores"],
  ])("%s", async (name, query, predictions) => {
    const file = await parquet(`${name}.parquet`, query, ", ROW_GROUP_SIZE 4096, COMPRESSION zstd");
    const answer = await evaluateFiles(file, { ...options, predictions });
    expect({ ...answer, seconds: 0 }).toEqual(expected);
    const { losses } = await evaluateFiles(file, {
      ...options,
      predictions,
      by: undefined,
    } as never);
    expect(losses).toEqual(expected.losses);
  });

  test("several files, and shards of them", async () => {
    await parquet("part-1.parquet", `SELECT * FROM ${source} LIMIT 12345`);
    await parquet("part-2.parquet", `SELECT * FROM ${source} OFFSET 12345`);
    const files = folder.path("part-?.parquet");
    expect({ ...(await evaluateFiles(files, options)), seconds: 0 }).toEqual(expected);
    const shards = [];
    for (const index of [2, 0, 1]) {
      shards.push(await evaluateShard(files, options, { index, of: 3 }));
    }
    expect({ ...mergeShards(shards), seconds: 0 }).toEqual(expected);
  });
});

test("a condition chooses rows", async () => {
  const file = await parquet("where.parquet", `SELECT * FROM ${source}`);
  const { rows } = await evaluateFiles(file, {
    ...options,
    where: "segment = 'north' -- of these",
  });
  expect(rows).toBe(data.segments.filter((segment) => segment === "north").length);
  const promise = evaluateFiles(file, { ...options, where: "segmen = 1" });
  await expect(promise).rejects.not.toBeInstanceOf(DataError);
  expect(await messageOf(promise)).toMatch(/^where: Binder Error: .*segmen/);
  expect(await messageOf(evaluateFiles(table, { ...options, where: "label = 1" }))).toBe(
    "where: expected Parquet files, received csv",
  );
});

test("nulls are errors with the row, or their rows are left out", async () => {
  const rows = "(VALUES (1, 0.5), (0, NULL), (NULL, 1), (1, 2))";
  const file = await parquet("nulls.parquet", `SELECT * FROM ${rows} t(y, p)`);
  const own = { labels: "y", predictions: "p", losses: ["hinge"] };
  expect(await messageOf(evaluateFiles(file, own))).toBe(
    `${file}: column "p", row 2: expected a value (to leave out rows without one, set skipNulls), received null`,
  );
  expect(await evaluateFiles(file, { ...own, skipNulls: true })).toMatchObject({ rows: 2 });
  const lists = await parquet("null lists.parquet", `SELECT y, [p, 1] AS p FROM ${rows} t(y, p)`);
  const sparse = { ...own, losses: ["crammer_singer"] };
  expect(await messageOf(evaluateFiles(lists, sparse))).toBe(
    `${lists}: column "p", row 2: expected a number, received null`,
  );
  expect(await evaluateFiles(lists, { ...sparse, skipNulls: true })).toMatchObject({ rows: 2 });
});

test("booleans are labels of 0 and 1", async () => {
  const file = await parquet("bool.parquet", "SELECT y > 0 AS y, 0.5 AS p FROM range(3) t(y)");
  const { losses, encodings } = await evaluateFiles(file, {
    labels: "y",
    predictions: "p",
    losses: ["hinge"],
  });
  expect({ losses, encodings }).toEqual({
    losses: { hinge: Math.fround(2.5 / 3) },
    encodings: { hinge: "binary" },
  });
});

describe("files that cannot be read", () => {
  const own = { labels: "y", predictions: "p", losses: ["hinge"] };
  const query = "SELECT 1 AS y, 0.5 AS p, 'a' AS t";

  test.each([
    ["empty.parquet", (bytes: Buffer) => bytes.subarray(0, 0)],
    ["truncated.parquet", (bytes: Buffer) => bytes.subarray(0, -10)],
    ["text.parquet", () => Buffer.from("label,score\n".repeat(10))],
    ["damaged.parquet", (bytes: Buffer) => Buffer.from(bytes).fill(0xff, 20, bytes.length - 20)],
  ])("%s", async (name, change) => {
    const good = await parquet("good.parquet", query);
    const file = folder.path(name);
    writeFileSync(file, change(readFileSync(good)));
    const promise = evaluateFiles(file, own);
    await expect(promise).rejects.toBeInstanceOf(DataError);
    expect(await messageOf(promise)).toMatch(new RegExp(`^${file}: `));
  });

  test("columns that do not exist, or are no numbers", async () => {
    const file = await parquet("columns.parquet", query);
    expect(await messageOf(evaluateFiles(file, { ...own, labels: "yy" }))).toBe(
      `${file}: no column "yy"; did you mean "y"? (it has "y", "p", "t")`,
    );
    expect(await messageOf(evaluateFiles(file, { ...own, predictions: "t" }))).toBe(
      `${file}: column "t": expected numbers, or lists of them, received VARCHAR`,
    );
    expect(await messageOf(evaluateFiles(folder.path("none.parquet"), own))).toBe(
      `${folder.path("none.parquet")}: no such file`,
    );
  });

  test("no rows", async () => {
    const file = await parquet("no rows.parquet", `${query} LIMIT 0`);
    expect(await messageOf(evaluateFiles(file, own))).toBe(
      `${file}: expected at least one row, received none`,
    );
  });
});
