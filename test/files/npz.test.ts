import { deflateRawSync } from "node:zlib";
import { evaluateFiles } from "maxmargin/files";
import { describe, expect, test } from "vitest";
import { dataSet, messageOf, npy, temporaryFolder } from "./support.js";

const folder = temporaryFolder();

interface ZipOptions {
  readonly isDeflated?: boolean;
  /** Whether local headers have no sizes, as in what numpy writes. */
  readonly hasLongSizes?: boolean;
}

/** The bytes of an archive. */
function zip(files: Readonly<Record<string, Buffer>>, options: ZipOptions = {}): Buffer {
  const { isDeflated = false, hasLongSizes = false } = options;
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, bytes] of Object.entries(files)) {
    const data = isDeflated ? deflateRawSync(bytes) : bytes;
    const local = Buffer.alloc(30 + name.length + (hasLongSizes ? 20 : 0));
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(isDeflated ? 8 : 0, 8);
    local.writeUInt32LE(hasLongSizes ? 0xffffffff : data.length, 18);
    local.writeUInt32LE(hasLongSizes ? 0xffffffff : bytes.length, 22);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(hasLongSizes ? 20 : 0, 28);
    local.write(name, 30);
    const extra = Buffer.alloc(hasLongSizes ? 28 : 0);
    if (hasLongSizes) {
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(24, 2);
      extra.writeBigUInt64LE(BigInt(bytes.length), 4);
      extra.writeBigUInt64LE(BigInt(data.length), 12);
      extra.writeBigUInt64LE(BigInt(at), 20);
    }
    const entry = Buffer.alloc(46 + name.length);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(isDeflated ? 8 : 0, 10);
    entry.writeUInt32LE(hasLongSizes ? 0xffffffff : data.length, 20);
    entry.writeUInt32LE(hasLongSizes ? 0xffffffff : bytes.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt16LE(extra.length, 30);
    entry.writeUInt32LE(hasLongSizes ? 0xffffffff : at, 42);
    entry.write(name, 46);
    parts.push(local, data);
    directory.push(entry, extra);
    at += local.length + data.length;
  }
  const all = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(all.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, all, end]);
}

const data = dataSet(30_000, 3);
const arrays = {
  "y_true.npy": npy(data.ids),
  "y_pred.npy": npy(data.scores, { shape: [data.rows, 3] }),
  "w.npy": npy(data.weights),
};
const options = {
  labels: "y_true",
  predictions: "y_pred",
  sampleWeight: "w",
  by: "y_true",
  losses: ["crammer_singer", "hinge"],
};

test.each([
  ["stored", {}],
  ["deflated", { isDeflated: true }],
  ["with long sizes", { hasLongSizes: true }],
  ["deflated with long sizes", { isDeflated: true, hasLongSizes: true }],
])("arrays that are %s have the bits of .npy files", async (name, form) => {
  const file = folder.write(`${name}.npz`, zip(arrays, form));
  const paths = Object.entries(arrays).map(([own, bytes]) => folder.write(own, bytes));
  const [labels, predictions, sampleWeight] = paths as [string, string, string];
  const source = { labels, predictions, sampleWeight, by: labels };
  const expected = await evaluateFiles(source, { losses: options.losses });
  const answer = await evaluateFiles(file, options);
  expect({ ...answer, seconds: 0 }).toEqual({ ...expected, seconds: 0 });
});

describe("damaged archives", () => {
  const good = zip(arrays);
  const directory = good.indexOf(Buffer.from("PK\x01\x02"));
  const edited = (at: number, value: number) => {
    const bytes = Buffer.from(good);
    bytes.writeUInt32LE(value, at);
    return bytes;
  };
  const own = { ...options, by: undefined } as unknown as typeof options;
  test.each([
    ["empty", Buffer.alloc(0), "one without a directory, or no archive"],
    ["text", Buffer.from("label,score\n".repeat(100)), "one without a directory, or no archive"],
    ["truncated", good.subarray(0, -100), "one without a directory, or no archive"],
    ["with a directory elsewhere", edited(good.length - 6, 1e9), "one that is truncated"],
    ["with a huge directory", edited(good.length - 10, 3e9), "one with too long a directory"],
    ["with a damaged directory", edited(directory, 0), "one whose directory is damaged"],
    ["with a lost file", edited(0, 0), 'one in which "y_true.npy" is lost'],
    ["that claims 4 GB", edited(directory + 20, 4e9), "one that is truncated"],
  ])("%s", async (name, bytes, received) => {
    const file = folder.write(`damaged ${name}.npz`, bytes);
    expect(await messageOf(evaluateFiles(file, own))).toBe(
      `${file}: expected an archive of numpy.savez, received ${received}`,
    );
  });

  test("compressed data that are damaged name the array", async () => {
    const bytes = zip(arrays, { isDeflated: true });
    bytes.fill(0xff, 60, 200);
    const file = folder.write("damaged data.npz", bytes);
    expect(await messageOf(evaluateFiles(file, own))).toBe(
      `${file}: y_true: damaged compressed data`,
    );
  });

  test("arrays that do not exist", async () => {
    const file = folder.write("names.npz", good);
    expect(await messageOf(evaluateFiles(file, { ...own, labels: "y_tru" }))).toBe(
      `${file}: no column "y_tru"; did you mean "y_true"? (it has "y_true", "y_pred", "w")`,
    );
    expect(await messageOf(evaluateFiles(file, { ...own, predictions: "y_*" }))).toBe(
      `${file}: expected one array of predictions, of one or two axes, received 2`,
    );
  });
});
