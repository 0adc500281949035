// LZ4 blocks: sequences of literals, and of matches that repeat what is before them.
import { CompressionError } from "./compression-error.js";

/** Shorter copies are faster byte by byte. */
const shortCopy = 24;
const shortestMatch = 4;

/** A length of 15 in a token continues in the bytes that follow, up to one that is not 255. */
const longLength = 15;

function checkFits(fits: boolean): void {
  if (!fits) throw new CompressionError("an LZ4 block that does not fit");
}

/** The bytes that a block is decompressed to. */
export interface BlockTarget {
  /** Memory, of which the block fills a part that begins at `at` and ends at `end` at most. */
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;
  /** Where the bytes begin that matches may repeat. */
  readonly oldest: number;
}

/** Decompresses a block, and returns where its bytes end. */
export function decompressBlock(block: Uint8Array, target: BlockTarget): number {
  const { bytes, end, oldest } = target;
  let from = 0;
  let to = target.at;
  const lengthOf = (bits: number) => {
    if (bits < longLength) return bits;
    let length = bits;
    for (let byte = 255; byte === 255; length += byte) {
      checkFits(from < block.length);
      byte = block[from++] as number;
    }
    return length;
  };
  while (from < block.length) {
    const token = block[from++] as number;
    const literals = lengthOf(token >> 4);
    checkFits(from + literals <= block.length && to + literals <= end);
    if (literals < shortCopy) {
      for (let i = 0; i < literals; i++) bytes[to + i] = block[from + i] as number;
    } else bytes.set(block.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    // The last sequence has no match.
    if (from === block.length) return to;
    checkFits(from + 2 <= block.length);
    const offset = (block[from] as number) | ((block[from + 1] as number) << 8);
    from += 2;
    const length = lengthOf(token & 15) + shortestMatch;
    checkFits(offset > 0 && to - offset >= oldest && to + length <= end);
    repeat(bytes, to, offset, length);
    to += length;
  }
  throw new CompressionError("an LZ4 block that ends with a match");
}

/** Copies bytes from `offset` before a place to it. These can be fewer, and then repeat. */
function repeat(bytes: Uint8Array, to: number, offset: number, length: number): void {
  if (length >= shortCopy && offset >= length)
    bytes.copyWithin(to, to - offset, to - offset + length);
  else if (length >= shortCopy && offset === 1)
    bytes.fill(bytes[to - 1] as number, to, to + length);
  else for (let i = to; i < to + length; i++) bytes[i] = bytes[i - offset] as number;
}
