// Messages of Arrow files and streams: a prefix, metadata and a body, which is decompressed.
import { openCompressed } from "./arrow-body.js";
import { checkMessage, type DictionaryInfo, describeUncompressed } from "./arrow-check.js";
import { checkInside, damaged, Memory, readAt, readInto } from "./arrow-memory.js";
import { aligned } from "./flatbuffer.js";
import type { FileInput } from "./input.js";

/** What a prefix begins with. Old messages have the length of the metadata alone. */
export const prefixMark = -1;
export const prefixLength = 8;
const oldPrefixLength = 4;

/** Where the metadata begin in a message. The four bytes before have their length. */
export const metadataStartOf = (message: Buffer) =>
  message.readInt32LE(0) === prefixMark ? prefixLength : oldPrefixLength;

/** A message that can be written without compression. */
export interface ArrowMessage {
  readonly isRecord: boolean;
  readonly dictionary: DictionaryInfo | undefined;
  /** The number of values in its longest column. */
  readonly longest: number;
  /** Where it ends in the file. */
  readonly end: number;
  /** Its length without compression, which is a multiple of 8. */
  readonly length: number;
  /** Reads and decompresses it. */
  writeTo(target: Buffer): Promise<void>;
}

/** Opens messages of a file, of which one at a time can be written. */
export class ArrowMessages {
  readonly #file: FileInput;
  readonly #compressed = new Memory();
  /** The lengths of all messages so far. */
  #total = 0;

  constructor(file: FileInput) {
    this.#file = file;
  }

  /** Reads and checks the metadata of the message at a position. */
  async open(position: number): Promise<ArrowMessage> {
    const file = this.#file;
    const prefix = await readAt(file, position, prefixLength);
    const prefixEnd = metadataStartOf(prefix);
    const metadataStart = position + prefixEnd;
    const metadataLength = prefix.readInt32LE(prefixEnd - 4);
    const metadata = await readAt(file, metadataStart, metadataLength);
    const { bodyLength, record, ...kind } = checkMessage(metadata);
    const bodyStart = metadataStart + metadataLength;
    const end = bodyStart + bodyLength;
    const facts = { ...kind, longest: record?.longest ?? 0, end };
    checkInside(file, position, end - position);
    this.#total += end - position;
    // A footer can name a message more than once, and a small file would then take forever.
    if (this.#total > file.size) throw damaged(file, "one that is damaged");
    if (record?.compression === undefined) {
      const length = end - position;
      const writeTo = (target: Buffer) => readInto(file, position, target.subarray(0, length));
      return { ...facts, length: aligned(length), writeTo };
    }
    const compressed = this.#compressed.bytesFor(file, bodyLength);
    await readInto(file, bodyStart, compressed);
    const { compression } = record;
    const body = await openCompressed(metadata, { ...record, compression }, compressed);
    const ownMetadata = describeUncompressed(metadata, record, body.regions, body.length);
    const ownBodyStart = prefixLength + ownMetadata.length;
    return {
      ...facts,
      length: ownBodyStart + body.length,
      async writeTo(target) {
        target.writeInt32LE(prefixMark, 0);
        target.writeInt32LE(ownMetadata.length, 4);
        ownMetadata.copy(target, prefixLength);
        body.writeTo(target.subarray(ownBodyStart));
      },
    };
  }
}
