import type { RowSpan } from "./blocks.js";
import type { Reader, Rows } from "./columns.js";
import { DataError, wrongData } from "./data-error.js";
import { type Duck, type DuckChunk, type DuckVector, openDuck } from "./duckdb.js";
import { FileInput } from "./input.js";
import { isRemote } from "./patterns.js";
import type { ReadOptions } from "./read-options.js";
import { type Selected, select } from "./select.js";
import { plainLists, ValueRows, type Vector } from "./values.js";

/** A column of the file. */
interface ParquetColumn {
  readonly name: string;
  /** In SQL: `FLOAT`, `DOUBLE[]` and so on. */
  readonly type: string;
}

const numeric =
  /^(BOOLEAN|U?TINYINT|U?SMALLINT|U?INTEGER|U?BIGINT|U?HUGEINT|FLOAT|DOUBLE|DECIMAL\(.*\))$/;

/** Types whose values JavaScript has typed arrays for. The others are cast. */
const readInPlace = /^(U?TINYINT|U?SMALLINT|U?INTEGER|FLOAT|DOUBLE)$/;

const listMark = /\[\d*\]$/;
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** Returns a column of numbers, or of lists of them, in SQL. */
function numbersOf(file: string, { name, type }: ParquetColumn): string {
  const own = type.replace(listMark, "");
  if (!numeric.test(own)) {
    throw wrongData(`${file}: column ${JSON.stringify(name)}`, "numbers, or lists of them", type);
  }
  const target = readInPlace.test(own) ? own : "DOUBLE";
  return `CAST(${quoted(name)} AS ${target}${own === type ? "" : "[]"})`;
}

/** Returns a condition for rows in which a column has no null. */
const isComplete = ({ name, type }: ParquetColumn) =>
  listMark.test(type)
    ? `${quoted(name)} IS NOT NULL AND list_count(${quoted(name)}) = len(${quoted(name)})`
    : `${quoted(name)} IS NOT NULL`;

function vectorOf(vector: DuckVector, rows: number): Vector {
  const { validity, items, childVector } = vector;
  const hasNulls = validity.data !== null;
  const isNull = (row: number) => hasNulls && !validity.itemValid(row);
  if (childVector !== undefined) {
    const { plain, at } = vectorOf(childVector, childVector.items?.length ?? 0);
    const offsetOf = (row: number) => vector.getEntryOffset?.(row) as number;
    const lengthOf = (row: number) => vector.getEntryLength?.(row) as number;
    return {
      at: (row) =>
        isNull(row) ? null : Array.from({ length: lengthOf(row) }, (_, i) => at(offsetOf(row) + i)),
      plain:
        hasNulls || plain === undefined ? undefined : plainLists(plain, rows, offsetOf, lengthOf),
    };
  }
  if (items === undefined) return { at: (row) => vector.getItem(row), plain: undefined };
  return { at: (row) => (isNull(row) ? null : items[row]), plain: hasNulls ? undefined : items };
}

/** Reads a Parquet file by DuckDB, which streams it in chunks of about 2000 rows. */
export class ParquetReader implements Reader {
  readonly rows: number | undefined;
  readonly seek: ((first: number, end: number) => void) | undefined;
  readonly #file: string;
  readonly #duck: Duck;
  readonly #options: ReadOptions;
  readonly #names: readonly string[];
  readonly #selected: Selected;
  readonly #total: number;
  #sql: string;
  #row = 0;

