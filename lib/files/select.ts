import { nearestOf } from "../nearest.js";
import { DataError } from "./data-error.js";
import { isColumnPattern, namesLike } from "./patterns.js";

/** The columns of a data set: names, or patterns such as `logit_*`. */
export interface Selection {
  readonly labels: string | readonly string[];
  readonly predictions: string | readonly string[];
  readonly sampleWeight?: string | undefined;
  readonly by?: string | undefined;
}

/** The columns of one file, by their index. */
export interface Selected {
  readonly labels: readonly number[];
  readonly predictions: readonly number[];
  readonly sampleWeight: number | undefined;
  readonly by: number | undefined;
}

/** Lists names for a message, which stays readable if there are thousands of them. */
function listed(names: readonly string[]): string {
  const most = 12;
  const shown = names.slice(0, most).map((name) => JSON.stringify(name));
  const rest = names.length - shown.length;
  return `${shown.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

function missing(place: string, wanted: string, names: readonly string[]): DataError {
  const isPattern = isColumnPattern(wanted);
  const nearest = isPattern ? undefined : nearestOf(wanted, names);
  const advice = nearest === undefined ? "" : `; did you mean ${JSON.stringify(nearest)}?`;
  const what = isPattern ? "no column matches" : "no column";
  const known = names.length === 0 ? "it has none" : `it has ${listed(names)}`;
  return new DataError(`${place}: ${what} ${JSON.stringify(wanted)}${advice} (${known})`);
}

function matchesOf(place: string, pattern: string, names: readonly string[]): number[] {
  const exact = names.indexOf(pattern);
  if (exact >= 0) {
    if (names.indexOf(pattern, exact + 1) < 0) return [exact];
    throw new DataError(`${place}: more than one column is called ${JSON.stringify(pattern)}`);
  }
  const found = isColumnPattern(pattern) ? namesLike(pattern, names) : [];
  if (found.length === 0) throw missing(place, pattern, names);
  return found.map((name) => names.indexOf(name));
}

/**
 * Finds the columns of a selection among the names of a file's columns.
 *
 * @throws DataError if one is missing; the message has the nearest name, and all that exist.
 */
export function select(place: string, names: readonly string[], selection: Selection): Selected {
  const { labels, predictions, sampleWeight, by } = selection;
  const all = (patterns: string | readonly string[]) =>
    [patterns].flat().flatMap((pattern) => matchesOf(place, pattern, names));
  const one = (name: string | undefined) =>
    name === undefined ? undefined : matchesOf(place, name, names)[0];
  return {
    labels: all(labels),
    predictions: all(predictions),
    sampleWeight: one(sampleWeight),
    by: one(by),
  };
}
