import type { Dtype } from "../tensor/dtypes.js";
import { wrongData } from "./data-error.js";
import type { Input } from "./input.js";

/** What the header of a .npy file says. */
export interface NpyHeader {
  readonly kind: NpyKind;
  readonly isBigEndian: boolean;
  readonly isFortran: boolean;
  readonly shape: readonly number[];
  /** Where the data begin. */
  readonly start: number;
}

/** A numpy dtype, and the dtype that reads it. */
export interface NpyKind {
  readonly dtype: Dtype;
  readonly bytes: number;
  /** Whether values are converted to doubles, because no dtype has them. */
  readonly isUint64: boolean;
}

const kind = (dtype: Dtype, bytes: number, isUint64 = false): NpyKind => ({
  dtype,
  bytes,
  isUint64,
});

const kinds: Readonly<Record<string, NpyKind>> = {
  b1: kind("bool", 1),
  i1: kind("int8", 1),
  u1: kind("uint8", 1),
  i2: kind("int16", 2),
  u2: kind("uint16", 2),
  i4: kind("int32", 4),
  u4: kind("uint32", 4),
  i8: kind("int64", 8),
  u8: kind("float64", 8, true),
  f2: kind("float16", 2),
  f4: kind("float32", 4),
  f8: kind("float64", 8),
};

const magic = "\x93NUMPY";

/** numpy itself writes headers of some hundred bytes, and refuses to read more than 10,000. */
const longestHeader = 1 << 16;

async function bytesOf(input: Input, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const received = await input.read(bytes);
  if (received < length) {
    throw wrongData(input.name, "a file of numpy.save", "one that ends in its header");
  }
  return bytes;
}

/** Reads the header of a file that `numpy.save` wrote. */
export async function readNpyHeader(input: Input): Promise<NpyHeader> {
  const { name } = input;
  const start = await bytesOf(input, magic.length + 2);
  if (start.toString("latin1", 0, magic.length) !== magic) {
    const text = JSON.stringify(start.toString("latin1", 0, magic.length));
    throw wrongData(name, "a file of numpy.save", `one that begins with ${text}`);
  }
  const version = start[magic.length] as number;
  if (version < 1 || version > 3) throw wrongData(name, "version 1, 2 or 3", `version ${version}`);
  const sizeBytes = version === 1 ? 2 : 4;
  const length = (await bytesOf(input, sizeBytes)).readUIntLE(0, sizeBytes);
  if (length > longestHeader) {
    throw wrongData(name, `a header of at most ${longestHeader} bytes`, `${length}`);
  }
  const header = (await bytesOf(input, length)).toString(version === 3 ? "utf8" : "latin1");
  const field = (key: string, value: RegExp): string => {
    const match = new RegExp(`'${key}': *${value.source} *[,}]`).exec(header);
    if (match !== null) return match[1] as string;
    throw wrongData(name, `a header with a usable '${key}'`, JSON.stringify(header.trim()));
  };
  const descr = field("descr", /('[^']*'|\[.*?\])/);
  const [, order, type] = /^'([<>|=])(\w+)'$/.exec(descr) ?? [];
  const known = type === undefined ? undefined : kinds[type];
  if (known === undefined) {
    throw wrongData(
      name,
      "numbers (bool, int8 to int64, uint8 to uint64, float16 to float64)",
      descr,
    );
  }
  return {
    kind: known,
    isBigEndian: order === ">",
    isFortran: field("fortran_order", /(True|False)/) === "True",
    shape: (field("shape", /\(((?:\d+L?, ?)*(?:\d+L?)?)\)/).match(/\d+/g) ?? []).map(Number),
    start: magic.length + 2 + sizeBytes + length,
  };
}
