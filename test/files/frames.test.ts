// Frames of LZ4 and ZSTD, apart from the files that they are in.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CompressionError } from "../../lib/files/compression-error.js";
import { decompressLz4 } from "../../lib/files/lz4.js";
import { xxh32 } from "../../lib/files/xxh32.js";
import { loadZstd } from "../../lib/files/zstd.js";
import { generator, integerBelow, seed } from "../support/data.js";

/** A frame of the command lz4: two blocks of which the second repeats the first, and all checksums. */
const linked = readFileSync(new URL("feather/linked.lz4", import.meta.url));
const text = Buffer.from(Array.from({ length: 9000 }, (_, i) => `line ${i % 700} `).join(""));

function decompressed(frame: Uint8Array, length: number, decompress = decompressLz4): Buffer {
  const into = Buffer.alloc(length);
  decompress(frame, into);
  return into;
}

function messageOf(frame: Uint8Array, length: number, decompress = decompressLz4): string {
  try {
    decompressed(frame, length, decompress);
  } catch (error) {
    expect(error).toBeInstanceOf(CompressionError);
    return (error as Error).message;
  }
  return "no error";
}

interface FrameOptions {
  readonly flag?: number;
  readonly blockSize?: number;
  readonly isStored?: boolean;
  readonly end?: Uint8Array;
}

/** A frame of one block, without checksums of data. */
function frameOf(block: readonly number[], options: FrameOptions = {}): Buffer {
  const { flag = 0x60, blockSize = 0x40, isStored = false, end = Buffer.alloc(4) } = options;
  const start = Buffer.of(4, 0x22, 0x4d, 0x18, flag, blockSize, 0);
  start[6] = xxh32(start.subarray(4, 6)) >>> 8;
  const size = Buffer.alloc(4);
  size.writeUInt32LE((block.length | (isStored ? 0x80000000 : 0)) >>> 0);
  return Buffer.concat([start, size, Buffer.from(block), end]);
}

test.each([
  ["", 0x02cc5d05],
  ["a", 0x550d7456],
  ["abc", 0x32d153ff],
  ["Nobody inspects the spammish repetition", 0xe2293b2f],
])("the checksum of %j", (bytes, sum) => {
  expect(xxh32(Buffer.from(bytes))).toBe(sum);
});

describe("frames of LZ4 are decompressed", () => {
  test("with linked blocks and all checksums", () => {
    expect(decompressed(linked, text.length).equals(text)).toBe(true);
  });

  test.each([
    ["literals alone", [0x30, 97, 98, 99], "abc"],
    ["a match that repeats itself", [0x22, 97, 98, 2, 0, 0x10, 99], "abababab".concat("c")],
    ["a match of one byte", [0x1f, 97, 1, 0, 1, 0x10, 98], `${"a".repeat(21)}b`],
    ["a long match of one byte", [0x1f, 97, 1, 0, 255, 0, 0x10, 98], `${"a".repeat(275)}b`],
    [
      "a long match",
      [0xf9, 0, ...Buffer.from("abcdefghijklmno"), 15, 0, 0x10, 98],
      "abcdefghijklmno".concat("abcdefghijklm", "b"),
    ],
  ])("%s", (_, block, expected) => {
    expect(decompressed(frameOf(block), expected.length).toString()).toBe(expected);
  });

  test("a block that is stored", () => {
    expect(decompressed(frameOf([1, 2, 3], { isStored: true }), 3)).toEqual(Buffer.of(1, 2, 3));
  });
});

