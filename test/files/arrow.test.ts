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
import { checkMessage, type RecordInfo } from "../../lib/files/arrow-check.js";
import { fieldAt, vectorAt } from "../../lib/files/flatbuffer.js";
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

describe("columns that are shorter than they claim", () => {
  const columns = {
    s: columnFromArray([1, 0, 1], int32()),
    y: columnFromArray([1, 0, 1], int32()),
    p: columnFromArray([0.5, null, 1], float32()),
    b: columnFromArray([true, false, true], bool()),
    l: columnFromArray([[0.5], [1], [2]], list(float32())),
  };

  /** A stream with a change in the metadata of the message behind the schema. */
  function changed(
    own: Record<string, Column<unknown>>,
    change: (metadata: Buffer, record: RecordInfo) => void,
  ): Buffer {
    const bytes = Buffer.from(bytesOf(own, "stream"));
    const next = 8 + bytes.readInt32LE(4);
    const metadata = bytes.subarray(next + 8, next + 8 + bytes.readInt32LE(next + 4));
    change(metadata, checkMessage(metadata).record as RecordInfo);
    return bytes;
  }

  /** Changes the number of values of the first column. */
  const claim =
    (count: number) =>
    (metadata: Buffer, { at }: RecordInfo) => {
      const nodes = vectorAt(metadata, fieldAt(metadata, at, 6) as number);
      metadata.writeBigInt64LE(BigInt(count), nodes + 4);
    };

  // Each column has a region of validity, and then s, y, p and b one of values, l also one of offsets.
  test.each([
    ["numbers", 3, "y", "y", "a column refers to values that do not exist"],
    ["nulls", 4, "y", "p", "a column has fewer bits than rows"],
    ["bits", 7, "b", "y", "a column has fewer bits than rows"],
    ["offsets", 9, "y", "l", "a column refers to values that do not exist"],
    ["values of lists", 11, "y", "l", "expected a list of 1 numbers, received 0"],
  ])("%s", async (name, region, labels, predictions, message) => {
    const bytes = changed(columns, (metadata, { regions }) => {
      const bytesOfFirstList = name === "values of lists" ? 4n : 0n;
      metadata.writeBigInt64LE(bytesOfFirstList, (regions[region]?.at as number) + 8);
    });
    const file = folder.write(`${name}.arrows`, bytes);
    const promise = evaluateFiles(file, {
      labels,
      predictions,
      losses: ["hinge"],
      skipNulls: true,
    });
    await expect(promise).rejects.toBeInstanceOf(DataError);
    expect(await messageOf(promise)).toContain(message);
  });

  const damaged = "an Arrow file or stream, received one that is damaged";
  const dictionaries = { s: columnFromArray(["x".repeat(2 ** 22), "y"], dictionary(utf8())) };
  const words = Array.from({ length: 20 }, (_, i) => (i === 0 ? "x".repeat(2 ** 20) : `${i}`));

  /** A stream of which every other word is the whole text. */
  function overlapping(): Buffer {
    const bytes = Buffer.from(bytesOf({ s: columnFromArray(words, dictionary(utf8())) }, "stream"));
    const start = bytes.indexOf(Buffer.from(Int32Array.of(0, 2 ** 20, 2 ** 20 + 1).buffer));
    for (let i = 0; i <= 20; i++) bytes.writeInt32LE(i % 2 === 0 ? 0 : 2 ** 20, start + 4 * i);
    return bytes;
  }

  test.each([
    ["words that share their bytes", overlapping(), damaged],
    [
      "a region outside of the body",
      changed(columns, (metadata, { regions }) => {
        metadata.writeBigInt64LE(1024n, regions[1]?.at as number);
      }),
      damaged,
    ],
    [
      "other rows than other columns",
      changed(columns, claim(2)),
      `${damaged}: columns have different lengths`,
    ],
    ["more rows than bits", changed(columns, claim(2 ** 30)), damaged],
    [
      "too many words",
      changed(dictionaries, claim(2 ** 24 + 1)),
      "dictionaries of at most 16777216 values, received 16777217",
    ],
  ])("%s", async (name, bytes, message) => {
    const file = folder.write(`${name}.arrows`, bytes);
    const promise = evaluateFiles(file, { ...own, by: "s" });
    await expect(promise).rejects.toBeInstanceOf(DataError);
    expect(await messageOf(promise)).toBe(`${file}: expected ${message}`);
  });
});
