// Arrow files whose record batches are compressed, as pyarrow writes them: feather/make.py.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  columnFromArray,
  int32,
  setCompressionCodec,
  tableFromColumns,
  tableToIPC,
} from "@uwdata/flechette";
import {
  batches,
  DataError,
  type EvaluateOptions,
  evaluateFiles,
  evaluateShard,
  mergeShards,
} from "maxmargin/files";
import { describe, expect, test } from "vitest";
import { fieldAt, vectorAt } from "../../lib/files/flatbuffer.js";
import {
  csv,
  type DataSet,
  messageOf,
  tableOptions as options,
  temporaryFolder,
} from "./support.js";

const folder = temporaryFolder();
const pathOf = (name: string) => fileURLToPath(new URL(`feather/${name}`, import.meta.url));

const rows = [...Array(600).keys()];
const logit = (row: number, j: number) => (((row * (7 * j + 397)) % 1009) - 500) / 256;
const data: DataSet = {
  rows: 600,
  classes: 3,
  ids: Int32Array.from(rows, (row) => (row * 7) % 3),
  scores: Float32Array.from({ length: 1800 }, (_, i) => logit(Math.floor(i / 3), i % 3)),
  weights: Float32Array.from(rows, (row) => 0.5 + (row % 5) / 4),
  segments: rows.map((row) => ["north", "south", "east"][row ** 2 % 3] as string),
};
const table = folder.write("table.csv", csv(data));
const expected = { ...(await evaluateFiles(table, options)), seconds: 0 };

describe.each(["lz4", "zstd"])("%s", (codec) => {
  const file = pathOf(`${codec}.feather`);

  test.each(["logit_*", "half_*", "scores", "fixed"])(
    "%s have the bits of the table",
    async (predictions) => {
      const answer = await evaluateFiles(file, { ...options, predictions });
      expect({ ...answer, seconds: 0 }).toEqual(expected);
    },
  );

  test("shards merge to the whole", async () => {
    const shards = [0, 1, 2].map((index) => evaluateShard(file, options, { index, of: 3 }));
    expect({ ...mergeShards(await Promise.all(shards)), seconds: 0 }).toEqual(expected);
  });

  test("bits and nulls", async () => {
    const own = { labels: "flag", predictions: "gaps", losses: ["hinge"] };
    expect(await messageOf(evaluateFiles(file, own))).toBe(
      `${file}: column "gaps", row 4: expected a value (to leave out rows without one, set skipNulls), received null`,
    );
    const kept = rows.filter((row) => row % 7 !== 3);
    const lines = kept.map((row) => `${row % 2 === 0 ? 1 : 0},${logit(row, 0)}`);
    const whole = folder.write("kept.csv", ["flag,gaps", ...lines].join("\n"));
    const { losses } = await evaluateFiles(file, { ...own, skipNulls: true });
    expect(losses).toEqual((await evaluateFiles(whole, own)).losses);
  });

  test("columns of several blocks", async () => {
    const read: number[] = [];
    const own = { labels: "label", predictions: "score" };
    for await (const batch of batches(pathOf(`${codec}-blocks.feather`), own)) {
      const { data: labels } = batch.labels;
      const { data: scores } = batch.predictions;
      for (let i = 0; i < batch.rows; i++) read.push(labels[i] as number, scores[i] as number);
    }
    const written = Array.from({ length: 40_000 }, (_, row) => [
      row % 2,
      ((row % 1000) - 500) / 256,
    ]);
    expect(read).toEqual(written.flat());
  });

  test("a stream whose dictionaries grow, and are replaced", async () => {
    const own = { labels: "label", predictions: "score", losses: ["hinge"], by: "segment" };
    const values = [
      ["a", "b"],
      ["a", "b", "c"],
      ["x", "b"],
    ];
    const lines = rows.map((row) => {
      const names = values[Math.floor(row / 200)] as string[];
      return `${row % 2},${logit(row, 0)},${names[row % names.length]}`;
    });
    const whole = folder.write("stream.csv", ["label,score,segment", ...lines].join("\n"));
    const answer = await evaluateFiles(pathOf(`${codec}.arrows`), own);
    expect({ ...answer, seconds: 0 }).toEqual({
      ...(await evaluateFiles(whole, own)),
      seconds: 0,
    });
  });
});

const magics = { lz4: Buffer.of(4, 0x22, 0x4d, 0x18), zstd: Buffer.of(0x28, 0xb5, 0x2f, 0xfd) };

