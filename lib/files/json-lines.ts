import type { Reader, Rows } from "./columns.js";
import { wrongData } from "./data-error.js";
import type { Input } from "./input.js";
import { newline, TextWindow } from "./lines.js";
import type { ReadOptions } from "./read-options.js";
import { select } from "./select.js";
import { ValueRows } from "./values.js";

type JsonRow = Readonly<Record<string, unknown>>;

/** The characters of a line that a message shows. */
const shownLength = 40;

/** Reads rows that are JSON objects, one a line. The keys of the first one name the columns. */
export class JsonLinesReader implements Reader {
  readonly rows = undefined;
  readonly #input: Input;
  readonly #options: ReadOptions;
  readonly #window: TextWindow;
  #names: readonly string[] = [];
  #sink!: ValueRows;
  #line = 1;
  /** The first row, which has been read to learn the names. */
  #first: JsonRow | undefined;

  private constructor(input: Input, options: ReadOptions) {
    this.#input = input;
    this.#options = options;
    this.#window = new TextWindow(input);
  }

  static async open(input: Input, options: ReadOptions): Promise<JsonLinesReader> {
    const reader = new JsonLinesReader(input, options);
    await reader.#readFirst();
    return reader;
  }

  async #readFirst(): Promise<void> {
    const { name } = this.#input;
    const window = this.#window;
    await window.fill(1);
    window.skipMark();
    let first = this.#take();
    while (first === undefined && !window.isLast) {
      await window.fill(this.#line);
      first = this.#take();
    }
    if (first === undefined) throw wrongData(name, "a JSON object in each line", "an empty file");
    this.#first = first;
    this.#names = Object.keys(first);
    const selected = select(name, this.#names, this.#options.selection);
    const valueAt = (index: number) => first[this.#names[index] as string];
    this.#sink = new ValueRows(name, this.#names, selected, this.#options, valueAt);
  }

  /** Takes the next row from the window; returns undefined if there is no complete one. */
  #take(): JsonRow | undefined {
    const window = this.#window;
    while (window.start < window.end) {
      const end = window.bytes.indexOf(newline, window.start);
      if (end >= window.end && !window.isLast) return undefined;
      const text = window.bytes.toString("utf8", window.start, end);
      window.start = end + 1;
      this.#line++;
      if (text.trim() !== "") return this.#parse(text);
    }
    return undefined;
  }

  #parse(text: string): JsonRow {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      // The message below says it.
    }
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as JsonRow;
    }
    const shown = text.length > shownLength ? `${text.slice(0, shownLength)} and more` : text;
    const place = `${this.#input.name}: line ${this.#line - 1}`;
    throw wrongData(place, "a JSON object", JSON.stringify(shown));
  }

  async *read(): AsyncGenerator<Rows, void, undefined> {
    const sink = this.#sink;
    const names = this.#names;
    const place = () => `line ${this.#line - 1}`;
    const window = this.#window;
    let row = this.#first;
    const valueAt = (index: number) => row?.[names[index] as string];
    while (true) {
      for (; row !== undefined; row = this.#take()) {
        sink.add(valueAt, place);
        if (sink.buffer.isFull) yield sink.buffer.take();
      }
      if (window.isLast) break;
      await window.fill(this.#line);
      row = this.#take();
    }
    if (sink.buffer.count > 0) yield sink.buffer.take();
  }

  progress(): number | undefined {
    return this.#input.progress();
  }

  close(): Promise<void> {
    return this.#input.close();
  }
}
