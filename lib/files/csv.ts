import type { Reader, Rows } from "./columns.js";
import { type DataError, wrongData } from "./data-error.js";
import { DecimalReader, numberIn } from "./decimal.js";
import type { Input } from "./input.js";
import { newline, TextWindow } from "./lines.js";
import { nullAdvice, type ReadOptions } from "./read-options.js";
import { RowBuffer, type Target } from "./row-buffer.js";
import { select } from "./select.js";

const quote = 34;
const carriageReturn = 13;

/** A column of the file, and where its values go. */
interface Field {
  readonly name: string;
  readonly targets: readonly Target[];
  readonly isGroup: boolean;
}

/** Reads rows of fields that a byte separates: CSV, TSV. The first line names the columns. */
export class CsvReader implements Reader {
  readonly rows = undefined;
  readonly #input: Input;
  readonly #separator: number;
  readonly #options: ReadOptions;
  readonly #window: TextWindow;
  readonly #decimals = new DecimalReader();
  #buffer!: RowBuffer;
  #fields: readonly Field[] = [];
  /** Where the value of each column goes; empty if that takes more than storing one number. */
  #plainFields: readonly (Target | undefined)[] = [];
  #line = 1;
  /** Where the last field ended: at a separator or a line break. */
  #at = 0;
  /** Whether a field of the row is empty, which stands for null. */
  #hasNull = false;

  private constructor(input: Input, separator: string, options: ReadOptions) {
    this.#input = input;
    this.#separator = separator.charCodeAt(0);
    this.#options = options;
    this.#window = new TextWindow(input);
  }

  static async open(input: Input, separator: string, options: ReadOptions): Promise<CsvReader> {
    const reader = new CsvReader(input, separator, options);
    await reader.#readHeader();
    return reader;
  }

