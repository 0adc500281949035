import { wrongData } from "./data-error.js";
import type { Input } from "./input.js";

/** The bytes of a line at most: whatever a file contains, memory is bounded. */
const longestLine = 1 << 24;
const usualSize = 1 << 18;

export const newline = 10;

/**
 * A window over the bytes of a text. The lines of a text are taken from it by others, who say how far
 * they came.
 */
export class TextWindow {
  readonly #input: Input;
  bytes: Buffer = Buffer.allocUnsafe(usualSize + 1);
  /** Where the bytes that have not been taken begin. */
  start = 0;
  /** Where the bytes end. There is always a line break. */
  end = 0;
  /** Whether the text ends there. */
  isLast = false;

  constructor(input: Input) {
    this.#input = input;
  }

  /** Reads on. `line` is the number of the line at `start`, for messages. */
  async fill(line: number): Promise<void> {
    const rest = this.end - this.start;
    if (rest === this.bytes.length - 1) this.#grow(line);
    this.bytes.copyWithin(0, this.start, this.end);
    const received = await this.#input.read(this.bytes.subarray(rest, -1));
    this.isLast = rest + received < this.bytes.length - 1;
    this.start = 0;
    this.end = rest + received;
    this.bytes[this.end] = newline;
  }

  #grow(line: number): void {
    const longer = 2 * (this.bytes.length - 1);
    if (longer > longestLine) {
      throw wrongData(
        `${this.#input.name}: line ${line}`,
        `a line of at most ${longestLine} bytes`,
        "a longer one, or a quote that does not end",
      );
    }
    const bytes = Buffer.allocUnsafe(longer + 1);
    this.bytes.copy(bytes, 0);
    this.bytes = bytes;
  }

  /** Drops the mark that a text can begin with. */
  skipMark(): void {
    const { bytes } = this;
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.start = 3;
  }
}
