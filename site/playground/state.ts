// What the user has entered: texts, because numbers are unfinished while they are typed.
import { type Encoding, infoOf, type LossName, type Reduction } from "./losses.js";

/** Rows of cells. */
export type Grid = readonly (readonly string[])[];

export interface State {
  readonly loss: LossName;
  readonly labels: Encoding;
  readonly margin: string;
  readonly power: string;
  readonly classWeight: string;
  readonly ignoreClass: string;
  readonly reduction: Reduction;
  /** A label for each prediction, or a class id for each row. */
  readonly yTrue: Grid;
  readonly yPred: Grid;
  /** A weight for each row, or null. */
  readonly sampleWeight: readonly string[] | null;
}

/** The size to which a batch can grow: a page is no place for more. */
export const limits = { rows: 100, columns: 20 };

export const initial: State = {
  loss: "Hinge",
  labels: "auto",
  margin: "1",
  power: "1",
  classWeight: "",
  ignoreClass: "",
  reduction: "sum_over_batch_size",
  yTrue: [
    ["0", "1", "0"],
    ["1", "0", "0"],
    ["0", "0", "1"],
  ],
  yPred: [
    ["-1.5", "0.5", "0.25"],
    ["2", "-0.5", "-1"],
    ["0.75", "-1.25", "-0.5"],
  ],
  sampleWeight: null,
};

export const widthOf = (grid: Grid) => Math.max(1, ...grid.map((row) => row.length));

/** The shape of the labels that go with predictions. */
const labelWidth = ({ labels, yPred }: Pick<State, "labels" | "yPred">) =>
  labels === "sparse" ? 1 : widthOf(yPred);

/** Cuts or fills a row. */
const fittedRow = (row: readonly string[], width: number, filler: string) =>
  Array.from({ length: width }, (_, i) => row[i] ?? filler);

const fittedGrid = (grid: Grid, rows: number, width: number, filler: string): Grid =>
  Array.from({ length: rows }, (_, i) => fittedRow(grid[i] ?? [], width, filler));

/** The cells that a larger batch gets. */
const fillers = { yTrue: "0", yPred: "0", sampleWeight: "1" };

/** Gives labels and weights the shape that goes with the predictions, whose rows become alike. */
export function fitted(state: State): State {
  const rows = Math.min(Math.max(1, state.yPred.length), limits.rows);
  const width = Math.min(widthOf(state.yPred), limits.columns);
  const yPred = fittedGrid(state.yPred, rows, width, fillers.yPred);
  const labels = labelWidth({ ...state, yPred });
  return {
    ...state,
    yPred,
    yTrue: fittedGrid(state.yTrue, rows, labels, fillers.yTrue),
    sampleWeight: state.sampleWeight && fittedRow(state.sampleWeight, rows, fillers.sampleWeight),
  };
}

/** Adds or removes rows and columns at the end. */
export function resized(state: State, rows: number, columns: number): State {
  const yPred = fittedGrid(
    state.yPred,
    Math.max(1, state.yPred.length + rows),
    Math.max(1, widthOf(state.yPred) + columns),
    fillers.yPred,
  );
  return fitted({ ...state, yPred });
}

/** Replaces a cell of a grid. */
export const withCell = (grid: Grid, row: number, column: number, text: string): Grid =>
  grid.map((cells, i) =>
    i === row ? cells.map((cell, j) => (j === column ? text : cell)) : cells,
  );

/** The class of a row of labels: its largest one. */
function classOf(row: readonly string[]): string {
  const numbers = row.map(Number);
  return String(Math.max(0, numbers.indexOf(Math.max(...numbers))));
}

/** Changes the encoding, and labels to class ids or back. */
export function withEncoding(state: State, labels: Encoding): State {
  const wasIds = state.labels === "sparse";
  const width = widthOf(state.yPred);
  let { yTrue } = state;
  if (labels === "sparse" && !wasIds) yTrue = yTrue.map((row) => [classOf(row)]);
  if (labels !== "sparse" && wasIds) {
    const other = labels === "signed" ? "-1" : "0";
    yTrue = yTrue.map(([id]) =>
      Array.from({ length: width }, (_, i) => (Number(id) === i ? "1" : other)),
    );
  }
  return fitted({ ...state, labels, yTrue });
}

/** Changes the loss, and the encoding to one that the loss has: that of before, if it can be. */
export function withLoss(state: State, loss: LossName, encoding = state.labels): State {
  const { encodings } = infoOf(loss);
  const labels = encodings.includes(encoding) ? encoding : (encodings[0] as Encoding);
  return withEncoding({ ...state, loss }, labels);
}

/** Gives each row a weight of 1, or takes the weights away. */
export const withWeights = (state: State, isWeighted: boolean): State =>
  fitted({ ...state, sampleWeight: isWeighted ? [] : null });
