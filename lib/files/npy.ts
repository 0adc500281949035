import { newRawArray, type RawArray } from "../tensor/cast.js";
import { codes, type TensorData } from "../tensor/dtypes.js";
import type { Column } from "./columns.js";
import { wrongData } from "./data-error.js";
import type { Input } from "./input.js";
import { type NpyHeader, readNpyHeader } from "./npy-header.js";

/** The values that a row has at most: whatever a header claims, memory is bounded. */
const widestRow = 1 << 24;

/** A .npy array of one or two axes, whose rows are read one after the other. */
export class NpyArray {
  readonly input: Input;
  readonly rows: number;
  readonly width: number;
  readonly #header: NpyHeader;
  /** The rows that were read last, and those before them. */
  readonly #memory: (RawArray | undefined)[] = [undefined, undefined];
  #row = 0;

  private constructor(input: Input, header: NpyHeader, rows: number, width: number) {
    this.input = input;
    this.rows = rows;
    this.width = width;
    this.#header = header;
  }

  static async open(input: Input): Promise<NpyArray> {
    const header = await readNpyHeader(input);
    const { shape, kind, start } = header;
    const { name, size } = input;
    const text = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
    const [rows, width = 1] = shape;
    if (rows === undefined || shape.length > 2) throw wrongData(name, "one or two axes", text);
    if (width === 0 || width > widestRow) {
      throw wrongData(name, `1 to ${widestRow} values in a row`, `shape ${text}`);
    }
    const expected = rows * width * kind.bytes;
    if (size !== undefined && size - start !== expected) {
      throw wrongData(name, `${expected} bytes of data for shape ${text}`, `${size - start}`);
    }
    const isFortran = header.isFortran && width > 1 && rows > 1;
    if (isFortran && input.seek === undefined) {
      throw wrongData(name, "C order, because it is compressed", "Fortran order");
    }
    return new NpyArray(input, { ...header, isFortran }, rows, width);
  }

  seek(row: number): void {
    const { start, kind } = this.#header;
    this.#row = row;
    this.input.seek?.(start + row * this.width * kind.bytes);
  }

  /** Reads the next rows. The result is valid until the next call but one. */
  async read(count: number): Promise<Column> {
    const { kind, isFortran } = this.#header;
    const { width } = this;
    const length = count * width;
    let memory = this.#memory.shift();
    if (memory === undefined || memory.length < length) {
      memory = newRawArray(kind.isUint64 ? codes.int64 : codes[kind.dtype], length);
    }
    this.#memory.push(memory);
    const values = memory.subarray(0, length) as RawArray;
    if (isFortran) await this.#readColumns(values, count);
    else await this.#fill(values);
    this.#row += count;
    const own = kind.isUint64 ? toDoubles(values as BigInt64Array) : values;
    return { values: own as TensorData, dtype: kind.dtype, width };
  }

  async #fill(values: RawArray): Promise<void> {
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    const received = await this.input.read(bytes);
    if (received < bytes.length) {
      const expected = `${this.rows} rows, as its header says`;
      throw wrongData(this.input.name, expected, `a file that ends after about row ${this.#row}`);
    }
    if (this.#header.isBigEndian) swap(bytes, this.#header.kind.bytes);
  }

  /** Reads rows of an array in which each column is contiguous. */
  async #readColumns(values: RawArray, count: number): Promise<void> {
    const { kind, start } = this.#header;
    const { width } = this;
    const column = newRawArray(kind.isUint64 ? codes.int64 : codes[kind.dtype], count);
    for (let j = 0; j < width; j++) {
      this.input.seek?.(start + (j * this.rows + this.#row) * kind.bytes);
      await this.#fill(column);
      for (let i = 0; i < count; i++) values[i * width + j] = column[i] as never;
    }
  }

  /** Checks, after the last row, that no data follow. */
  async checkEnd(): Promise<void> {
    const { input } = this;
    if (input.size !== undefined || (await input.read(new Uint8Array(1))) === 0) return;
    throw wrongData(input.name, `data for ${this.rows} rows, as its header says`, "more");
  }
}

function swap(bytes: Buffer, size: number): void {
  if (size === 2) bytes.swap16();
  else if (size === 4) bytes.swap32();
  else if (size === 8) bytes.swap64();
}

function toDoubles(values: BigInt64Array): Float64Array {
  return Float64Array.from(values, (value) => Number(BigInt.asUintN(64, value)));
}