  async #readHeader(): Promise<void> {
    const window = this.#window;
    await window.fill(1);
    window.skipMark();
    let names = this.#names();
    while (names === undefined) {
      await window.fill(1);
      names = this.#names();
    }
    const { name } = this.#input;
    if (names.length === 1 && names[0] === "") {
      throw wrongData(name, "a first line with the names of the columns", "none");
    }
    window.start = this.#at + 1;
    this.#line++;
    const selected = select(name, names, this.#options.selection);
    const buffer = new RowBuffer(selected);
    this.#buffer = buffer;
    this.#fields = names.map((name, column) => ({
      name,
      targets: buffer.targets.get(column) ?? [],
      isGroup: column === selected.by,
    }));
    const arePlain = this.#fields.every(({ targets, isGroup }) => targets.length < 2 && !isGroup);
    this.#plainFields = arePlain ? this.#fields.map(({ targets }) => targets[0]) : [];
  }

  /** Reads the fields of the first line; returns undefined if it is not complete. */
  #names(): string[] | undefined {
    const { start, end, isLast } = this.#window;
    const names: string[] = [];
    for (let at = start; ; at = this.#at + 1) {
      const name = this.#text(at, "the header");
      if (this.#at >= end && !isLast) return undefined;
      names.push(name);
      if (this.#at >= end || this.#window.bytes[this.#at] === newline) return names;
    }
  }

  async *read(): AsyncGenerator<Rows, void, undefined> {
    const window = this.#window;
    const buffer = this.#buffer;
    while (true) {
      do {
        this.#readPlainRows();
        if (buffer.isFull) yield buffer.take();
      } while (window.start < window.end && this.#readRow());
      if (buffer.isFull) yield buffer.take();
      if (window.isLast) break;
      await window.fill(this.#line);
    }
    if (buffer.count > 0) yield buffer.take();
  }

  /**
   * Reads lines in which all values are decimals and nothing is quoted, and stops before the first
   * other one: a tight loop for most of most files.
   */
  #readPlainRows(): void {
    const window = this.#window;
    const { bytes, end } = window;
    const buffer = this.#buffer;
    const { capacity } = buffer;
    const fields = this.#plainFields;
    const last = fields.length - 1;
    const separator = this.#separator;
    const decimals = this.#decimals;
    let { start } = window;
    let row = buffer.count;
    scan: while (row < capacity && start < end) {
      let at = start;
      for (let column = 0; column <= last; column++) {
        const target = fields[column];
        if (target === undefined) {
          for (let byte = bytes[at]; byte !== separator && byte !== newline; byte = bytes[++at]) {
            if (byte === quote) break scan;
          }
        } else {
          const value = decimals.read(bytes, at);
          if (Number.isNaN(value)) break scan;
          target.values[row * target.width + target.place] = value;
          at = decimals.at;
          if (bytes[at] === carriageReturn) at++;
        }
        if (bytes[at++] !== (column === last ? newline : separator)) break scan;
      }
      // The line break at the end of the window may not be one of the file.
      if (last < 0 || at > end) break;
      start = at;
      row++;
    }
    this.#line += row - buffer.count;
    buffer.count = row;
    window.start = start;
  }

  /** Reads the line at the start of the window; returns false if it is not complete. */
  #readRow(): boolean {
    const window = this.#window;
    const { bytes, start, end, isLast } = window;
    if (this.#skipBlank()) return true;
    const fields = this.#fields;
    const line = this.#line;
    this.#hasNull = false;
    let column = 0;
    for (let at = start; ; at = this.#at + 1) {
      const field = fields[column];
      if (field === undefined) throw this.#wrong(line, `${fields.length} fields`, "more");
      this.#readField(field, at, line);
      if (this.#at >= end && !isLast) {
        this.#line = line;
        return false;
      }
      column++;
      if (bytes[this.#at] === newline) break;
    }
    if (column < fields.length) throw this.#wrong(line, `${fields.length} fields`, `${column}`);
    window.start = this.#at + 1;
    this.#line++;
    if (!this.#hasNull) this.#buffer.count++;
    return true;
  }

  #skipBlank(): boolean {
    const { bytes, start, end } = this.#window;
    const at = bytes[start] === carriageReturn ? start + 1 : start;
    if (bytes[at] !== newline || at >= end) return false;
    this.#window.start = at + 1;
    this.#line++;
    return true;
  }

  /** Reads a field that begins at `start`, and sets where it ends. */
  #readField(field: Field, start: number, line: number): void {
    const { targets, isGroup } = field;
    if (targets.length === 0 && !isGroup) {
      this.#at = this.#endOf(start, field.name);
      return;
    }
    const { bytes } = this.#window;
    if (!isGroup) {
      const value = this.#decimals.read(bytes, start);
      let at = this.#decimals.at;
      if (bytes[at] === carriageReturn && bytes[at + 1] === newline) at++;
      // NaN is for all that is no decimal.
      if (!Number.isNaN(value) && (bytes[at] === this.#separator || bytes[at] === newline)) {
        this.#at = at;
        this.#buffer.store(targets, value);
        return;
      }
    }
    this.#readText(field, start, line);
  }

  /** Reads a field that is no decimal. */
  #readText(field: Field, start: number, line: number): void {
    const text = this.#text(start, field.name);
    const { end, isLast } = this.#window;
    if (this.#at >= end && !isLast) return;
    const column = JSON.stringify(field.name);
    if (text.trim() === "" && (!field.isGroup || text === "")) {
      if (!this.#options.skipNulls) throw this.#wrong(line, nullAdvice, "an empty field", column);
      this.#hasNull = true;
      return;
    }
    if (field.isGroup) {
      this.#buffer.setGroup(this.#options.groups?.numberOf(text));
      if (field.targets.length === 0) return;
    }
    const value = numberIn(text);
    if (value === undefined) throw this.#wrong(line, "a number", JSON.stringify(text), column);
    this.#buffer.store(field.targets, value);
  }

  /** Returns the field that begins at `start` as a text. */
  #text(start: number, column: string): string {
    const { bytes } = this.#window;
    const stop = this.#endOf(start, column);
    this.#at = stop;
    const last = bytes[stop] === newline && bytes[stop - 1] === carriageReturn ? stop - 1 : stop;
    if (bytes[start] !== quote) return bytes.toString("utf8", start, Math.max(start, last));
    return bytes.toString("utf8", start + 1, last - 1).replaceAll('""', '"');
  }

  /** Returns where the field that begins at `start` ends; the end of the window if it has no end. */
  #endOf(start: number, column: string): number {
    const { bytes, end } = this.#window;
    if (bytes[start] === quote) return this.#endOfQuoted(start, column);
    let at = start;
    while (bytes[at] !== this.#separator && bytes[at] !== newline) at++;
    return Math.min(at, end);
  }

  #endOfQuoted(start: number, column: string): number {
    const { bytes, end, isLast } = this.#window;
    let close = bytes.indexOf(quote, start + 1);
    while (close >= 0 && close < end - 1 && bytes[close + 1] === quote) {
      close = bytes.indexOf(quote, close + 2);
    }
    const hasEnd = close >= 0 && close < end;
    if (!hasEnd && !isLast) return end;
    const place = JSON.stringify(column);
    if (!hasEnd) throw this.#wrong(this.#line, "a quote that ends", "the end of the file", place);
    let at = bytes.indexOf(newline, start);
    for (; at < close; at = bytes.indexOf(newline, at + 1)) this.#line++;
    at = close + 1;
    if (bytes[at] === carriageReturn && bytes[at + 1] === newline) at++;
    if (bytes[at] === this.#separator || bytes[at] === newline) return at;
    const rest = JSON.stringify(String.fromCharCode(bytes[at] as number));
    throw this.#wrong(this.#line, "a separator after the closing quote", rest, place);
  }

  #wrong(line: number, expected: string, received: string, column?: string): DataError {
    const place = column === undefined ? `line ${line}` : `column ${column}, line ${line}`;
    return wrongData(`${this.#input.name}: ${place}`, expected, received);
  }

  progress(): number | undefined {
    return this.#input.progress();
  }

  close(): Promise<void> {
    return this.#input.close();
  }
}
