// The part of @duckdb/node-api that reads Parquet files, which is an optional package.
import { loadOptional } from "./optional.js";
import type { Numbers } from "./values.js";

interface Validity {
  /** Null if no value is. */
  readonly data?: unknown;
  itemValid(index: number): boolean;
}

/** Values of a column, with 0 in place of null. */
export interface DuckVector {
  readonly items?: Numbers;
  readonly validity: Validity;
  getItem(index: number): unknown;
  /** Only lists have these. */
  readonly childVector?: DuckVector;
  getEntryOffset?(index: number): number;
  getEntryLength?(index: number): number;
}

export interface DuckChunk {
  readonly rowCount: number;
  getColumnVector(index: number): DuckVector;
}

export interface DuckResult {
  fetchChunk(): Promise<DuckChunk | null>;
  getRows(): Promise<unknown[][]>;
}

export interface DuckConnection {
  stream(sql: string, values: readonly string[]): Promise<DuckResult>;
  closeSync(): void;
}

interface DuckInstance {
  connect(): Promise<DuckConnection>;
}

interface DuckModule {
  readonly DuckDBInstance: { create(path: string): Promise<DuckInstance> };
}

/** A connection to the database, which is in memory. */
export interface Duck {
  readonly connection: DuckConnection;
  close(): void;
}

/** All files share a database: to create and to close one takes as long as to read a million rows. */
let shared: Promise<DuckInstance> | undefined;

export async function openDuck(): Promise<Duck> {
  const { DuckDBInstance } = loadOptional("@duckdb/node-api") as DuckModule;
  shared ??= DuckDBInstance.create(":memory:").catch((error) => {
    // The next file tries again.
    shared = undefined;
    throw error;
  });
  const connection = await (await shared).connect();
  return { connection, close: () => connection.closeSync() };
}
