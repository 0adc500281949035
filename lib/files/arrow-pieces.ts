// Cuts Arrow files and streams into pieces of one record batch, which are complete for themselves.
import { checkFooter, ImpossibleMetadata } from "./arrow-check.js";
import { checkLength, damaged, Memory, readAt } from "./arrow-memory.js";
import {
  type ArrowMessage,
  ArrowMessages,
  metadataStartOf,
  prefixLength,
  prefixMark,
} from "./arrow-message.js";
import { checkWords } from "./arrow-words.js";
import { CompressionError } from "./compression-error.js";
import { wrongData } from "./data-error.js";
import { fieldAt, longAt, vectorAt } from "./flatbuffer.js";
import type { FileInput } from "./input.js";

const magic = "ARROW1";
/** The magic bytes, padded. */
const magicLength = 8;
/** The length of the footer, and the magic bytes again. */
const tailLength = 4 + magic.length;

const blockLength = 24;
/** The fields of a footer, by their place in the table's index. */
const footerFields = { dictionaries: 8, records: 10 };

/** Where a message is in a file, and where the footer says so. */
interface Block {
  readonly entry: number;
  readonly offset: number;
}

function blocksOf(footer: Buffer, vector: number | undefined): Block[] {
  if (vector === undefined) return [];
  const start = vectorAt(footer, vector);
  return Array.from({ length: footer.readUInt32LE(start) }, (_, i) => {
    const entry = start + 4 + i * blockLength;
    return { entry, offset: longAt(footer, entry) };
  });
}

/** The values of all dictionaries, at most: the package makes JavaScript values of all of them. */
const mostValues = 2 ** 24;

/** Messages that all record batches need: the schema and dictionaries. */
class KeptMessages {
  bytes: Buffer[] = [];
  length = 0;
  readonly #file: FileInput;
  #messages: ArrowMessage[] = [];
  #values = 0;

  constructor(file: FileInput) {
    this.#file = file;
  }

  async add(message: ArrowMessage): Promise<void> {
    this.length += message.length;
    checkLength(this.#file, this.length);
    this.#values += message.longest;
    if (this.#values > mostValues) {
      const expected = `dictionaries of at most ${mostValues} values`;
      throw wrongData(this.#file.name, expected, `${this.#values}`);
    }
    const bytes = Buffer.allocUnsafeSlow(message.length);
    await message.writeTo(bytes);
    if (message.dictionary !== undefined) checkWords(bytes, metadataStartOf(bytes));
    this.bytes.push(bytes);
    this.#messages.push(message);
  }

  /** Forgets the dictionary that a message replaces, if it does. */
  forgetReplaced({ dictionary }: ArrowMessage): void {
    if (dictionary === undefined || dictionary.isDelta) return;
    const isKept = this.#messages.map((other) => other.dictionary?.id !== dictionary.id);
    this.bytes = this.bytes.filter((_, i) => isKept[i]);
    this.#messages = this.#messages.filter((_, i) => isKept[i]);
    this.length = this.#messages.reduce((sum, { length }) => sum + length, 0);
    this.#values = this.#messages.reduce((sum, { longest }) => sum + longest, 0);
  }
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
  const messages = new ArrowMessages(file);
  const before = new KeptMessages(file);
  for (const { entry, offset } of dictionaries) {
    footer.writeBigInt64LE(BigInt(magicLength + before.length), entry);
    await before.add(await messages.open(offset));
  }
  const start = magicLength + before.length;
  footer.writeBigInt64LE(BigInt(start), recordsVector + 4);
  const memory = new Memory();
  for (const { offset } of batches) {
    const message = await messages.open(offset);
    const footerStart = start + message.length;
    const piece = memory.bytesFor(file, footerStart + footerLength + tailLength);
    piece.write(magic, 0, "latin1");
    let at = magicLength;
    for (const bytes of before.bytes) at += bytes.copy(piece, at);
    await message.writeTo(piece.subarray(start, footerStart));
    footer.copy(piece, footerStart);
    tail.copy(piece, footerStart + footerLength);
    yield piece;
  }
}

/** Yields streams of one record batch each: the schema, the dictionaries so far, the batch. */
async function* piecesOfStream(file: FileInput): AsyncGenerator<Uint8Array[], void, undefined> {
  const messages = new ArrowMessages(file);
  const before = new KeptMessages(file);
  const memory = new Memory();
  let at = 0;
  while (at + prefixLength <= file.size) {
    const start = await readAt(file, at, prefixLength);
    if (start.readInt32LE(0) !== prefixMark) throw damaged(file, "a file of another format");
    if (start.readInt32LE(4) === 0) return;
    const message = await messages.open(at);
    if (message.isRecord) {
      const piece = memory.bytesFor(file, message.length);
      await message.writeTo(piece);
      yield [...before.bytes, piece];
    } else {
      before.forgetReplaced(message);
      await before.add(message);
    }
    at = message.end;
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
    if (error instanceof CompressionError) throw damaged(file, error.message);
    // The other one is of a place outside of what was read.
    const isDamage =
      error instanceof ImpossibleMetadata || (error instanceof RangeError && "code" in error);
    if (isDamage) throw damaged(file, "one that is damaged");
    throw error;
  }
}
