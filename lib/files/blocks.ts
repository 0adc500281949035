import { cast } from "../tensor/cast.js";
import { codes, type TensorData } from "../tensor/dtypes.js";
import type { Column, Rows } from "./columns.js";

/** Rows at their place in the data set. */
export interface Block extends Rows {
  /** The number of the first row. */
  readonly first: number;
}

const part = <T extends TensorData>(values: T, from: number, to: number) =>
  values.subarray(from, to) as T;

const partOfColumn = (column: Column, from: number, to: number): Column => ({
  ...column,
  values: part(column.values, from * column.width, to * column.width),
});

/** Returns some of the rows, in the same memory. */
export function partOfRows(rows: Rows, from: number, to: number): Rows {
  if (from === 0 && to === rows.count) return rows;
  const { labels, predictions, sampleWeight, groups } = rows;
  return {
    count: to - from,
    labels: partOfColumn(labels, from, to),
    predictions: partOfColumn(predictions, from, to),
    sampleWeight: sampleWeight && partOfColumn(sampleWeight, from, to),
    groups: groups?.subarray(from, to),
  };
}

/** Returns memory for values of the same kind. */
export const arrayLike = <T extends TensorData | Int32Array>(values: T, length: number): T =>
  new (values.constructor as new (length: number) => T)(length);

/** A column to which values are appended. Values of different dtypes become doubles. */
class Window {
  #column: Column;

  constructor(like: Column, capacity: number) {
    this.#column = { ...like, values: arrayLike(like.values, capacity * like.width) };
  }

  append(column: Column, at: number): void {
    const { width } = column;
    if (column.dtype !== this.#column.dtype) {
      if (this.#column.dtype !== "float64") this.#column = widened(this.#column);
      column = widened(column);
    }
    (this.#column.values as Float64Array).set(column.values as Float64Array, at * width);
  }

  first(count: number): Column {
    return partOfColumn(this.#column, 0, count);
  }
}

function widened(column: Column): Column {
  const { values, dtype } = column;
  const doubles = new Float64Array(values.length);
  cast(codes[dtype], values, 0, values.length, codes.float64, doubles);
  return { ...column, values: doubles, dtype: "float64" };
}

/** The columns of rows that wait for the rest of their block. */
class Waiting {
  readonly #labels: Window;
  readonly #predictions: Window;
  readonly #sampleWeight: Window | undefined;
  readonly #groups: Int32Array | undefined;
  count = 0;

  constructor(like: Rows, capacity: number) {
    this.#labels = new Window(like.labels, capacity);
    this.#predictions = new Window(like.predictions, capacity);
    this.#sampleWeight = like.sampleWeight && new Window(like.sampleWeight, capacity);
    this.#groups = like.groups && new Int32Array(capacity);
  }

  append(rows: Rows): void {
    this.#labels.append(rows.labels, this.count);
    this.#predictions.append(rows.predictions, this.count);
    if (rows.sampleWeight !== undefined) this.#sampleWeight?.append(rows.sampleWeight, this.count);
    if (rows.groups !== undefined) this.#groups?.set(rows.groups, this.count);
    this.count += rows.count;
  }

  rows(): Rows {
    return {
      count: this.count,
      labels: this.#labels.first(this.count),
      predictions: this.#predictions.first(this.count),
      sampleWeight: this.#sampleWeight?.first(this.count),
      groups: this.#groups?.subarray(0, this.count),
    };
  }
}

/**
 * Cuts the rows of a range into blocks of one size, whatever the sizes of the batches that arrive:
 * so results do not depend on formats and files. Rows are copied only where a batch does not end with
 * a block.
 */
export class Blocks {
  /** The rows of a block, and of a range that is shorter. */
  readonly #size: number;
  readonly #range: RowSpan;
  readonly #receive: (block: Block) => void;
  #waiting: Waiting | undefined;

  constructor(size: number, range: RowSpan, receive: (block: Block) => void) {
    this.#size = Math.min(size, range.end - range.first);
    this.#range = range;
    this.#receive = receive;
  }

  /** Adds rows, of which `first` is the number of the first. */
  add(rows: Rows, first: number): void {
    const from = Math.max(0, this.#range.first - first);
    const to = Math.min(rows.count, this.#range.end - first);
    let at = from;
    while (at < to) {
      const waiting = this.#waiting?.count ?? 0;
      const end = Math.min(to, at + this.#size - waiting);
      const next = partOfRows(rows, at, end);
      if (end - at === this.#size) this.#receive({ ...next, first: first + at });
      else this.#wait(next, first + end);
      at = end;
    }
  }

  #wait(rows: Rows, end: number): void {
    this.#waiting ??= new Waiting(rows, this.#size);
    this.#waiting.append(rows);
    if (this.#waiting.count === this.#size) this.#pass(end);
  }

  /** Passes the last rows on, which are fewer than a block. `end` is the number of rows so far. */
  finish(end: number): void {
    if ((this.#waiting?.count ?? 0) > 0) this.#pass(Math.min(end, this.#range.end));
  }

  #pass(end: number): void {
    const waiting = this.#waiting as Waiting;
    this.#receive({ ...waiting.rows(), first: end - waiting.count });
    waiting.count = 0;
  }
}

/** Consecutive rows of a data set. */
export interface RowSpan {
  readonly first: number;
  readonly end: number;
}

/** The rows of a block that belong to one group. */
export interface GroupRows {
  readonly group: number;
  readonly rows: Rows;
}

/** Sorts the rows of a block by their group. */
export function byGroup(block: Block): GroupRows[] {
  const groups = block.groups as Int32Array;
  const counts = new Map<number, number>();
  for (const group of groups) counts.set(group, (counts.get(group) ?? 0) + 1);
  const starts = new Map<number, number>();
  let total = 0;
  for (const [group, count] of counts) {
    starts.set(group, total);
    total += count;
  }
  const next = new Map(starts);
  const order = new Int32Array(block.count);
  for (const [row, group] of groups.entries()) {
    const place = next.get(group) as number;
    order[place] = row;
    next.set(group, place + 1);
  }
  const sorted: Rows = {
    count: block.count,
    labels: reordered(block.labels, order),
    predictions: reordered(block.predictions, order),
    sampleWeight: block.sampleWeight && reordered(block.sampleWeight, order),
    groups: undefined,
  };
  return [...starts].map(([group, start]) => ({
    group,
    rows: partOfRows(sorted, start, start + (counts.get(group) as number)),
  }));
}

function reordered(column: Column, order: Int32Array): Column {
  const { width } = column;
  const from = column.values as Float64Array;
  const to = arrayLike(from, from.length);
  for (let i = 0; i < order.length; i++) {
    const row = order[i] as number;
    for (let j = 0; j < width; j++) to[i * width + j] = from[row * width + j] as number;
  }
  return { ...column, values: to };
}
