// Cuts Arrow files and streams into pieces of one record batch, which are complete for themselves.
import { checkFooter, checkMessage, ImpossibleMetadata } from "./arrow-check.js";
import { wrongData } from "./data-error.js";
import { fieldAt, longAt, vectorAt } from "./flatbuffer.js";
import type { FileInput } from "./input.js";

/** The bytes of a record batch, or of all dictionaries, at most: whatever a file claims. */
const longestPiece = 2 ** 30;

const magic = "ARROW1";
/** The magic bytes, padded. */
const magicLength = 8;
/** The length of the footer, and the magic bytes again. */
const tailLength = 4 + magic.length;

const blockLength = 24;
/** The fields of a footer, by their place in the table's index. */
const footerFields = { dictionaries: 8, records: 10 };

const aligned = (length: number) => Math.ceil(length / 8) * 8;

const damaged = (file: FileInput, received: string) =>
  wrongData(file.name, "an Arrow file or stream", received);

/** Memory that is used again, and grows. Typed arrays in it are aligned. */
class Memory {
  #bytes = Buffer.allocUnsafeSlow(1 << 16);

  bytesFor(file: FileInput, length: number): Buffer {
    if (!(length >= 0 && length <= longestPiece)) {
      throw wrongData(file.name, `record batches of at most ${longestPiece} bytes`, `${length}`);
    }
    if (length > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(length);
    return this.#bytes.subarray(0, length);
  }
}

async function readInto(file: FileInput, position: number, bytes: Buffer): Promise<void> {
  const isInside = position >= 0 && position + bytes.length <= file.size;
  if (isInside) {
    file.seek(position);
    if ((await file.read(bytes)) === bytes.length) return;
  }
  throw damaged(file, "one that is truncated");
}

async function readAt(file: FileInput, position: number, length: number): Promise<Buffer> {
  if (!(length >= 0 && length <= file.size)) throw damaged(file, "one that is damaged");
  const bytes = Buffer.allocUnsafeSlow(length);
  await readInto(file, position, bytes);
  return bytes;
}

/** Where a message is in a file, and where the footer says so. */
interface Block {
  readonly entry: number;
  readonly offset: number;
  readonly metadataLength: number;
  /** Of the metadata and the body. */
  readonly length: number;
}

function blocksOf(footer: Buffer, vector: number | undefined): Block[] {
  if (vector === undefined) return [];
  const start = vectorAt(footer, vector);
  return Array.from({ length: footer.readUInt32LE(start) }, (_, i) => {
    const entry = start + 4 + i * blockLength;
    const metadataLength = footer.readInt32LE(entry + 8);
    const length = metadataLength + longAt(footer, entry + 16);
    return { entry, offset: longAt(footer, entry), metadataLength, length };
  });
}

/** Checks the metadata of the message in a block. */
async function checkBlock(file: FileInput, { offset, metadataLength }: Block): Promise<void> {
  const bytes = await readAt(file, offset, metadataLength);
  // Old messages have no mark before the length of the metadata.
  checkMessage(bytes.subarray(bytes.readInt32LE(0) === -1 ? 8 : 4));
}

/**
 * Yields files of one record batch each: the messages of its dictionaries, its own, and a copy of the
 * footer, which has the schema, with one entry for a batch.
 */
async function* piecesOfFile(file: FileInput): AsyncGenerator<Uint8Array, void, undefined> {
  const tail = await readAt(file, file.size - tailLength, tailLength);
  if (tail.toString("latin1", 4) !== magic) throw damaged(file, "one that is truncated");
  const footerLength = tail.readInt32LE(0);
  const footer = await readAt(file, file.size - tailLength - footerLength, footerLength);
  checkFooter(footer);
  const records = fieldAt(footer, 0, footerFields.records);
  const dictionaries = blocksOf(footer, fieldAt(footer, 0, footerFields.dictionaries));
  const batches = blocksOf(footer, records);
  if (records === undefined || batches.length === 0) return;
  const recordsVector = vectorAt(footer, records);
  footer.writeUInt32LE(1, recordsVector);
  let start = magicLength;
  for (const block of dictionaries) await checkBlock(file, block);
  for (const { entry, length } of dictionaries) {
    footer.writeBigInt64LE(BigInt(start), entry);
    start += aligned(length);
  }
  const first = recordsVector + 4;
  footer.writeBigInt64LE(BigInt(start), first);
  const memory = new Memory();
  for (const batch of batches) {
    const footerStart = start + aligned(batch.length);
    const piece = memory.bytesFor(file, footerStart + footerLength + tailLength);
    piece.write(magic, 0, "latin1");
    let at = magicLength;
    for (const { offset, length } of dictionaries) {
      await readInto(file, offset, piece.subarray(at, at + length));
      at += aligned(length);
    }
    await checkBlock(file, batch);
    await readInto(file, batch.offset, piece.subarray(start, start + batch.length));
    footer.copy(piece, footerStart);
    tail.copy(piece, footerStart + footerLength);
    yield piece;
  }
}

/** Yields streams of one record batch each: the schema, the dictionaries so far, the batch. */
async function* piecesOfStream(file: FileInput): AsyncGenerator<Uint8Array[], void, undefined> {
  const before: Buffer[] = [];
  const memory = new Memory();
  let at = 0;
  while (at + 8 <= file.size) {
    const start = await readAt(file, at, 8);
    const length = start.readInt32LE(4);
    if (start.readInt32LE(0) !== -1) throw damaged(file, "a file of another format");
    if (length === 0) return;
    const { isRecord, bodyLength } = checkMessage(await readAt(file, at + 8, length));
    const total = 8 + length + bodyLength;
    if (isRecord) {
      const piece = memory.bytesFor(file, total);
      await readInto(file, at, piece);
      yield [...before, piece];
    } else before.push(await readAt(file, at, total));
    at += total;
  }
}

/** Yields complete pieces of one record batch, which are valid until the next one is requested. */
export async function* arrowPieces(
  file: FileInput,
): AsyncGenerator<Uint8Array | Uint8Array[], void, undefined> {
  if (file.size < magicLength) throw damaged(file, "one that is empty or truncated");
  const start = await readAt(file, 0, magicLength);
  const isFile = start.toString("latin1", 0, magic.length) === magic;
  try {
    yield* isFile ? piecesOfFile(file) : piecesOfStream(file);
  } catch (error) {
    // The other one is of a place outside of what was read.
    const isDamage =
      error instanceof ImpossibleMetadata || (error instanceof RangeError && "code" in error);
    if (isDamage) throw damaged(file, "one that is damaged");
    throw error;
  }
}
