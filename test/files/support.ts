import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll } from "vitest";
import { generator, integerBelow } from "../support/data.js";

/** A folder for the files of a test file, which is removed after its tests. */
export function temporaryFolder() {
  const folder = mkdtempSync(path.join(os.tmpdir(), "maxmargin-files-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    path: (name: string) => path.join(folder, name),
    /** Writes a file and returns its path. `.gz` is compressed. */
    write(name: string, content: string | Uint8Array): string {
      const file = path.join(folder, name);
      writeFileSync(file, name.endsWith(".gz") ? gzipSync(content) : content);
      return file;
    },
  };
}

type Values = Exclude<NodeJS.TypedArray, Uint8ClampedArray>;

const descriptions: Readonly<Record<string, string>> = {
  Int8Array: "|i1",
  Uint8Array: "|u1",
  Int16Array: "<i2",
  Uint16Array: "<u2",
  Int32Array: "<i4",
  Uint32Array: "<u4",
  BigInt64Array: "<i8",
  BigUint64Array: "<u8",
  Float32Array: "<f4",
  Float64Array: "<f8",
};

interface NpyOptions {
  readonly shape?: readonly number[];
  readonly descr?: string;
  readonly isFortran?: boolean;
  readonly version?: 1 | 2 | 3;
}

/** The bytes of a .npy file. */
export function npy(values: Values, options: NpyOptions = {}): Buffer {
  const { shape = [values.length], isFortran = false, version = 1 } = options;
  const descr = options.descr ?? descriptions[values.constructor.name];
  const shapeText = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const order = isFortran ? "True" : "False";
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shapeText}, }\n`;
  const start = Buffer.alloc(version === 1 ? 10 : 12);
  start.write("\x93NUMPY", "latin1");
  start[6] = version;
  if (version === 1) start.writeUInt16LE(text.length, 8);
  else start.writeUInt32LE(text.length, 8);
  const data = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return Buffer.concat([start, Buffer.from(text, "latin1"), data]);
}

export interface DataSet {
  readonly rows: number;
  readonly classes: number;
  readonly ids: Int32Array;
  readonly scores: Float32Array;
  readonly weights: Float32Array;
  readonly segments: readonly string[];
}

/** Which columns of a table with a data set to read, and what to compute of them. */
export const tableOptions = {
  labels: "label",
  predictions: "logit_*",
  sampleWeight: "weight",
  losses: ["crammer_singer", "hinge"],
  by: "segment",
};

/** Class ids, scores of each class, weights and groups of random rows. */
export function dataSet(rows: number, classes: number, salt = 1): DataSet {
  const random = generator(salt);
  const names = ["north", "south", "east, west", 'the "rest"'];
  return {
    rows,
    classes,
    ids: Int32Array.from({ length: rows }, () => integerBelow(Math.max(2, classes), random)),
    scores: Float32Array.from({ length: rows * classes }, () => 4 * random() - 2),
    weights: Float32Array.from({ length: rows }, () => 0.5 + random()),
    segments: Array.from({ length: rows }, () => names[integerBelow(4, random)] as string),
  };
}

const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** A data set as lines of text, with columns label, segment, weight, logit_0 and so on. */
export function csv(data: DataSet, separator = ",", lineBreak = "\n"): string {
  const logits = Array.from({ length: data.classes }, (_, j) => `logit_${j}`);
  const lines = [["label", "segment", "weight", ...logits].join(separator)];
  for (let row = 0; row < data.rows; row++) {
    const scores = data.scores.subarray(row * data.classes, (row + 1) * data.classes);
    const segment = quoted(data.segments[row] as string);
    lines.push([data.ids[row], segment, data.weights[row], ...scores].join(separator));
  }
  return lines.join(lineBreak) + lineBreak;
}

/** The message of the error that a promise rejects with. */
export async function messageOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
}

/** A stream of a text in pieces of some bytes. */
export async function* streamOf(content: string | Uint8Array, size = 7) {
  const bytes = Buffer.from(content as string);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