describe("damaged frames of LZ4 are refused", () => {
  const doesNotFit = "an LZ4 block that does not fit";
  test.each([
    ["literals after the end of the block", [0x40, 97, 98, 99], 4, doesNotFit],
    ["a length after the end of the block", [0xf0, 255], 300, doesNotFit],
    ["half an offset", [0x10, 97, 1], 9, doesNotFit],
    ["literals after the end of the data", [0x30, 97, 98, 99], 2, doesNotFit],
    ["a match after the end of the data", [0x11, 97, 1, 0, 0x10, 98], 5, doesNotFit],
    ["a match of nothing", [0x10, 97, 0, 0, 0x10, 98], 6, doesNotFit],
    ["a match before the beginning", [0x10, 97, 2, 0, 0x10, 98], 6, doesNotFit],
    ["a match at the end", [0x10, 97, 1, 0], 5, "an LZ4 block that ends with a match"],
    ["fewer bytes", [0x30, 97, 98, 99], 4, "LZ4 data of another length than stated"],
  ])("%s", (_, block, length, message) => {
    expect(messageOf(frameOf(block), length)).toBe(message);
  });

  const unknown = "an LZ4 frame of an unknown version";
  const abc = [0x30, 97, 98, 99];
  test.each([
    ["another version", frameOf(abc, { flag: 0xa0 }), unknown],
    ["an unknown flag", frameOf(abc, { flag: 0x62 }), unknown],
    ["a dictionary", frameOf(abc, { flag: 0x61 }), unknown],
    ["an unknown size of blocks", frameOf(abc, { blockSize: 0x30 }), unknown],
    ["another format", Buffer.alloc(20), "something else than an LZ4 frame"],
    ["no end", frameOf(abc, { end: Buffer.alloc(0) }), "an LZ4 frame that is truncated"],
    [
      "more than the end",
      frameOf(abc, { end: Buffer.alloc(5) }),
      "LZ4 data that continue after their end",
    ],
  ])("%s", (_, frame, message) => {
    expect(messageOf(frame, 3)).toBe(message);
  });

  test("blocks that are larger than the header says", () => {
    const block = Array<number>(2 ** 16 + 1).fill(7);
    const message = "LZ4 data of another length than stated";
    expect(messageOf(frameOf(block, { isStored: true }), block.length)).toBe(message);
    // A match of 15 + 255 * 257 + 15 + 4 bytes after one literal.
    const run = [0x1f, 97, 1, 0, ...Array<number>(257).fill(255), 15, 0x10, 98];
    expect(messageOf(frameOf(run), 2 ** 16 + 35)).toBe(doesNotFit);
  });

  test("matches that reach into another block, unless blocks are linked", () => {
    const first = frameOf([0x10, 97], {
      end: Buffer.of(6, 0, 0, 0, 0x10, 98, 2, 0, 0x10, 99, 0, 0, 0, 0),
    });
    expect(messageOf(first, 7)).toBe(doesNotFit);
    const isLinked = Buffer.from(first);
    isLinked[4] = 0x40;
    isLinked[6] = xxh32(isLinked.subarray(4, 6)) >>> 8;
    expect(decompressed(isLinked, 7).toString()).toBe("abababc");
  });

  test(`each byte of a frame with checksums (seed ${seed})`, () => {
    const random = generator(7);
    for (let at = 0; at < linked.length; at++) {
      const frame = Buffer.from(linked);
      frame[at] = (frame[at] as number) ^ (1 + integerBelow(255, random));
      expect(messageOf(frame, text.length), `byte ${at}`).not.toBe("no error");
    }
  });

  test("each beginning of a frame", () => {
    for (let end = 0; end < linked.length; end += 13) {
      expect(messageOf(linked.subarray(0, end), text.length)).not.toBe("no error");
    }
  });

  test("a size that is not that of the data", () => {
    const message = "LZ4 data of another length than stated";
    expect(messageOf(linked, text.length - 1)).toBe(message);
    expect(messageOf(linked, text.length + 1)).toBe(message);
  });
});

describe("frames of ZSTD", async () => {
  const decompress = await loadZstd();
  const checked = readFileSync(new URL("feather/checked.zst", import.meta.url));
  const damaged = "ZSTD data that are damaged, or of another length than stated";
  const flipped = Buffer.from(checked);
  flipped[checked.length - 1] = (flipped[checked.length - 1] as number) ^ 1;

  test("are decompressed", () => {
    expect(decompressed(checked, text.length, decompress).equals(text)).toBe(true);
  });

  test.each([
    ["a wrong checksum", flipped, text.length],
    ["a frame that is truncated", checked.subarray(0, -1), text.length],
    ["half a frame", checked.subarray(0, checked.length / 2), text.length],
    ["more bytes", checked, text.length - 1],
    ["fewer bytes", checked, text.length + 1],
    ["another format", linked, text.length],
  ])("are refused with %s", (_, frame, length) => {
    expect(messageOf(frame, length, decompress)).toBe(damaged);
  });
});
