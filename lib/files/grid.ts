// Where a data set is cut into blocks, which are evaluated one by one.
import { chunkSize, rowsOfGroup } from "../backend/call.js";

/** The values of a block: enough for a call to be fast, and few enough for the processor's cache. */
const valuesOfBlock = 1 << 17;

/** The values that a block has at most if whole chunks end where rows do. */
const mostValues = 1 << 22;

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/** Returns the multiple of a number of rows that has about as many values as a block. */
const blockOf = (unit: number, width: number) =>
  unit * Math.max(1, Math.floor(valuesOfBlock / (unit * width)));

/** Returns the number of rows in a block, for predictions of a width. */
export const rowsOfBlock = (width: number) => blockOf(rowsOfGroup(width), width);

/**
 * Returns the number of rows in a block for losses that are summed without regard to rows: chunks of
 * values end where rows do. Rows of many values, whose chunks would rarely do so, have the blocks of
 * all other losses.
 */
export function rowsOfFlatBlock(width: number): number {
  const unit = chunkSize / greatestDivisor(chunkSize, width);
  return unit * width <= mostValues ? blockOf(unit, width) : rowsOfBlock(width);
}
