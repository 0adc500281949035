import { CrammerSinger, Hinge, tensor } from "maxmargin";
import { batches, DataError, evaluateFiles } from "maxmargin/files";
import { describe, expect, test } from "vitest";
import { dataSet, messageOf, npy, temporaryFolder } from "./support.js";

const folder = temporaryFolder();
const hinge = { losses: ["hinge"] };

/** Rows that take several batches, the last of which is short. */
const data = dataSet(700_000, 1);
const labels = folder.write("labels.npy", npy(Int8Array.from(data.ids)));
const predictions = folder.write("predictions.npy", npy(data.scores));
const whole = new Hinge().value(
  tensor(data.ids, [data.rows, 1]),
  tensor(data.scores, [data.rows, 1]),
);

test("labels and predictions in two files have the bits of one batch", async () => {
  const { losses, rows, classes, encodings } = await evaluateFiles({ labels, predictions }, hinge);
  expect(losses).toEqual({ hinge: whole });
  expect({ rows, classes, encodings }).toEqual({
    rows: data.rows,
    classes: 1,
    encodings: { hinge: "binary" },
  });
});

test("compressed files have the same bits", async () => {
  const files = {
    labels: folder.write("labels.npy.gz", npy(Int8Array.from(data.ids))),
    predictions: folder.write("predictions.npy.gz", npy(data.scores)),
  };
  expect((await evaluateFiles(files, hinge)).losses).toEqual({ hinge: whole });
});

test("batches are of bounded size, and have all rows", async () => {
  let rows = 0;
  let sum = 0;
  for await (const batch of batches({ labels, predictions }, {})) {
    expect(batch.rows).toBeLessThanOrEqual(1 << 19);
    expect(batch.labels.shape).toEqual([batch.rows]);
    expect(batch.predictions.shape).toEqual([batch.rows, 1]);
    rows += batch.rows;
    for (const label of batch.labels.data as Int8Array) sum += label;
  }
  expect(rows).toBe(data.rows);
  expect(sum).toBe(data.ids.reduce((total, id) => total + id, 0));
});

describe("dtypes", () => {
  const scores = [0.5, -2, 3, 0.25, -1, 2];
  const ids = [1, 0, 2];

  function swapped(values: NodeJS.TypedArray): Buffer {
    const bytes = Buffer.from(values.buffer.slice(0) as ArrayBuffer);
    const size = values.BYTES_PER_ELEMENT;
    return size === 2 ? bytes.swap16() : size === 4 ? bytes.swap32() : bytes.swap64();
  }

  test.each([
    ["int8", npy(Int8Array.from(ids))],
    ["uint8", npy(Uint8Array.from(ids))],
    ["int16", npy(Int16Array.from(ids))],
    ["uint16", npy(Uint16Array.from(ids))],
    ["int32", npy(Int32Array.from(ids))],
    ["uint32", npy(Uint32Array.from(ids))],
    ["int64", npy(BigInt64Array.from(ids.map(BigInt)))],
    ["uint64", npy(BigUint64Array.from(ids.map(BigInt)))],
    ["float32", npy(Float32Array.from(ids))],
    ["float64", npy(Float64Array.from(ids))],
    ["big-endian int16", npy(swapped(Int16Array.from(ids)), { descr: ">i2", shape: [3] })],
    ["big-endian int32", npy(swapped(Int32Array.from(ids)), { descr: ">i4", shape: [3] })],
    ["version 2", npy(Int8Array.from(ids), { version: 2 })],
    ["version 3", npy(Int8Array.from(ids), { version: 3 })],
    ["one column", npy(Int8Array.from(ids), { shape: [3, 1] })],
    ["float16", npy(Uint16Array.of(0x3c00, 0, 0x4000), { descr: "<f2" })],
  ])("%s labels", async (name, bytes) => {
    const three = [...scores, 1, 1, 1];
    const files = {
      labels: folder.write(`ids ${name}.npy`, bytes),
      predictions: folder.write("three.npy", npy(Float32Array.from(three), { shape: [3, 3] })),
    };
    const { losses, encodings } = await evaluateFiles(files, { losses: ["crammer_singer"] });
    const value = new CrammerSinger().value(ids, tensor(Float32Array.from(three), [3, 3]));
    expect(losses).toEqual({ crammer_singer: value });
    expect(encodings).toEqual({ crammer_singer: "sparse" });
  });

  const columns = Float32Array.of(0.5, 3, -1, -2, 0.25, 2);
  test.each([
    ["float32", npy(Float32Array.from(scores), { shape: [3, 2] })],
    ["float64", npy(Float64Array.from(scores), { shape: [3, 2] })],
    [
      "big-endian float64",
      npy(swapped(Float64Array.from(scores)), { descr: ">f8", shape: [3, 2] }),
    ],
    ["Fortran order", npy(columns, { shape: [3, 2], isFortran: true })],
    [
      "float16",
      npy(Uint16Array.of(0x3800, 0xc000, 0x4200, 0x3400, 0xbc00, 0x4000), {
        descr: "<f2",
        shape: [3, 2],
      }),
    ],
  ])("%s predictions", async (name, bytes) => {
    const files = {
      labels: folder.write("two.npy", npy(Uint8Array.of(1, 0, 1), { descr: "|b1" })),
      predictions: folder.write(`scores ${name}.npy`, bytes),
    };
    const { losses } = await evaluateFiles(files, { losses: ["crammer_singer"] });
    const value = new CrammerSinger().value([1, 0, 1], tensor(Float32Array.from(scores), [3, 2]));
    expect(losses).toEqual({ crammer_singer: value });
  });
});

