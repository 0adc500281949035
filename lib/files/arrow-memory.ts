// Reads from Arrow files: positions and lengths are checked against the file's size and a limit.
import { type DataError, wrongData } from "./data-error.js";
import type { FileInput } from "./input.js";

/** The bytes of a record batch, or of all dictionaries, at most: whatever a file claims. */
const longestPiece = 2 ** 30;

export const damaged = (file: FileInput, received: string): DataError =>
  wrongData(file.name, "an Arrow file or stream", received);

/** Checks the length of a record batch, or of all dictionaries. */
export function checkLength(file: FileInput, length: number): void {
  if (length >= 0 && length <= longestPiece) return;
  throw wrongData(file.name, `record batches of at most ${longestPiece} bytes`, `${length}`);
}

/** Memory that is used again, and grows. Typed arrays in it are aligned. */
export class Memory {
  #bytes = Buffer.allocUnsafeSlow(1 << 16);

  bytesFor(file: FileInput, length: number): Buffer {
    checkLength(file, length);
    if (length > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(length);
    return this.#bytes.subarray(0, length);
  }
}

/** Checks that a part of a file is there. */
export function checkInside(file: FileInput, position: number, length: number): void {
  const isInside = position >= 0 && length >= 0 && position + length <= file.size;
  if (!isInside) throw damaged(file, "one that is truncated");
}

/** Fills an array with the bytes at some position. */
export async function readInto(file: FileInput, position: number, bytes: Buffer): Promise<void> {
  checkInside(file, position, bytes.length);
  file.seek(position);
  if ((await file.read(bytes)) !== bytes.length) throw damaged(file, "one that is truncated");
}

/** Returns the bytes at some position. */
export async function readAt(file: FileInput, position: number, length: number): Promise<Buffer> {
  checkInside(file, position, length);
  const bytes = Buffer.allocUnsafeSlow(length);
  await readInto(file, position, bytes);
  return bytes;
}
