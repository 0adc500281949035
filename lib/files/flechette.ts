// The part of @uwdata/flechette that reads Arrow data, which is an optional package.
import { loadOptional } from "./optional.js";
import type { Numbers } from "./values.js";

/** The type of a column. Only some types have all of these. */
export interface ArrowType {
  readonly typeId: number;
  readonly bitWidth?: number;
  readonly precision?: number;
  readonly stride?: number;
}

/** A column of a record batch. */
export interface ArrowBatch {
  readonly length: number;
  readonly nullCount: number;
  readonly type: ArrowType;
  readonly validity?: Uint8Array;
  readonly values?: Numbers;
  readonly offsets?: Int32Array;
  readonly children?: readonly ArrowBatch[];
  at(row: number): unknown;
}

export interface ArrowTable {
  readonly numRows: number;
  readonly schema: { readonly fields: readonly { readonly name: string }[] };
  getChildAt(index: number): { readonly data: readonly ArrowBatch[] };
}

interface Flechette {
  tableFromIPC(bytes: Uint8Array | Uint8Array[]): ArrowTable;
}

/** Returns the function that reads Arrow data of one record batch. */
export function loadFlechette(): Flechette["tableFromIPC"] {
  return (loadOptional("@uwdata/flechette") as Flechette).tableFromIPC;
}
