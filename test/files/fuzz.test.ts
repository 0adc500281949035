// Random tables, which are read as they were written, and damaged files, which are errors of the data or
// are read: nothing else may happen.
import { readFileSync, writeFileSync } from "node:fs";
import { deflateRawSync, gzipSync } from "node:zlib";
import { columnFromArray, float32, int32, tableFromColumns, tableToIPC } from "@uwdata/flechette";
import { batches, DataError, evaluateFiles } from "maxmargin/files";
import { describe, expect, test } from "vitest";
import { generator, integerBelow, pick, type Random, seed } from "../support/data.js";
import { csv, dataSet, npy, streamOf, temporaryFolder } from "./support.js";

const folder = temporaryFolder();

/** A number as programs write it. */
function randomNumber(random: Random): string {
  const value = (random() - 0.5) * 10 ** integerBelow(12, random);
  return pick(
    [
      `${value}`,
      `${Math.fround(value)}`,
      value.toFixed(integerBelow(20, random)),
      value.toExponential(integerBelow(20, random)),
      value.toPrecision(1 + integerBelow(21, random)),
      `${Math.round(value)}`,
      `${integerBelow(2, random)}`,
    ],
    random,
  );
}

function randomText(random: Random): string {
  const letters = ["a", "b", ",", '"', "\n", "\r\n", " ", "é", "💡", ";", "\t", "0"];
  return Array.from({ length: integerBelow(6, random) }, () => pick(letters, random)).join("");
}

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

test(`random tables are read as they were written (seed ${seed})`, async () => {
  for (let round = 0; round < 150; round++) {
    const random = generator(100 + round);
    const rows = 1 + integerBelow(40, random);
    const lineBreak = pick(["\n", "\r\n"], random);
    const numbers = Array.from({ length: rows }, () => [
      randomNumber(random),
      randomNumber(random),
    ]);
    const lines = numbers.map(([y, p]) => {
      const isQuoted = random() < 0.2;
      return [quoted(randomText(random)), isQuoted ? quoted(y as string) : y, p].join(",");
    });
    const text = `t,y,p${lineBreak}${lines.join(lineBreak)}${pick(["", lineBreak], random)}`;
    const read: number[][] = [];
    const options = { format: "csv", labels: "y", predictions: "p" } as const;
    const size = pick([1, 2, 3, 7, 64, 1000], random);
    for await (const batch of batches(streamOf(text, size), options)) {
      const [y, p] = [batch.labels.data, batch.predictions.data] as Float64Array[];
      for (let i = 0; i < batch.rows; i++) read.push([y?.[i] as number, p?.[i] as number]);
    }
    expect(read, `round ${round}: ${JSON.stringify(text)}`).toEqual(
      numbers.map((row) => row.map(Number)),
    );
  }
});

/** A copy of a file with some damage. */
function damaged(bytes: Uint8Array, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const at = integerBelow(copy.length, random);
  const damage = integerBelow(5, random);
  if (damage === 0) return copy.subarray(0, at);
  if (damage === 1) return Buffer.concat([copy.subarray(0, at), copy.subarray(at / 2)]);
  if (damage === 2)
    return Buffer.from(copy.fill(integerBelow(256, random), at, Math.min(at + 8, copy.length)));
  if (damage === 3)
    copy.writeUInt32LE(
      pick([0, 0xffffffff, 0x7fffffff, 1 << 30], random),
      Math.min(at, copy.length - 4),
    );
  for (let i = 0; i < 3; i++) {
    copy[integerBelow(copy.length, random)] = integerBelow(256, random);
  }
  return copy;
}

const data = dataSet(60, 2);
const rows = [...Array(data.rows).keys()];
const arrow = {
  label: columnFromArray([...data.ids], int32()),
  logit_0: columnFromArray(
    rows.map((row) => data.scores[2 * row] as number),
    float32(),
  ),
  logit_1: columnFromArray(
    rows.map((row) => data.scores[2 * row + 1] as number),
    float32(),
  ),
};
const jsonLines = rows.map((row) =>
  JSON.stringify({
    label: data.ids[row],
    logit_0: data.scores[2 * row],
    logit_1: data.scores[2 * row + 1],
  }),
);

/** An archive of one file, which is an array of labels. */
function archive(): Buffer {
  const bytes = deflateRawSync(npy(data.ids));
  const name = "label.npy";
  const local = Buffer.alloc(30 + name.length);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46 + name.length);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(bytes.length, 20);
  entry.writeUInt32LE(npy(data.ids).length, 24);
  entry.writeUInt16LE(name.length, 28);
  entry.write(name, 46);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(entry.length, 12);
  end.writeUInt32LE(local.length + bytes.length, 16);
  return Buffer.concat([local, bytes, entry, end]);
}

const table = { labels: "label", predictions: "logit_*", losses: ["crammer_singer"] };
const stream = { labels: "label", predictions: "score", losses: ["hinge"], by: "segment" };
const compressed = (codec: string) => new URL(`feather/${codec}.arrows`, import.meta.url);
const column = { labels: "label", predictions: "label", losses: ["hinge"] };

describe(`damaged files are errors of the data, or are read (seed ${seed})`, () => {
  test.each([
    ["csv", csv(data), table],
    ["csv.gz", gzipSync(csv(data)), table],
    ["jsonl", jsonLines.join("\n"), table],
    ["npy", npy(data.ids), column],
    ["npz", archive(), column],
    ["arrow", tableToIPC(tableFromColumns(arrow), { format: "file" }), table],
    ["arrows", tableToIPC(tableFromColumns(arrow), { format: "stream" }), table],
    ["lz4.arrows", readFileSync(compressed("lz4")), stream],
    ["zstd.arrows", readFileSync(compressed("zstd")), stream],
  ] as const)("%s", async (extension, content, options) => {
    const bytes = Buffer.from(content as string);
    const outcomes = { read: 0, refused: 0 };
    for (let round = 0; round < 200; round++) {
      const file = folder.path(`fuzz.${extension}`);
      writeFileSync(file, round === 0 ? bytes : damaged(bytes, generator(1000 + round)));
      const isArray = extension === "npy";
      const source = isArray ? { labels: file, predictions: file } : file;
      try {
        await evaluateFiles(source, isArray ? { losses: options.losses } : options);
        outcomes.read++;
      } catch (error) {
        if (!(error instanceof DataError)) {
          throw new Error(`round ${round} of ${extension}`, { cause: error });
        }
        outcomes.refused++;
      }
    }
    expect(outcomes.read).toBeGreaterThan(0);
    expect(outcomes.refused).toBeGreaterThan(20);
  });
});
