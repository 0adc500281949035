// Queues in which calls off the event loop wait, slice by slice. They are fair, and an aborted call leaves them at once.
import { performance } from "node:perf_hooks";
import * as timers from "node:timers";
import type { Watch } from "./abort.js";

// From Node's own modules, and taken at load: globals may be fake timers, which never come, by then or later.
const { setImmediate } = timers;
export const now = performance.now.bind(performance);

interface Waiting {
  /** How many values its next slice has. */
  readonly values: number;
  admit(): void;
}

/** Calls that wait, in the order in which they came. */
class Queue {
  readonly #waiting = new Set<Waiting>();
  // Goes on with what is added later. Everything before it was admitted or has left.
  #others = this.#waiting.values();
  #first: Waiting | undefined;

  get length(): number {
    return this.#waiting.size;
  }

  get first(): Waiting | undefined {
    while (this.length > 0 && (this.#first === undefined || !this.#waiting.has(this.#first))) {
      this.#first = this.#others.next().value;
      if (this.#first === undefined) this.#others = this.#waiting.values();
    }
    return this.length > 0 ? this.#first : undefined;
  }

  /**
   * Waits until the call is admitted.
   *
   * @throws the reason of the call's signal if that fires first.
   */
  async wait(values: number, watch: Watch): Promise<void> {
    watch.listen();
    watch.throwIfAborted();
    const isAdmitted = await new Promise<boolean>((resolve) => {
      const own = {
        values,
        admit: () => {
          this.#waiting.delete(own);
          watch.leave = undefined;
          resolve(true);
        },
      };
      this.#waiting.add(own);
      watch.leave = () => {
        this.#waiting.delete(own);
        resolve(false);
      };
    });
    if (!isAdmitted) watch.throwIfAborted();
  }
}

// ---- libuv's pool

/** A large slice is by itself in its place in libuv's pool. Small ones share a place if they have no more values together. */
export const valuesOfPlace = 2 ** 20;
/** The pool has four threads by default, and files and name look-ups need some of them. */
const room = 2 * valuesOfPlace;
let taken = 0;
const pool = new Queue();

/** Runs a job of libuv's pool when there is room for it. */
export async function inPool(
  job: () => Promise<void>,
  values: number,
  watch: Watch,
): Promise<void> {
  const own = Math.min(values, valuesOfPlace);
  if (pool.length === 0 && taken + own <= room) taken += own;
  else await pool.wait(own, watch);
  try {
    watch.throwIfAborted();
    await job();
  } finally {
    taken -= own;
    for (let next = pool.first; next && taken + next.values <= room; next = pool.first) {
      taken += next.values;
      next.admit();
    }
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
export async function inTurn(
  slice: () => Promise<void>,
  values: number,
  watch: Watch,
): Promise<void> {
  if (!isTurnAhead) expectTurn();
  await turns.wait(values, watch);
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
  const next = turns.first;
  if (next === undefined) isTurnAhead = false;
  else if (now() - began < longestTurn && left-- > 0) next.admit();
  else expectTurn();
}
