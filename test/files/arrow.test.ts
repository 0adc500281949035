import {
  bool,
  type Column,
  columnFromArray,
  dictionary,
  fixedSizeList,
  float16,
  float32,
  float64,
  int32,
  int64,
  list,
  tableFromColumns,
  tableToIPC,
  utf8,
} from "@uwdata/flechette";
import { DataError, evaluateFiles } from "maxmargin/files";
import { describe, expect, test } from "vitest";
import { csv, dataSet, messageOf, tableOptions as options, temporaryFolder } from "./support.js";

const folder = temporaryFolder();
const data = dataSet(30_000, 3);
const rows = [...Array(data.rows).keys()];
const scoresOf = (row: number) => [...data.scores.subarray(3 * row, 3 * row + 3)];
const maxBatchRows = 4096;

function bytesOf(columns: Record<string, Column<unknown>>, format: "file" | "stream"): Uint8Array {
  const bytes = tableToIPC(tableFromColumns(columns as never), { format });
  if (bytes === null) throw new Error("no bytes");
  return bytes;
}

const common = {
  label: columnFromArray([...data.ids], int32(), { maxBatchRows }),
  segment: columnFromArray([...data.segments], dictionary(utf8()), { maxBatchRows }),
  weight: columnFromArray([...data.weights], float32(), { maxBatchRows }),
};
const named = Object.fromEntries(
  [0, 1, 2].map((j) => [
    `logit_${j}`,
    columnFromArray(
      rows.map((row) => scoresOf(row)[j] as number),
      float32(),
      { maxBatchRows },
    ),
  ]),
);
const lists = rows.map(scoresOf);
const table = folder.write("table.csv", csv(data));
const expected = { ...(await evaluateFiles(table, options)), seconds: 0 };

describe("all forms have the bits of the table", () => {
  test.each([
    ["columns.arrow", { ...common, ...named }, "file", "logit_*"],
    ["columns.feather", { ...common, ...named }, "file", "logit_*"],
    ["columns.arrows", { ...common, ...named }, "stream", "logit_*"],
    [
      "lists.arrow",
      { ...common, scores: columnFromArray(lists, list(float32()), { maxBatchRows }) },
      "file",
      "scores",
    ],
    [
      "fixed.ipc",
      { ...common, scores: columnFromArray(lists, fixedSizeList(float64(), 3), { maxBatchRows }) },
      "stream",
      "scores",
    ],
    [
      "long.arrow",
      { ...common, label: columnFromArray([...data.ids], int64(), { maxBatchRows }), ...named },
      "file",
      "logit_*",
    ],
  ] as const)("%s", async (name, columns, format, predictions) => {
    const file = folder.write(name, bytesOf(columns as never, format));
    const answer = await evaluateFiles(file, { ...options, predictions });
    expect({ ...answer, seconds: 0 }).toEqual(expected);
    const { losses } = await evaluateFiles(file, {
      labels: "label",
      predictions,
      sampleWeight: "weight",
      losses: options.losses,
    });
    expect(losses).toEqual(expected.losses);
  });
});

const own = { labels: "y", predictions: "p", losses: ["hinge"] };

test("booleans and halves are numbers, and nulls are errors with the row or left out", async () => {
  const columns = {
    y: columnFromArray([true, false, null, true], bool()),
    p: columnFromArray([0.5, 0.25, 1, 2], float16()),
  };
  const file = folder.write("nulls.arrow", bytesOf(columns, "file"));
  expect(await messageOf(evaluateFiles(file, own))).toBe(
    `${file}: column "y", row 3: expected a value (to leave out rows without one, set skipNulls), received null`,
  );
  const answer = await evaluateFiles(file, { ...own, skipNulls: true });
  expect(answer).toMatchObject({ rows: 3, losses: { hinge: Math.fround(1.75 / 3) } });
});

describe("files that cannot be read", () => {
  const columns = {
    y: columnFromArray([1, 0, 1], int32()),
    p: columnFromArray([0.5, 0.25, 1], float32()),
    t: columnFromArray(["a", "b", "c"], utf8()),
  };
  const good = Buffer.from(bytesOf(columns, "file"));
  const stream = Buffer.from(bytesOf(columns, "stream"));

  test.each([
    ["empty", good.subarray(0, 0)],
    ["text", Buffer.from("label,score\n1,0.5\n")],
    ["truncated", good.subarray(0, -3)],
    ["cut", good.subarray(0, 100)],
    ["truncated stream", stream.subarray(0, -40)],
    [
      "huge footer",
      Buffer.concat([good.subarray(0, -10), Buffer.of(0, 0, 0, 0x7f), good.subarray(-6)]),
    ],
    ["no footer", Buffer.concat([good.subarray(0, -10), Buffer.of(0, 0, 0, 0), good.subarray(-6)])],
  ])("%s", async (name, bytes) => {
    const file = folder.write(`${name}.arrow`, bytes);
    const promise = evaluateFiles(file, own);
    await expect(promise).rejects.toBeInstanceOf(DataError);
    expect(await messageOf(promise)).toMatch(
      new RegExp(`^${file}: expected an Arrow file or stream`),
    );
  });

  test("columns that do not exist, or are no numbers", async () => {
    const file = folder.write("columns.arrow", good);
    expect(await messageOf(evaluateFiles(file, { ...own, labels: "yy" }))).toBe(
      `${file}: no column "yy"; did you mean "y"? (it has "y", "p", "t")`,
    );
    expect(await messageOf(evaluateFiles(file, { ...own, predictions: "t" }))).toBe(
      `${file}: column "t", row 1: expected a number, received "a"`,
    );
  });
});
