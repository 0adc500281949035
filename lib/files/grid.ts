// Where a data set is cut into blocks, which are evaluated one by one.
import { chunkSize, rowsOfGroup } from "../backend/call.js";

/** The values of a block: enough for a call to be fast, and few enough for the processor's cache. */
const valuesOfBlock = 1 << 17;

/** The values that a block has at most if whole chunks end where rows do. */
const mostValues = 1 << 22;

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/** How rows are cut. */
export interface Grid {
  /** Sums do not depend on where rows are cut, if these places are multiples of this number. */
  readonly unit: number;
  /** The number of rows in a block: a multiple of `unit`. */
  readonly size: number;
}

/** Returns the multiple of a number of rows that has about as many values as a block. */
const blockOf = (unit: number, width: number) =>
  unit * Math.max(1, Math.floor(valuesOfBlock / (unit * width)));

/** Returns the number of rows in a block, for predictions of a width. */
export const rowsOfBlock = (width: number) => blockOf(rowsOfGroup(width), width);

/** Returns the grid for predictions of a width. */
export const gridOf = (width: number): Grid => ({
  unit: rowsOfGroup(width),
  size: rowsOfBlock(width),
});

/**
 * Returns the grid for losses that are summed without regard to rows: chunks of values end where rows
 * do. Rows of many values, whose chunks would rarely do so, have the blocks of all other losses, and
 * can be cut at these alone.
 */
export function flatGridOf(width: number): Grid {
  const unit = chunkSize / greatestDivisor(chunkSize, width);
  if (unit * width <= mostValues) return { unit, size: blockOf(unit, width) };
  const size = rowsOfBlock(width);
  return { unit: size, size };
}

/**
 * Returns the number of rows between places where a data set can be cut into parts. The rows of a
 * group are added up block by block, so groups are cut at blocks alone.
 */
export const stepOf = ({ unit, size }: Grid, isGrouped: boolean) => (isGrouped ? size : unit);

/** Returns the most that {@link stepOf} can be: a row has at least one value. */
export const longestStep = (isGrouped: boolean) => (isGrouped ? valuesOfBlock : chunkSize);
