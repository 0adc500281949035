import { readFileSync } from "node:fs";
import { type Tensor, tensor } from "maxmargin";

/** How many bytes a value takes, and how to see a file's data as an array of them. */
const readers = {
  "<f4": { size: 4, read: (data: ArrayBuffer) => new Float32Array(data) },
  "<f8": { size: 8, read: (data: ArrayBuffer) => new Float64Array(data) },
  "|i1": { size: 1, read: (data: ArrayBuffer) => new Int8Array(data) },
  "|u1": { size: 1, read: (data: ArrayBuffer) => new Uint8Array(data) },
  "|b1": { size: 1, read: (data: ArrayBuffer) => new Uint8Array(data) },
  "<i4": { size: 4, read: (data: ArrayBuffer) => new Int32Array(data) },
  "<i8": { size: 8, read: (data: ArrayBuffer) => new BigInt64Array(data) },
};

const magic = "\x93NUMPY";

/**
 * Reads a file that `numpy.save` wrote.
 *
 * @throws Error if it is not one, is damaged, or holds something else than numbers in C order.
 */
export function readNpy(file: string | URL): Tensor {
  return parseNpy(readFileSync(file), String(file));
}

/** Reads the bytes of such a file; `name` stands in messages. */
export function parseNpy(bytes: Uint8Array, name = "npy"): Tensor {
  const { header, dataStart } = splitHeader(bytes, name);

  const descr = field(header, "descr", /'([^']*)'/, name);
  if (!Object.hasOwn(readers, descr)) {
    throw problem(name, `a dtype among ${Object.keys(readers).join(", ")}`, descr);
  }
  const { size, read } = readers[descr as keyof typeof readers];

  if (field(header, "fortran_order", /(True|False)/, name) === "True") {
    throw problem(name, "values in C order", "Fortran order");
  }

  const dimensions = field(header, "shape", /\(((?:\d+, ?)*\d*)\)/, name).match(/\d+/g) ?? [];
  const shape = dimensions.map(Number);
  const expected = shape.reduce((product, dimension) => product * dimension, size);
  const received = bytes.length - dataStart;
  if (received !== expected) {
    throw problem(name, `${expected} bytes of data for shape [${shape.join(", ")}]`, `${received}`);
  }

  // A copy of its own: there it is aligned as typed arrays have to be.
  const data = read(new Uint8Array(bytes.subarray(dataStart)).buffer);
  return descr === "|b1" ? tensor(data, shape, "bool") : tensor(data, shape);
}

/** The file begins with the magic string, two bytes of version, the header's length and the header. */
function splitHeader(bytes: Uint8Array, name: string): { header: string; dataStart: number } {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const start = file.toString("latin1", 0, magic.length);
  if (start !== magic) {
    throw problem(name, "a file of numpy.save", `one that begins with ${shown(start)}`);
  }

  const version = bytes[magic.length];
  const headerStart = magic.length + (version === 1 ? 4 : 6);
  if (bytes.length < headerStart) {
    throw problem(name, `at least ${headerStart} bytes`, `${bytes.length}`);
  }
  if (version < 1 || version > 3) throw problem(name, "version 1, 2 or 3", `version ${version}`);

  const lengthAt = magic.length + 2;
  const length = version === 1 ? file.readUInt16LE(lengthAt) : file.readUInt32LE(lengthAt);
  const dataStart = headerStart + length;
  if (bytes.length < dataStart) {
    throw problem(name, `a header of ${length} bytes`, `${bytes.length - headerStart}`);
  }
  const encoding = version === 3 ? "utf8" : "latin1";
  return { header: file.toString(encoding, headerStart, dataStart), dataStart };
}

/** The value of a key of the header, which is a dict as Python prints it, with its keys in any order. */
function field(header: string, key: string, value: RegExp, name: string): string {
  const match = new RegExp(`'${key}': *${value.source} *[,}]`).exec(header);
  if (match === null) throw problem(name, `a header with a usable '${key}'`, shown(header.trim()));
  return match[1];
}

const shown = (text: string) => JSON.stringify(text);

const problem = (name: string, expected: string, received: string) =>
  new Error(`${name}: expected ${expected}, received ${received}`);
