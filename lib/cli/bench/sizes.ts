import os from "node:os";
import type { CommandLine } from "../arguments.js";
import { UsageError } from "../usage-error.js";
import { widest } from "./cases.js";

/** Whole rows of every case: in the first-level cache, in the others, and beyond those of most machines. */
export const defaultSizes: readonly number[] = [1280, 128_000, 6_400_000];

/** The arrays of all contestants take half of it. */
const bytesPerValue = 100;

/** Returns the size that the memory suffices for. */
function largestSize(): number {
  // Node has it from 20.13 on.
  const { availableMemory = os.freemem } = process as Partial<NodeJS.Process>;
  return Math.floor(availableMemory() / bytesPerValue);
}

/**
 * Returns how many values batches have.
 *
 * @throws UsageError if there is no row of so many values, or too little memory for them.
 */
export function readSizes(line: CommandLine): readonly number[] {
  const largest = largestSize();
  const sizes = line.numbers("sizes");
  if (sizes === undefined) return defaultSizes.filter((size) => size <= largest);
  const wrong = sizes.find((size) => !Number.isInteger(size) || size < widest || size > largest);
  if (wrong === undefined) return sizes;
  const expected = `integers from ${widest} to ${largest}, for which the memory suffices`;
  throw new UsageError(`--sizes: expected ${expected}, received ${wrong}`);
}
