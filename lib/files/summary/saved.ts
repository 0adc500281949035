// Checks of summaries that were saved as JSON: a file of a shard could have anything.
import { described, wrongKind } from "../../errors.js";

/** Numbers as JSON has them: NaN and infinities are strings. */
export type SavedNumber = number | string;

const special: readonly unknown[] = ["NaN", "Infinity", "-Infinity"];

export const savedNumber = (value: number): SavedNumber =>
  Number.isFinite(value) ? value : `${value}`;

/** Reads a number that {@link savedNumber} returned. */
export function numberFrom(name: string, value: unknown): number {
  if (typeof value === "number" || special.includes(value)) return Number(value);
  throw wrongKind(name, "a number", described(value));
}

/** Reads a number of rows or margins. */
export function countFrom(name: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw wrongKind(name, "a count", described(value));
}

/** Reads a list. */
export function listFrom<T>(name: string, value: readonly T[]): readonly T[] {
  if (Array.isArray(value)) return value as readonly T[];
  throw wrongKind(name, "a list", described(value));
}
