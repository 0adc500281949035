import type { Column, Rows } from "./columns.js";
import { rowsOfBlock } from "./grid.js";
import type { Selected } from "./select.js";

/** Where the values of a column of a file go: an array, the place in a row of it, and its width. */
export interface Target {
  readonly values: Float64Array;
  readonly place: number;
  readonly width: number;
}

/** The numbers of the columns of a selection, in the order of roles. */
const sourcesOf = ({ labels, predictions, sampleWeight }: Selected) => [
  labels,
  predictions,
  sampleWeight === undefined ? [] : [sampleWeight],
];

/**
 * Rows that are filled value by value, of a format whose columns are apart from each other. The
 * memory is used again for the next rows.
 */
export class RowBuffer {
  readonly capacity: number;
  /** The number of rows that are filled. */
  count = 0;
  /** The place of each column of the file, by its number; more than one if roles share it. */
  readonly targets: ReadonlyMap<number, readonly Target[]>;
  readonly groups: Int32Array | undefined;
  readonly #columns: readonly Column[];

  constructor(selected: Selected, widths: readonly (number | undefined)[] = []) {
    const sources = sourcesOf(selected);
    // Lists have a width of their own; otherwise every column has one value for a row.
    const own = sources.map((columns, i) => widths[i] ?? columns.length);
    this.capacity = rowsOfBlock(own[1] as number);
    this.#columns = own.map((width) => ({
      values: new Float64Array(width * this.capacity),
      dtype: "float64",
      width,
    }));
    this.groups = selected.by === undefined ? undefined : new Int32Array(this.capacity);
    const targets = new Map<number, Target[]>();
    for (const [i, columns] of sources.entries()) {
      const { values, width } = this.#columns[i] as Column & { values: Float64Array };
      for (const [place, column] of columns.entries()) {
        targets.set(column, [...(targets.get(column) ?? []), { values, place, width }]);
      }
    }
    this.targets = targets;
  }

  get isFull(): boolean {
    return this.count === this.capacity;
  }

  /** Writes a value where it goes in the row that is being filled. */
  store(targets: readonly Target[], value: number): void {
    for (const { values, place, width } of targets) values[this.count * width + place] = value;
  }

  /** Sets the group of the row that is being filled. */
  setGroup(number: number | undefined): void {
    if (this.groups !== undefined && number !== undefined) this.groups[this.count] = number;
  }

  /** Returns the rows that are filled, and begins with the next ones. */
  take(): Rows {
    const { count } = this;
    const [labels, predictions, sampleWeight] = this.#columns.map(({ values, ...column }) => ({
      ...column,
      values: (values as Float64Array).subarray(0, count * column.width),
    })) as [Column, Column, Column];
    this.count = 0;
    return {
      count,
      labels,
      predictions,
      sampleWeight: sampleWeight.width === 0 ? undefined : sampleWeight,
      groups: this.groups?.subarray(0, count),
    };
  }
}
