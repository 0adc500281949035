import type { RunProgress } from "../distributed/plan.js";
import type { Progress } from "../files/options.js";
import { rounded } from "../report/words.js";
import { now } from "../surroundings.js";

/** The time between two updates, in milliseconds. */
const interval = 100;

interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** Formats how far an evaluation has come after some seconds. */
export function progressText(progress: Progress | RunProgress, seconds: number): string {
  if (!("run" in progress)) return rowsText(progress, seconds).join("  ");
  const { step, done, of, workers } = progress;
  const seen = workers === undefined ? [] : [counted(workers, "worker")];
  if (step === "count") return ["counting rows", `${done} of ${of}`, ...seen].join("  ");
  return [...rowsText(progress, seconds), `${done} of ${counted(of, "shard")}`, ...seen].join("  ");
}

function rowsText({ rows, fraction }: Progress, seconds: number): string[] {
  const parts = [`${rounded(rows)} rows`, `${rounded(rows / seconds)} rows/s`];
  if (fraction !== undefined) {
    parts.unshift(`${Math.floor(100 * fraction)}%`.padStart(4));
    if (fraction > 0) parts.push(`${duration((seconds * (1 - fraction)) / fraction)} left`);
  }
  return parts;
}

/** A line on a terminal that is written over, and cleared at the end. */
export class StatusLine {
  readonly #terminal: Terminal;
  #isShown = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(text: string): void {
    if (this.#terminal.isTTY !== true) return;
    this.#isShown = true;
    // Back to the start of the line, which is cleared.
    this.#terminal.write(`\r\x1b[K${text}`);
  }

  clear(): void {
    if (this.#isShown) this.#terminal.write("\r\x1b[K");
    this.#isShown = false;
  }
}

/** A line that shows the progress of an evaluation. */
export class ProgressLine {
  readonly #status: StatusLine;
  readonly #started = now();
  #last = now();

  constructor(terminal: Terminal) {
    this.#status = new StatusLine(terminal);
  }

  readonly show = (progress: Progress): void => {
    const time = now();
    if (time - this.#last < interval) return;
    this.#last = time;
    this.#status.show(progressText(progress, (time - this.#started) / 1000));
  };

  clear(): void {
    this.#status.clear();
  }
}
