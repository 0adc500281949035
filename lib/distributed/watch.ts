// Waiting for a step of a run, without waiting for what does not come.
import { setTimeout } from "node:timers/promises";
import { now } from "../surroundings.js";
import type { Client } from "./client.js";
import { QueueError } from "./errors.js";
import type { Step, StepCounts } from "./step.js";

/** Times in milliseconds. */
const times = {
  /** Between two looks at the queue: the least, and the most. */
  look: 40,
  longLook: 250,
  /** Between two looks at the workers. */
  workers: 2000,
  /** How long the first worker may take to listen. */
  start: 5000,
  /** How long a queue that has answered may be silent, or without workers. */
  silence: 60_000,
};

/**
 * Checks that workers listen, and that they have the version of the driver.
 *
 * @throws QueueError if there is none within seconds, or one of another version.
 */
export async function expectWorkers(
  client: Client,
  version: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const deadline = now() + times.start;
  for (;;) {
    const workers = await client.workers();
    const other = workers?.find((worker) => worker.version !== version);
    const { shown } = client.address;
    if (other !== undefined) {
      throw new QueueError(
        `${shown}: the versions of maxmargin differ: ${version} here, ${other.version} in the worker ${other.host}`,
      );
    }
    if (workers === undefined || workers.length > 0) return;
    if (now() > deadline) {
      throw new QueueError(
        `${shown}: no worker listens; start some with maxmargin worker --queue ${shown}`,
      );
    }
    await setTimeout(times.longLook, undefined, { signal });
  }
}

/** Looks more often at what has just begun, so that waiting costs a hundredth at most. */
const lookAfter = (waited: number) => Math.min(times.longLook, Math.max(times.look, waited / 100));

/** Receives what is seen of a step. */
export type OnLook = (counts: StepCounts, workers: number | undefined) => void;

/** Looks at a step again and again. */
export class Watch {
  readonly #client: Client;
  readonly #onLook: OnLook;
  readonly #signal: AbortSignal | undefined;
  #workers: number | undefined;
  #lastWorkers = now();
  #nextWorkers = 0;

  constructor(client: Client, onLook: OnLook, signal: AbortSignal | undefined) {
    this.#client = client;
    this.#onLook = onLook;
    this.#signal = signal;
  }

  /**
   * Waits until a step is over.
   *
   * @throws QueueError if the queue or the workers stay away for long; the reason of the signal.
   */
  async until(step: Step): Promise<void> {
    const started = now();
    for (;;) {
      const counts = await this.#patiently(() => this.#look(step));
      this.#onLook(counts, this.#workers);
      if (counts.isOver) return;
      await setTimeout(lookAfter(now() - started), undefined, { signal: this.#signal });
    }
  }

  async #look(step: Step): Promise<StepCounts> {
    if (now() >= this.#nextWorkers) {
      this.#workers = (await this.#client.workers())?.length;
      this.#nextWorkers = now() + times.workers;
      if (this.#workers !== 0) this.#lastWorkers = now();
      else if (now() - this.#lastWorkers > times.silence) {
        throw this.#gone("no worker has listened");
      }
    }
    return step.counts();
  }

  #gone(what: string): QueueError {
    const { shown } = this.#client.address;
    const advice = "the run goes on when they are back, and the same call joins it";
    return new QueueError(`${shown}: ${what} for ${times.silence / 1000} s; ${advice}`);
  }

  /** Repeats what fails while a queue is away for a short time. Commands of Redis wait for it. */
  async #patiently<T>(look: () => Promise<T>): Promise<T> {
    const started = now();
    const over = new AbortController();
    const stop = () => over.abort();
    this.#signal?.addEventListener("abort", stop);
    const late = setTimeout(times.silence, undefined, { signal: over.signal }).then(() => {
      throw this.#gone("no answer");
    });
    late.catch(() => {});
    try {
      for (;;) {
        try {
          return await Promise.race([look(), late]);
        } catch (error) {
          this.#signal?.throwIfAborted();
          if (error instanceof QueueError) throw error;
          if (now() - started > times.silence) throw this.#gone("no answer");
          await setTimeout(times.longLook, undefined, { signal: this.#signal });
        }
      }
    } finally {
      this.#signal?.removeEventListener("abort", stop);
      over.abort();
    }
  }
}
