import { castToDoubles } from "../tensor/cast.js";
import { type Column, type Reader, type Rows, roles } from "./columns.js";
import { wrongData } from "./data-error.js";
import { rowsOfBlock } from "./grid.js";
import type { Groups } from "./groups.js";
import type { NpyArray } from "./npy.js";

/** Arrays of one number of rows, side by side. */
export interface NpyArrays {
  readonly labels: NpyArray;
  readonly predictions: NpyArray;
  readonly sampleWeight?: NpyArray | undefined;
  readonly by?: NpyArray | undefined;
}

/** A read of the system takes as long as a block, so it is for several of them. */
const blocksAtOnce = 4;

function checkRows(arrays: NpyArrays): void {
  const { labels, predictions, sampleWeight, by } = arrays;
  for (const array of [predictions, sampleWeight, by]) {
    if (array === undefined || array.rows === labels.rows) continue;
    const expected = `${labels.rows} rows, as ${labels.input.name} has`;
    throw wrongData(array.input.name, expected, `${array.rows}`);
  }
  for (const array of [sampleWeight, by]) {
    if (array === undefined || array.width === 1) continue;
    throw wrongData(array.input.name, "one value in a row", `${array.width}`);
  }
}

/** Reads arrays that numpy saved: labels, predictions and so on, each from its own input. */
export class ArraysReader implements Reader {
  readonly rows: number;
  readonly seek: ((first: number, end: number) => void) | undefined;
  readonly #arrays: NpyArrays;
  readonly #groups: Groups | undefined;
  readonly #close: () => Promise<void>;
  #row = 0;
  #end: number;

  constructor(arrays: NpyArrays, groups: Groups | undefined, close: () => Promise<void>) {
    checkRows(arrays);
    this.rows = arrays.labels.rows;
    this.#end = this.rows;
    this.#arrays = arrays;
    this.#groups = groups;
    this.#close = close;
    const all = this.#all();
    if (all.every(({ input }) => input.seek !== undefined)) {
      this.seek = (first, end) => {
        this.#row = first;
        this.#end = end;
        for (const array of all) array.seek(first);
      };
    }
  }

  #all(): NpyArray[] {
    const { labels, predictions, sampleWeight, by } = this.#arrays;
    return [labels, predictions, sampleWeight, by].filter((array) => array !== undefined);
  }

  limit(end: number): void {
    this.#end = end;
  }

  async *read(): AsyncGenerator<Rows, void, undefined> {
    let next = this.#readRows();
    try {
      for (let rows = await next; rows !== undefined; rows = await next) {
        // The system reads the next rows while these are evaluated.
        next = this.#readRows();
        yield rows;
      }
    } finally {
      // Nothing may be read from files that are closed.
      await next.catch(() => {});
    }
    if (this.#end < this.rows) return;
    for (const array of this.#all()) await array.checkEnd();
  }

  async #readRows(): Promise<Rows | undefined> {
    const most = blocksAtOnce * rowsOfBlock(this.#arrays.predictions.width);
    const count = Math.min(most, this.#end - this.#row);
    if (count <= 0) return undefined;
    this.#row += count;
    const [labels, predictions, sampleWeight] = await Promise.all(
      roles.map((role) => this.#arrays[role]?.read(count)),
    );
    return {
      count,
      labels: labels as Column,
      predictions: predictions as Column,
      sampleWeight,
      groups: await this.#groupNumbers(count),
    };
  }

  async #groupNumbers(count: number): Promise<Int32Array | undefined> {
    const groups = this.#groups;
    const column = await this.#arrays.by?.read(count);
    if (column === undefined || groups === undefined) return undefined;
    const values =
      column.dtype === "float16"
        ? castToDoubles("float16", column.values, "float64")
        : (column.values as Float64Array);
    return Int32Array.from(values, (value) => groups.numberOf(`${value}`));
  }

  progress(): number {
    return this.rows === 0 ? 1 : this.#row / this.rows;
  }

  close(): Promise<void> {
    return this.#close();
  }
}
