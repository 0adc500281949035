import type { Groups } from "./groups.js";
import type { Selection } from "./select.js";

/** What readers of all formats have to know. */
export interface ReadOptions {
  readonly selection: Selection;
  /** Whether rows with a null are left out; otherwise a null is an error. */
  readonly skipNulls: boolean;
  /** A condition in SQL that rows have to meet, for Parquet. */
  readonly where: string | undefined;
  /** The groups so far, if the selection has a column `by`. */
  readonly groups: Groups | undefined;
}

/** What to write if a value is null. */
export const nullAdvice = "a value (to leave out rows without one, set skipNulls)";
