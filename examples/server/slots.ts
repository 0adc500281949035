import { Refusal } from "./refusal.js";

/** Bounds how many requests are served at once, and how many wait for their turn. */
export class Slots {
  readonly #maxWaiting: number;
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(concurrency: number, maxWaiting: number) {
    this.#free = concurrency;
    this.#maxWaiting = maxWaiting;
  }

  /** How many requests wait. */
  get queueLength(): number {
    return this.#waiting.size;
  }

  /**
   * Runs a task when a slot is free, in order of arrival.
   *
   * @throws Refusal if too many requests wait already; the signal's reason if it fires meanwhile.
   */
  async run<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await this.#turn(signal);
    try {
      return await task();
    } finally {
      this.#release();
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#waiting.size >= this.#maxWaiting) {
      throw new Refusal(503, "too many requests; try again later", { "Retry-After": "1" });
    }
    return new Promise((resolve, reject) => {
      const admit = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.delete(admit);
        reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.add(admit);
    });
  }

  /** Hands the slot to the request that has waited longest, if any does. */
  #release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
    } else {
      this.#waiting.delete(next);
      next();
    }
  }
}