/** A copy of a file, and the place of the length that its first frame of a column of numbers has. */
function copyOf(codec: keyof typeof magics): { bytes: Buffer; at: number } {
  const bytes = readFileSync(pathOf(`${codec}.feather`));
  const bytesOfColumn = 4n * 250n;
  for (let at = bytes.indexOf(magics[codec]); at > 0; at = bytes.indexOf(magics[codec], at + 1)) {
    if (bytes.readBigInt64LE(at - 8) === bytesOfColumn) return { bytes, at: at - 8 };
  }
  throw new Error("no frame");
}

async function expectRefused(
  bytes: Uint8Array,
  received: RegExp,
  own: EvaluateOptions = options,
): Promise<void> {
  const file = folder.write("refused.feather", bytes);
  const promise = evaluateFiles(file, own);
  await expect(promise).rejects.toBeInstanceOf(DataError);
  const message = await messageOf(promise);
  expect(message.startsWith(`${file}: expected `)).toBe(true);
  expect(message.slice(file.length)).toMatch(received);
}

describe.each(["lz4", "zstd"] as const)("%s that is damaged is refused", (codec) => {
  const otherLength =
    codec === "lz4"
      ? /received (LZ4 data of another length than stated|an LZ4 block that does not fit)$/
      : /received ZSTD data that are damaged, or of another length than stated$/;

  test.each([
    ["terabytes", 2n ** 42n, /received \d+ compressed bytes that claim to be 4398046511104$/],
    ["a negative length", -2n, /received \d+ compressed bytes that claim to be -2$/],
    ["a byte more", 1001n, otherLength],
    ["a byte less", 999n, otherLength],
    ["nothing", 0n, /received one that is damaged: a column refers to values that do not exist$/],
    ["no compression", -1n, /received one that is damaged: a column refers to values/],
  ])("a frame that claims %s", async (_, length, received) => {
    const { bytes, at } = copyOf(codec);
    bytes.writeBigInt64LE(length, at);
    await expectRefused(bytes, received);
    await expectRefused(bytes, received, { ...options, skipNulls: true });
  });

  test("a frame that is none", async () => {
    const { bytes, at } = copyOf(codec);
    bytes[at + 8] = 0;
    await expectRefused(
      bytes,
      /received (something else than an LZ4 frame|ZSTD data that are dam)/,
    );
  });

  test("a file that ends in a record batch", async () => {
    const stream = readFileSync(pathOf(`${codec}.arrows`));
    await expectRefused(stream.subarray(0, -100), /received one that is truncated$/, {
      labels: "label",
      predictions: "score",
      losses: ["hinge"],
    });
  });
});

test("a footer that names a record batch again and again", async () => {
  const bytes = readFileSync(pathOf("lz4.feather"));
  const length = bytes.readInt32LE(bytes.length - 10);
  const footer = bytes.subarray(bytes.length - 10 - length, -10);
  const first = vectorAt(footer, fieldAt(footer, 0, 10) as number) + 4;
  for (const i of [1, 2]) footer.copy(footer, first + 24 * i, first, first + 24);
  await expectRefused(bytes, /received one that is damaged$/);
});

describe("record batches of flechette", () => {
  const values = Array.from({ length: 30_000 }, (_, row) => row % 2);
  const columns = { y: columnFromArray(values, int32()), p: columnFromArray(values, int32()) };
  const own = { labels: "y", predictions: "p", losses: ["hinge"] };

  /** A file of a codec that turns columns into some bytes. */
  function bytesOf(codec: number, encoded: Uint8Array): Buffer {
    const unused = () => {
      throw new Error("not used");
    };
    setCompressionCodec(codec as 0, { encode: () => encoded, decode: unused });
    const bytes = tableToIPC(tableFromColumns(columns), { format: "file", codec: codec as 0 });
    if (bytes === null) throw new Error("no bytes");
    return Buffer.from(bytes);
  }

  test("whose columns would be longer with compression", async () => {
    const file = folder.write("longer.feather", bytesOf(0, Buffer.alloc(200_000)));
    const { losses } = await evaluateFiles(file, own);
    expect(losses).toEqual({ hinge: 0.5 });
  });

  test("of an unknown codec", async () => {
    await expectRefused(
      bytesOf(7, Buffer.alloc(8)),
      /received one with an unknown comp.*7\)$/,
      own,
    );
  });

  test("of more than a gibibyte, which zeros could become", async () => {
    const bytes = bytesOf(1, Buffer.alloc(40_000));
    const claim = Buffer.alloc(8);
    claim.writeBigInt64LE(120_000n);
    const at = bytes.indexOf(claim);
    bytes.writeBigInt64LE(2n ** 30n, at);
    const received = /expected record batches of at most 1073741824 bytes, received \d+$/;
    await expectRefused(bytes, received, own);
  });
});
