import { once } from "node:events";
import path from "node:path";
import { Worker } from "node:worker_threads";
import type { ContestantName } from "./contestants.js";

/** What a thread can be asked. Cases go by their place in the list. */
export interface Questions {
  /** Who can compute here. */
  names(): readonly ContestantName[];
  /** Compares all answers to a case, and returns what differs. */
  check(index: number, size: number, names: readonly ContestantName[]): readonly string[];
  /** Warms a contestant up, and returns the number of values in its batch. */
  prepare(index: number, name: ContestantName, size: number): number;
  /** Times the contestant that was prepared: the nanoseconds of a call. */
  sample(): number;
}

/** A thread that computes for the benchmark. */
export class BenchThread {
  readonly #thread = new Worker(path.join(__dirname, "thread.js"));
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Asks the next question. An abort rejects the promise. */
  async ask<K extends keyof Questions>(
    question: K,
    ...args: Parameters<Questions[K]>
  ): Promise<ReturnType<Questions[K]>> {
    const answered = once(this.#thread, "message", { signal: this.#signal });
    this.#thread.postMessage([question, ...args]);
    const [answer] = await answered;
    return answer;
  }

  /** Ends the thread, whatever it does. */
  async end(): Promise<void> {
    await this.#thread.terminate();
  }
}

/** Runs a task with some threads, which end with it. */
export async function withThreads<T>(
  count: number,
  signal: AbortSignal,
  task: (threads: readonly BenchThread[]) => Promise<T>,
): Promise<T> {
  const threads = Array.from({ length: count }, () => new BenchThread(signal));
  try {
    return await task(threads);
  } finally {
    await Promise.all(threads.map((thread) => thread.end()));
  }
}
