import { damaged } from "./arrow-memory.js";
import { arrowPieces } from "./arrow-pieces.js";
import type { Reader, Rows } from "./columns.js";
import { DataError } from "./data-error.js";
import { type ArrowBatch, type ArrowTable, loadFlechette } from "./flechette.js";
import { FileInput } from "./input.js";
import type { ReadOptions } from "./read-options.js";
import { type Selected, select } from "./select.js";
import { type Numbers, plainLists, ValueRows, type Vector } from "./values.js";

/** The numbers of types in the Arrow format. */
const types = { integer: 2, float: 3, bool: 6, list: 12, fixedSizeList: 16 };
const half = 0;

/** Checks that bits exist for all rows: those that are missing would be read as null, or as false. */
function checkBits({ type, length, nullCount, validity, values, children = [] }: ArrowBatch): void {
  const valid = nullCount > 0 ? validity : undefined;
  const bits = type.typeId === types.bool ? values : undefined;
  const isShort = [valid, bits].some((bytes) => bytes !== undefined && 8 * bytes.length < length);
  if (isShort) throw new Error("a column has fewer bits than rows");
  for (const child of children) checkBits(child);
}

/** Returns the numbers of a column, if they are stored as such and none is null. */
function plainNumbers({ type, nullCount, values, length }: ArrowBatch): Numbers | undefined {
  const { typeId, bitWidth = 64, precision } = type;
  const isPlain =
    (typeId === types.integer && bitWidth <= 32) || (typeId === types.float && precision !== half);
  return isPlain && nullCount === 0 ? values?.subarray(0, length) : undefined;
}

function listsOf(batch: ArrowBatch): Numbers | undefined {
  const { type, nullCount, length, offsets, children } = batch;
  const child = children?.[0];
  const numbers = child && plainNumbers(child);
  if (numbers === undefined || nullCount > 0 || length === 0) return undefined;
  if (type.typeId === types.fixedSizeList) return numbers.subarray(0, length * (type.stride ?? 0));
  if (offsets === undefined) return undefined;
  const offsetOf = (row: number) => offsets[row] as number;
  return plainLists(numbers, length, offsetOf, (row) => offsetOf(row + 1) - offsetOf(row));
}

function vectorOf(batch: ArrowBatch, rows: number): Vector {
  if (batch.length !== rows) throw new Error("columns have different lengths");
  checkBits(batch);
  const { typeId } = batch.type;
  const isList = typeId === types.list || typeId === types.fixedSizeList;
  const { offsets, children } = batch;
  const most = children?.[0]?.length ?? 0;
  // A list that claims more values than there are is damage, which takes as much memory as it claims.
  const isPossible = (row: number) =>
    offsets === undefined ||
    !isList ||
    ((offsets[row + 1] as number) <= most && (offsets[row] as number) >= 0);
  return {
    at(row) {
      const value = isPossible(row) ? batch.at(row) : undefined;
      // A null is null.
      if (value === undefined) throw new Error("a column refers to values that do not exist");
      return value;
    },
    plain: isList ? listsOf(batch) : plainNumbers(batch),
  };
}

/** Reads Arrow files (Feather) and streams, one record batch after the other. */
export class ArrowReader implements Reader {
  readonly rows = undefined;
  readonly #file: FileInput;
  readonly #options: ReadOptions;
  readonly #decode = loadFlechette();
  #row = 0;

  private constructor(file: FileInput, options: ReadOptions) {
    this.#file = file;
    this.#options = options;
  }

  static async open(path: string, options: ReadOptions): Promise<ArrowReader> {
    const file = await FileInput.open(path);
    try {
      return new ArrowReader(file, options);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async *read(): AsyncGenerator<Rows, void, undefined> {
    let sink: ValueRows | undefined;
    let selected: Selected | undefined;
    for await (const piece of arrowPieces(this.#file)) {
      const table = this.#tableOf(piece);
      if (table.numRows === 0) continue;
      const names = table.schema.fields.map(({ name }) => name);
      selected ??= select(this.#file.name, names, this.#options.selection);
      const place = (row: number) => `row ${this.#row + row + 1}`;
      try {
        const vectors = this.#vectorsOf(table, selected);
        sink ??= new ValueRows(this.#file.name, names, selected, this.#options, (index) =>
          vectors.get(index)?.at(0),
        );
        yield* sink.addColumns(table.numRows, vectors, place);
      } catch (error) {
        throw this.#problem(error);
      }
      this.#row += table.numRows;
    }
    if (sink !== undefined && sink.buffer.count > 0) yield sink.buffer.take();
  }

  #tableOf(piece: Uint8Array | Uint8Array[]): ArrowTable {
    try {
      return this.#decode(piece);
    } catch (error) {
      throw this.#problem(error);
    }
  }

  /** Returns an error of the package as one of the file. */
  #problem(error: unknown): unknown {
    if (error instanceof DataError || !(error instanceof Error)) return error;
    return damaged(this.#file, `one that is damaged: ${error.message}`);
  }

  /** The vectors of the columns that are needed. */
  #vectorsOf(table: ArrowTable, selected: Selected): Map<number, Vector> {
    const { labels, predictions, sampleWeight, by } = selected;
    const used = [...labels, ...predictions, sampleWeight, by].filter((i) => i !== undefined);
    const vectors = new Map<number, Vector>();
    for (const index of used) {
      const [batch] = table.getChildAt(index).data;
      if (batch !== undefined) vectors.set(index, vectorOf(batch, table.numRows));
    }
    return vectors;
  }

  progress(): number {
    return this.#file.progress();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
