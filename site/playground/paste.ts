// Text that is pasted, as JSON or CSV.
import { fitted, type Grid, limits, type State, widthOf } from "./state.js";

/** What a paste can replace. */
export const targets = {
  yPred: "predictions",
  yTrue: "labels",
  sampleWeight: "sample weights",
};
export type Target = keyof typeof targets;

/** A text that cannot be used. */
export class PasteError extends Error {
  override readonly name = "PasteError";
}

const shapeOf = (grid: Grid) => `${grid.length} × ${widthOf(grid)}`;

function cellOf(value: unknown): string {
  if (typeof value === "number" || typeof value === "string") return String(value).trim();
  if (typeof value === "boolean") return value ? "1" : "0";
  throw new PasteError(
    `expected numbers in lists of one or two levels, received ${JSON.stringify(value)}`,
  );
}

/** Reads a list of numbers as one row, and a list of lists as rows. */
function gridOfJson(value: unknown): Grid {
  if (!Array.isArray(value) || value.length === 0) {
    throw new PasteError(`expected a list of numbers, received ${JSON.stringify(value)}`);
  }
  if (!value.some(Array.isArray)) return [value.map(cellOf)];
  return value.map((row: unknown) => (Array.isArray(row) ? row.map(cellOf) : [cellOf(row)]));
}

/** Reads lines of cells with commas, semicolons, tabs or spaces between them. */
const gridOfCsv = (text: string): Grid =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => line.split(/\s*[,;\t]\s*|\s+/));

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PasteError(`not valid JSON: ${(error as Error).message}`);
  }
}

/** Checks that rows are alike, and not too many. */
function checked(grid: Grid): Grid {
  const width = widthOf(grid);
  const odd = grid.findIndex((row) => row.length !== width);
  if (odd >= 0) {
    const received = grid[odd]?.length;
    throw new PasteError(`expected ${width} values in row ${odd + 1}, received ${received}`);
  }
  if (grid.length > limits.rows || width > limits.columns) {
    const most = `${limits.rows} × ${limits.columns}`;
    throw new PasteError(`expected at most ${most} values, received ${shapeOf(grid)}`);
  }
  return grid;
}

/** Throws unless values have the shape that goes with the predictions. */
function checkShape(target: Target, received: Grid, expected: Grid): void {
  if (shapeOf(checked(received)) === shapeOf(expected)) return;
  throw new PasteError(
    `${targets[target]}: expected ${shapeOf(expected)} values, received ${shapeOf(received)}`,
  );
}

/** One value for each row, however they are arranged. */
const column = (grid: Grid): Grid => grid.flat().map((cell) => [cell]);

/** Replaces predictions; labels and weights are cut or filled. */
const withPredictions = (state: State, yPred: Grid) => fitted({ ...state, yPred: checked(yPred) });

function withLabels(state: State, grid: Grid): State {
  const yTrue = state.labels === "sparse" ? column(grid) : grid;
  checkShape("yTrue", yTrue, state.yTrue);
  return { ...state, yTrue };
}

function withSampleWeight(state: State, grid: Grid): State {
  checkShape("sampleWeight", column(grid), column(state.yPred.map(() => ["1"])));
  return { ...state, sampleWeight: grid.flat() };
}

/** In this order: the others have to fit the predictions. */
const replacements = {
  yPred: withPredictions,
  yTrue: withLabels,
  sampleWeight: withSampleWeight,
} satisfies Record<Target, (state: State, grid: Grid) => State>;
const known = Object.keys(replacements) as Target[];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Returns what an object replaces. */
function partsOf(values: Readonly<Record<string, unknown>>): Partial<Record<Target, Grid>> {
  const keys = Object.keys(values);
  const unknown = keys.find((key) => !known.includes(key as Target));
  if (unknown !== undefined || keys.length === 0) {
    const received = unknown === undefined ? "none" : JSON.stringify(unknown);
    throw new PasteError(`expected the keys ${known.join(", ")}, received ${received}`);
  }
  return Object.fromEntries(keys.map((key) => [key, gridOfJson(values[key])]));
}

function read(target: Target, text: string): Partial<Record<Target, Grid>> {
  if (text === "") throw new PasteError("expected numbers, received nothing");
  if (!/^[[{]/.test(text)) return { [target]: gridOfCsv(text) };
  const value = parsedJson(text);
  return isObject(value) ? partsOf(value) : { [target]: gridOfJson(value) };
}

/**
 * Replaces a part of a batch by pasted text: JSON, CSV, or a JSON object of `yTrue`, `yPred` and
 * `sampleWeight`, which replaces all that it has.
 *
 * @throws PasteError if the text is not of this form, or of a shape that does not fit.
 */
export function pasted(state: State, target: Target, text: string): State {
  const parts = read(target, text.trim());
  return known.reduce((next, name) => {
    const grid = parts[name];
    return grid === undefined ? next : replacements[name](next, grid);
  }, state);
}
