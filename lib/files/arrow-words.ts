// Checks the words of a dictionary. flechette makes strings of all of them at once, so words that share
// their bytes could make a small file take all memory.
import { checkMessage, ImpossibleMetadata, type Region } from "./arrow-check.js";

/** Fewer words than this cannot take much, and their offsets may be followed by padding. */
const fewWords = 16;

const viewLength = 16;
/** Words of so many bytes are in the view itself. */
const shortWord = 12;

/** Returns the sum of the lengths of words that are `[start, end)` of each two offsets. */
function lengthByOffsets(offsets: Buffer, count: number): number {
  const isLarge = offsets.length >= 8 * (count + 1);
  const at = (i: number) =>
    isLarge ? Number(offsets.readBigInt64LE(8 * i)) : offsets.readInt32LE(4 * i);
  let total = 0;
  for (let i = 0; i < count; i++) total += Math.max(0, at(i + 1) - at(i));
  return total;
}

function lengthByViews(views: Buffer, count: number): number {
  let total = 0;
  for (let i = 0; i < count; i++) {
    const length = views.readInt32LE(viewLength * i);
    if (length > shortWord) total += length;
  }
  return total;
}

/**
 * Checks a message with the values of a dictionary. `metadataStart` is where its metadata begin.
 *
 * @throws ImpossibleMetadata if they are words that share their bytes; RangeError if some are missing.
 */
export function checkWords(message: Buffer, metadataStart: number): void {
  const metadataLength = message.readInt32LE(metadataStart - 4);
  const bodyStart = metadataStart + metadataLength;
  const { record } = checkMessage(message.subarray(metadataStart, bodyStart));
  if (record === undefined || record.longest < fewWords) return;
  const { regions, longest, hasViews } = record;
  const isText = hasViews || regions.length === 3;
  if (!isText) return;
  const [, places, ...words] = regions as [Region, Region, ...Region[]];
  const start = bodyStart + places.offset;
  const bytes = message.subarray(start, start + places.length);
  const lengthOf = hasViews ? lengthByViews : lengthByOffsets;
  const most = words.reduce((sum, { length }) => sum + length, 0);
  if (lengthOf(bytes, longest) > most) throw new ImpossibleMetadata();
}