describe("damaged files", () => {
  const good = npy(Int8Array.of(1, 0, 1));
  const edited = (from: string, to: string) =>
    Buffer.from(good.toString("latin1").replace(from, to.padEnd(from.length)), "latin1");
  test.each([
    [
      "empty",
      Buffer.alloc(0),
      "expected a file of numpy.save, received one that ends in its header",
    ],
    [
      "text",
      Buffer.from("label,score\n"),
      'expected a file of numpy.save, received one that begins with "label,"',
    ],
    [
      "header only",
      good.subarray(0, 40),
      "expected a file of numpy.save, received one that ends in its header",
    ],
    ["truncated", good.subarray(0, -1), "expected 3 bytes of data for shape (3,), received 2"],
    [
      "too long",
      Buffer.concat([good, Buffer.alloc(2)]),
      "expected 3 bytes of data for shape (3,), received 5",
    ],
    [
      "10 GB",
      npy(Int8Array.of(1), { shape: [10_000_000_000] }),
      "expected 10000000000 bytes of data for shape (10000000000,), received 1",
    ],
    [
      "wide",
      npy(Int8Array.of(1), { shape: [1, 10_000_000_000] }),
      "expected 1 to 16777216 values in a row, received shape (1, 10000000000)",
    ],
    [
      "deep",
      npy(Int8Array.of(1), { shape: [1, 1, 1] }),
      "expected one or two axes, received (1, 1, 1)",
    ],
    [
      "strings",
      npy(Int8Array.of(1), { descr: "<U1" }),
      "expected numbers (bool, int8 to int64, uint8 to uint64, float16 to float64), received '<U1'",
    ],
    [
      "objects",
      npy(Int8Array.of(1), { descr: "|O" }),
      "expected numbers (bool, int8 to int64, uint8 to uint64, float16 to float64), received '|O'",
    ],
    [
      "version 9",
      Buffer.concat([good.subarray(0, 6), Buffer.of(9), good.subarray(7)]),
      "expected version 1, 2 or 3, received version 9",
    ],
    [
      "no shape",
      edited("'shape': (3,)", "'shape': ?"),
      /^expected a header with a usable 'shape', received /,
    ],
  ])("%s", async (name, bytes, message) => {
    const file = folder.write(`damaged ${name}.npy`, bytes);
    const files = { labels: file, predictions: file };
    const promise = evaluateFiles(files, hinge);
    await expect(promise).rejects.toBeInstanceOf(DataError);
    const received = (await messageOf(promise)).replace(`${file}: `, "");
    if (typeof message === "string") expect(received).toBe(message);
    else expect(received).toMatch(message);
  });

  test("compressed data that end too early, or are none", async () => {
    const { gzipSync } = await import("node:zlib");
    const bytes = gzipSync(npy(Float32Array.from({ length: 1000 }, Math.random)));
    const { writeFileSync } = await import("node:fs");
    for (const [name, content, message] of [
      ["short", bytes.subarray(0, 800), "compressed data that ends too early"],
      ["no gzip", Buffer.from("label,score"), "damaged compressed data"],
    ] as const) {
      const file = folder.path(`${name}.npy.gz`);
      writeFileSync(file, content);
      const promise = evaluateFiles({ labels: file, predictions: file }, hinge);
      expect(await messageOf(promise)).toBe(`${file}: ${message}`);
    }
  });

  test("files of different lengths", async () => {
    const short = folder.write("short.npy", npy(Int8Array.of(1, 0)));
    const long = folder.write("long.npy", npy(Int8Array.of(1, 0, 1)));
    expect(await messageOf(evaluateFiles({ labels: short, predictions: long }, hinge))).toBe(
      `${long}: expected 2 rows, as ${short} has, received 3`,
    );
  });

  test("a file that does not exist", async () => {
    const file = folder.path("nothing.npy");
    expect(await messageOf(evaluateFiles({ labels: file, predictions: file }, hinge))).toBe(
      `${file}: no such file`,
    );
  });

  test("a class id that is not a class is named with its row", async () => {
    const ids = folder.write("wrong ids.npy", npy(Int8Array.of(0, 1, 2)));
    const scores = folder.write("six.npy", npy(new Float32Array(6), { shape: [3, 2] }));
    const files = { labels: ids, predictions: scores };
    expect(await messageOf(evaluateFiles(files, { losses: ["crammer_singer"] }))).toBe(
      `${ids}: labels, row 3: expected a class id from 0 to 1, received 2`,
    );
  });
});
