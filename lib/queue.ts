// Queues in which calls off the event loop wait, slice by slice. They are fair, and an aborted call leaves them at once.
import { performance } from "node:perf_hooks";
import * as timers from "node:timers";
import type { Watch } from "./abort.js";

// From Node's own modules, and taken at load: globals may be fake timers, which never come, by then or later.
const { setImmediate } = timers;
export const now = performance.now.bind(performance);

/** Calls that wait, in the order in which they came. */
class Queue {
  readonly #waiting = new Set<() => void>();
  // Goes on with what is added later. Everything before it was admitted or has left.
  #next = this.#waiting.values();

  get length(): number {
    return this.#waiting.size;
  }

  /**
   * Waits until the call is admitted.
   *
   * @throws the reason of the call's signal if that fires first.
   */
  async wait(watch: Watch): Promise<void> {
    watch.listen();
    watch.throwIfAborted();
    const isAdmitted = await new Promise<boolean>((resolve) => {
      const admit = () => {
        watch.leave = undefined;
        resolve(true);
      };
      this.#waiting.add(admit);
      watch.leave = () => {
        this.#waiting.delete(admit);
        resolve(false);
      };
    });
    if (!isAdmitted) watch.throwIfAborted();
  }

  /** Admits the first call, and returns whether there was one. */
  admit(): boolean {
    let first = this.#next.next();
    if (first.done) {
      this.#next = this.#waiting.values();
      first = this.#next.next();
    }
    if (first.done) return false;
    this.#waiting.delete(first.value);
    first.value();
    return true;
  }
}

// ---- libuv's pool

/** How many jobs are in libuv's pool at a time: it has four threads by default, and files and name look-ups need some too. */
const places = 2;
let placesTaken = 0;
const pool = new Queue();

/** Runs a job of libuv's pool as soon as there is a place for it. */
export async function inPool(job: () => Promise<void>, watch: Watch): Promise<void> {
  // Who leaves hands the place on, so none is free while others wait.
  if (placesTaken < places) placesTaken++;
  else await pool.wait(watch);
  try {
    watch.throwIfAborted();
    await job();
  } finally {
    if (!pool.admit()) placesTaken--;
  }
}

// ---- Turns of the event loop

/** How long slices may go on in one turn, in milliseconds, before the last one begins. */
const longestTurn = 0.6;
const turns = new Queue();
let isTurnAhead = false;
let began = 0;
/** How many calls may still be admitted in this turn: those that waited when it began. */
let left = 0;

/** Runs a slice in a turn of the event loop. Between two turns everything else that has happened is attended to. */
export async function inTurn(slice: () => Promise<void>, watch: Watch): Promise<void> {
  if (!isTurnAhead) expectTurn();
  await turns.wait(watch);
  try {
    watch.throwIfAborted();
    await slice();
  } finally {
    goOn();
  }
}

function expectTurn(): void {
  isTurnAhead = true;
  setImmediate(() => {
    began = now();
    left = turns.length;
    goOn();
  });
}

/** Admits the next call in this turn while there is time, and otherwise in the next turn. */
function goOn(): void {
  const hasTime = now() - began < longestTurn;
  if (hasTime && left-- > 0 && turns.admit()) return;
  if (turns.length > 0) expectTurn();
  else isTurnAhead = false;
}