  private constructor(file: string, duck: Duck, options: ReadOptions, query: Query) {
    this.#file = file;
    this.#duck = duck;
    this.#options = options;
    this.#names = query.names;
    this.#selected = query.selected;
    this.#sql = query.sqlOf();
    this.#total = query.total;
    if (options.where !== undefined || options.skipNulls) return;
    this.rows = query.total;
    // Each file of a remote pattern has row numbers of its own.
    if (/[*?[]/.test(file)) return;
    this.seek = (first, end) => {
      this.#row = first;
      this.#sql = query.sqlOf({ first, end });
    };
  }

  static async open(file: string, options: ReadOptions): Promise<ParquetReader> {
    if (!isRemote(file)) await (await FileInput.open(file)).close();
    const duck = await openDuck();
    try {
      return new ParquetReader(file, duck, options, await queryOf(file, duck, options));
    } catch (error) {
      duck.close();
      throw sqlError(file, options, error);
    }
  }

  async *read(): AsyncGenerator<Rows, void, undefined> {
    const fetch = await this.#stream();
    let next = fetch();
    let sink: ValueRows | undefined;
    try {
      for (let chunk = await next; chunk !== undefined; chunk = await next) {
        // DuckDB reads the next chunk while this one is copied.
        next = fetch();
        const { rowCount } = chunk;
        const vectors = this.#vectorsOf(chunk);
        sink ??= new ValueRows(this.#file, this.#names, this.#selected, this.#options, (index) =>
          vectors.get(index)?.at(0),
        );
        yield* sink.addColumns(rowCount, vectors, (row) => `row ${this.#row + row + 1}`);
        this.#row += rowCount;
      }
    } finally {
      // Nothing may be read by a connection that is closed.
      await next.catch(() => {});
    }
    if (sink !== undefined && sink.buffer.count > 0) yield sink.buffer.take();
  }

  async #stream(): Promise<() => Promise<DuckChunk | undefined>> {
    try {
      const result = await this.#duck.connection.stream(this.#sql, [this.#file]);
      return async () => {
        try {
          const chunk = await result.fetchChunk();
          return chunk === null || chunk.rowCount === 0 ? undefined : chunk;
        } catch (error) {
          throw sqlError(this.#file, this.#options, error);
        }
      };
    } catch (error) {
      throw sqlError(this.#file, this.#options, error);
    }
  }

  /** The vectors of a chunk, whose columns are those of the selection. */
  #vectorsOf(chunk: DuckChunk): Map<number, Vector> {
    const { rowCount } = chunk;
    return new Map(
      this.#names.map((_, i) => [i, vectorOf(chunk.getColumnVector(i), rowCount)] as const),
    );
  }

  progress(): number | undefined {
    return this.#total === 0 ? 1 : Math.min(1, this.#row / this.#total);
  }

  async close(): Promise<void> {
    this.#duck.close();
  }
}

/** What to ask DuckDB for. */
interface Query {
  /** Returns it in SQL, for all rows or some of them. */
  readonly sqlOf: (span?: RowSpan) => string;
  readonly names: readonly string[];
  /** The columns of the result: those that are needed alone. */
  readonly selected: Selected;
  /** The number of rows in the file. */
  readonly total: number;
}

async function queryOf(file: string, duck: Duck, options: ReadOptions): Promise<Query> {
  const rowsOf = async (sql: string) => (await duck.connection.stream(sql, [file])).getRows();
  const described = await rowsOf("DESCRIBE SELECT * FROM read_parquet($1)");
  const columns = described.map(([name, type]) => ({ name, type }) as ParquetColumn);
  const found = select(
    file,
    columns.map(({ name }) => name),
    options.selection,
  );
  const [[total] = [0]] = await rowsOf("SELECT count(*) FROM read_parquet($1)");
  const { labels, predictions, sampleWeight, by } = found;
  const numbers = [
    ...labels,
    ...predictions,
    ...(sampleWeight === undefined ? [] : [sampleWeight]),
  ];
  const used = [...new Set(numbers)];
  const place = (column: number) => used.indexOf(column);
  const columnAt = (column: number) => columns[column] as ParquetColumn;
  const expressions = used.map((column) => numbersOf(file, columnAt(column)));
  // A group is a text, even if its column has numbers that are read too.
  if (by !== undefined) expressions.push(`CAST(${quoted(columnAt(by).name)} AS VARCHAR)`);
  const all = by === undefined ? used : [...used, by];
  const conditions = [
    ...(options.where === undefined ? [] : [`(${options.where}\n)`]),
    ...(options.skipNulls ? all.map((column) => isComplete(columnAt(column))) : []),
  ];
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const chosen = `SELECT ${expressions.join(", ")} FROM read_parquet`;
  return {
    // DuckDB skips the row groups that have none of the rows.
    sqlOf: (span) =>
      span === undefined
        ? `${chosen}($1)${where}`
        : `${chosen}($1, file_row_number = true) WHERE file_row_number >= ${span.first} AND file_row_number < ${span.end}`,
    names: all.map((column) => columnAt(column).name),
    selected: {
      labels: labels.map(place),
      predictions: predictions.map(place),
      sampleWeight: sampleWeight === undefined ? undefined : place(sampleWeight),
      by: by === undefined ? undefined : used.length,
    },
    total: Number(total),
  };
}

/** Returns an error of DuckDB as one of the file, or of the condition. */
function sqlError(file: string, { where }: ReadOptions, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DataError || error.name !== "Error") {
    return error;
  }
  const [line = ""] = error.message.split("\n");
  const isOfSql = /^(Parser|Binder|Catalog|Conversion) Error/.test(line);
  if (where !== undefined && isOfSql) return new RangeError(`where: ${line}`, { cause: error });
  return new DataError(`${file}: ${line}`, { cause: error });
}
