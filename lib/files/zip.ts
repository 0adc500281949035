// The directory of a zip archive, which .npz files are.
import { wrongData } from "./data-error.js";
import type { FileInput } from "./input.js";

/** A file in an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly isDeflated: boolean;
  readonly compressed: number;
  readonly size: number;
  /** Where its own header begins. */
  readonly header: number;
}

const endMark = 0x06054b50;
const end64LocatorMark = 0x07064b50;
const end64Mark = 0x06064b50;
const entryMark = 0x02014b50;
const localMark = 0x04034b50;

const endLength = 22;
const locatorLength = 20;
const end64Length = 56;
const entryLength = 46;
const localLength = 30;

/** A comment of up to 65,535 bytes follows the end of the directory. */
const longestEnd = endLength + 0xffff + locatorLength;

/** The bytes of a directory at most: whatever a file claims, memory is bounded. */
const longestDirectory = 1 << 24;

/** Sizes that do not fit into 32 bits are elsewhere. */
const elsewhere = 0xffffffff;

const damaged = (name: string, problem: string) =>
  wrongData(name, "an archive of numpy.savez", problem);

async function bytesAt(file: FileInput, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  file.seek(position);
  const isInside = position >= 0 && position + length <= file.size;
  if (isInside && (await file.read(bytes)) === length) return bytes;
  throw damaged(file.name, "one that is truncated");
}

const readLong = (bytes: Buffer, at: number) => Number(bytes.readBigUInt64LE(at));

/** Where the directory is, and how long. */
interface Directory {
  readonly start: number;
  readonly length: number;
}

async function findDirectory(file: FileInput): Promise<Directory> {
  const length = Math.min(file.size, longestEnd);
  const tail = await bytesAt(file, file.size - length, length);
  let at = length - endLength;
  while (at >= 0 && tail.readUInt32LE(at) !== endMark) at--;
  if (at < 0) throw damaged(file.name, "one without a directory, or no archive");
  const own = { length: tail.readUInt32LE(at + 12), start: tail.readUInt32LE(at + 16) };
  const isLong = own.start === elsewhere || own.length === elsewhere;
  if (!isLong) return own;
  const locator = at - locatorLength;
  if (locator < 0 || tail.readUInt32LE(locator) !== end64LocatorMark) {
    throw damaged(file.name, "one whose directory is lost");
  }
  const end = await bytesAt(file, readLong(tail, locator + 8), end64Length);
  if (end.readUInt32LE(0) !== end64Mark) throw damaged(file.name, "one whose directory is lost");
  return { length: readLong(end, 40), start: readLong(end, 48) };
}

/** Reads the sizes that do not fit into 32 bits, which follow each other in a field of their own. */
function longValues(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    const end = Math.min(extra.length, at + 4 + extra.readUInt16LE(at + 2));
    const values: number[] = [];
    for (let i = at + 4; i + 8 <= end; i += 8) values.push(readLong(extra, i));
    return values;
  }
  return [];
}

/** Lists the files in an archive. */
export async function readZipDirectory(file: FileInput): Promise<ZipEntry[]> {
  const { start, length } = await findDirectory(file);
  if (length > longestDirectory) throw damaged(file.name, "one with too long a directory");
  const bytes = await bytesAt(file, start, length);
  const entries: ZipEntry[] = [];
  let at = 0;
  while (at + entryLength <= length && bytes.readUInt32LE(at) === entryMark) {
    const nameEnd = at + entryLength + bytes.readUInt16LE(at + 28);
    const extraEnd = nameEnd + bytes.readUInt16LE(at + 30);
    const name = bytes.toString("utf8", at + entryLength, nameEnd);
    const method = bytes.readUInt16LE(at + 10);
    const isEncrypted = (bytes.readUInt16LE(at + 8) & 1) === 1;
    if (isEncrypted || (method !== 0 && method !== 8)) {
      throw damaged(file.name, `one in which ${JSON.stringify(name)} is compressed in another way`);
    }
    const long = longValues(bytes.subarray(nameEnd, extraEnd));
    const size32 = bytes.readUInt32LE(at + 24);
    const size = size32 === elsewhere ? long.shift() : size32;
    const compressed32 = bytes.readUInt32LE(at + 20);
    const compressed = compressed32 === elsewhere ? long.shift() : compressed32;
    const header32 = bytes.readUInt32LE(at + 42);
    const header = header32 === elsewhere ? long.shift() : header32;
    if (size === undefined || compressed === undefined || header === undefined) {
      throw damaged(file.name, "one whose directory lacks sizes");
    }
    entries.push({ name, isDeflated: method === 8, compressed, size, header });
    at = extraEnd + bytes.readUInt16LE(at + 32);
  }
  if (at !== length) throw damaged(file.name, "one whose directory is damaged");
  return entries;
}

/** Returns where the data of a file in an archive begin. Its own header can have other lengths. */
export async function dataStartOf(file: FileInput, entry: ZipEntry): Promise<number> {
  const header = await bytesAt(file, entry.header, localLength);
  if (header.readUInt32LE(0) !== localMark) {
    throw damaged(file.name, `one in which ${JSON.stringify(entry.name)} is lost`);
  }
  const start = entry.header + localLength + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + entry.compressed > file.size) throw damaged(file.name, "one that is truncated");
  return start;
}
