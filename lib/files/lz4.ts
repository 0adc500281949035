// LZ4 frames, which are a header, blocks and checksums.
import { CompressionError } from "./compression-error.js";
import { decompressBlock } from "./lz4-block.js";
import { xxh32 } from "./xxh32.js";

const magic = 0x184d2204;
/** The flags of a frame, and those that have to be 1 and 0: version 1, and nothing unknown. */
const flags = { independent: 0x20, blockSums: 0x10, size: 0x08, sum: 0x04, dictionary: 0x01 };
const versionMask = 0xc2;
const version = 0x40;
const largestBlocks = new Map([
  [0x40, 2 ** 16],
  [0x50, 2 ** 18],
  [0x60, 2 ** 20],
  [0x70, 2 ** 22],
]);
/** The bit of a block's length that says that it is not compressed. */
const storedMark = 0x80000000;

/** Reads the parts of a frame, one after the other. */
class FrameReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(frame: Uint8Array) {
    this.#bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new CompressionError("an LZ4 frame that is truncated");
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  word(): number {
    return this.take(4).readUInt32LE();
  }

  /** Compares the checksum that follows with that of some bytes. */
  checkSum(bytes: Uint8Array): void {
    if (this.word() !== xxh32(bytes)) throw new CompressionError("LZ4 data with a wrong checksum");
  }
}

interface Header {
  readonly hasBlockSums: boolean;
  readonly hasSum: boolean;
  readonly areIndependent: boolean;
  readonly largestBlock: number;
}

function readHeader(reader: FrameReader, length: number): Header {
  if (reader.word() !== magic) throw new CompressionError("something else than an LZ4 frame");
  const [flag, blockSize] = reader.take(2) as unknown as [number, number];
  const largestBlock = largestBlocks.get(blockSize);
  if ((flag & versionMask) !== version || flag & flags.dictionary || largestBlock === undefined) {
    throw new CompressionError("an LZ4 frame of an unknown version");
  }
  const size = flag & flags.size ? reader.take(8) : Buffer.alloc(0);
  const sum = (xxh32(Buffer.from([flag, blockSize, ...size])) >>> 8) & 0xff;
  if (reader.take(1)[0] !== sum) throw new CompressionError("LZ4 data with a wrong checksum");
  if (size.length > 0 && size.readBigUInt64LE() !== BigInt(length)) throw wrongLength();
  return {
    hasBlockSums: (flag & flags.blockSums) !== 0,
    hasSum: (flag & flags.sum) !== 0,
    areIndependent: (flag & flags.independent) !== 0,
    largestBlock,
  };
}

const wrongLength = () => new CompressionError("LZ4 data of another length than stated");

/** Decompresses a frame, which has to fill an array. */
export function decompressLz4(frame: Uint8Array, into: Uint8Array): void {
  const reader = new FrameReader(frame);
  const { hasBlockSums, hasSum, areIndependent, largestBlock } = readHeader(reader, into.length);
  let at = 0;
  for (let size = reader.word(); size !== 0; size = reader.word()) {
    const isStored = size >= storedMark;
    const length = isStored ? size - storedMark : size;
    const end = Math.min(at + largestBlock, into.length);
    const block = reader.take(length);
    if (hasBlockSums) reader.checkSum(block);
    if (isStored) {
      if (at + length > end) throw wrongLength();
      into.set(block, at);
      at += length;
    } else {
      at = decompressBlock(block, { bytes: into, at, end, oldest: areIndependent ? at : 0 });
    }
  }
  if (at !== into.length) throw wrongLength();
  if (hasSum) reader.checkSum(into);
  if (!reader.isAtEnd) throw new CompressionError("LZ4 data that continue after their end");
}
