// Rows whose values are JavaScript values: of JSON, and of columns that have no typed array.
import { described } from "../errors.js";
import type { Rows } from "./columns.js";
import { type DataError, wrongData } from "./data-error.js";
import { nullAdvice, type ReadOptions } from "./read-options.js";
import { RowBuffer, type Target } from "./row-buffer.js";
import type { Selected } from "./select.js";

/** A column that is read, and where its values go. */
interface ValueColumn {
  readonly index: number;
  readonly name: string;
  readonly targets: readonly Target[];
  readonly isGroup: boolean;
  /** The number of values in a list; undefined for single values. */
  readonly listWidth: number | undefined;
}

/** Returns the value of a column, by its number, in the row that is read. */
type ValueAt = (index: number) => unknown;

/** Arrays of numbers. */
export type Numbers = Exclude<NodeJS.TypedArray, BigInt64Array | BigUint64Array>;

/** The values of a column in some rows. */
export interface Vector {
  /** Returns the value in a row: a number, a list or null; of groups, anything. */
  at(row: number): unknown;
  /** All values one after the other, those of lists too; absent if one is null. */
  readonly plain: Numbers | undefined;
}

/** Returns the values of lists if these are all of one length, and follow each other. */
export function plainLists(
  values: Numbers,
  rows: number,
  offsetOf: (row: number) => number,
  lengthOf: (row: number) => number,
): Numbers | undefined {
  if (rows === 0) return undefined;
  const first = offsetOf(0);
  const width = lengthOf(0);
  for (let row = 0; row < rows; row++) {
    if (lengthOf(row) !== width || offsetOf(row) !== first + row * width) return undefined;
  }
  return values.subarray(first, first + rows * width);
}

/** Copies a column of plain numbers. */
function copyPlain(
  from: Numbers,
  row: number,
  rows: number,
  first: number,
  { targets, listWidth = 1 }: ValueColumn,
): void {
  for (const { values, place, width } of targets) {
    if (listWidth === width) {
      values.set(from.subarray(row * width, (row + rows) * width), first * width);
    } else {
      for (let i = 0; i < rows; i++) values[(first + i) * width + place] = from[row + i] as number;
    }
  }
}

/** Names a row in messages: "line 5". */
type Place = () => string;

/** Lists of values, as formats have them. */
const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || ArrayBuffer.isView(value);

/** The widths of labels, predictions and weights in a row; undefined where values are single. */
function listWidths(selected: Selected, valueAt: ValueAt, problem: (text: string) => DataError) {
  const { labels, predictions, sampleWeight } = selected;
  return [labels, predictions, sampleWeight === undefined ? [] : [sampleWeight]].map((columns) => {
    const lists = columns.map(valueAt).filter(isList);
    if (lists.length === 0) return undefined;
    if (columns.length > 1) throw problem("one column of lists, received several columns");
    return lists[0]?.length;
  });
}

/** Checks rows of values, and stores them. */
export class ValueRows {
  readonly buffer: RowBuffer;
  readonly #columns: readonly ValueColumn[];
  readonly #options: ReadOptions;
  readonly #file: string;

  /** The row that `valueAt` reads shows which columns are lists. */
  constructor(
    file: string,
    names: readonly string[],
    selected: Selected,
    options: ReadOptions,
    valueAt: ValueAt,
  ) {
    this.#file = file;
    this.#options = options;
    const problem = (text: string) => wrongData(file, text, "of which some are lists");
    const widths = listWidths(selected, valueAt, problem);
    this.buffer = new RowBuffer(selected, widths);
    const { targets } = this.buffer;
    const used = new Set([...targets.keys(), ...(selected.by === undefined ? [] : [selected.by])]);
    this.#columns = [...used].map((index) => ({
      index,
      name: names[index] as string,
      targets: targets.get(index) ?? [],
      isGroup: index === selected.by,
      listWidth: isList(valueAt(index)) ? targets.get(index)?.[0]?.width : undefined,
    }));
  }

  /** Adds a row, unless it has a null and such rows are left out. */
  add(valueAt: ValueAt, place: Place): void {
    const { buffer } = this;
    for (const column of this.#columns) {
      const value = valueAt(column.index);
      if (value === null || value === undefined) {
        if (this.#options.skipNulls) return;
        throw this.#wrong(column, place, nullAdvice, "null");
      }
      if (column.isGroup) buffer.setGroup(this.#options.groups?.numberOf(String(value)));
      if (column.targets.length === 0) continue;
      if (column.listWidth === undefined) {
        buffer.store(column.targets, this.#number(value, column, place));
      } else if (!this.#storeList(value, column, place)) return;
    }
    buffer.count++;
  }

  /**
   * Adds rows whose columns are apart from each other, and returns the memory whenever it is full.
   * Columns of plain numbers are copied at once.
   */
  *addColumns(
    count: number,
    vectors: ReadonlyMap<number, Vector>,
    place: (row: number) => string,
  ): Generator<Rows, void, undefined> {
    const { buffer } = this;
    const columns = this.#columns.map((column) => ({
      column,
      vector: vectors.get(column.index) as Vector,
    }));
    const arePlain = columns.every(
      ({ column: { isGroup, listWidth = 1 }, vector: { plain } }) =>
        !isGroup && plain !== undefined && plain.length === count * listWidth,
    );
    let row = 0;
    const valueAt = (index: number) => vectors.get(index)?.at(row);
    const placeOfRow = () => place(row);
    while (row < count) {
      if (arePlain) {
        const rows = Math.min(count - row, buffer.capacity - buffer.count);
        for (const { column, vector } of columns) {
          copyPlain(vector.plain as Numbers, row, rows, buffer.count, column);
        }
        buffer.count += rows;
        row += rows;
      } else {
        this.add(valueAt, placeOfRow);
        row++;
      }
      if (buffer.isFull) yield buffer.take();
    }
  }

  /** Stores the values of a list; returns false if one is null and its row is left out. */
  #storeList(list: unknown, column: ValueColumn, place: Place): boolean {
    const width = column.listWidth as number;
    if (!isList(list) || list.length !== width) {
      const received = isList(list) ? `${list.length}` : described(list);
      throw this.#wrong(column, place, `a list of ${width} numbers`, received);
    }
    const { count } = this.buffer;
    for (let i = 0; i < width; i++) {
      const value = list[i];
      if (value === null && this.#options.skipNulls) return false;
      const number = this.#number(value, column, place);
      for (const { values } of column.targets) values[count * width + i] = number;
    }
    return true;
  }

  #number(value: unknown, column: ValueColumn, place: Place): number {
    if (typeof value === "number") return value;
    if (typeof value === "boolean" || typeof value === "bigint") return Number(value);
    const received = value === null ? "null" : described(value);
    throw this.#wrong(column, place, "a number", received);
  }

  #wrong({ name }: ValueColumn, place: Place, expected: string, received: string): DataError {
    const where = `${this.#file}: column ${JSON.stringify(name)}, ${place()}`;
    return wrongData(where, expected, received);
  }
}
