// Queues in which async calls wait, slice by slice. They are fair, and an aborted call leaves them
// at once.
import { nextTurn, now } from "../surroundings.js";
import type { Watch } from "./abort.js";

/** A queue for one kind of resource, in which slices wait for their turn. */
export interface Lane {
  /** Waits until a slice of this many values may begin; undefined if it may begin at once. */
  enter(values: number, watch: Watch): Promise<void> | undefined;
  /** Ends a slice that was entered. Its time is 0 if it failed. */
  leave(values: number, milliseconds: number): void;
}

interface Waiting {
  readonly values: number;
  admit(): void;
}

/** Waiting calls, in order of arrival. */
class Queue {
  readonly #waiting = new Set<Waiting>();
  // An iterator that also visits calls that are added later. All calls before its position were
  // admitted or have left.
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
   * Waits until the call is admitted. If its signal fires first, the promise never settles: the
   * signal has ended the call.
   */
  wait(values: number, watch: Watch): Promise<void> {
    watch.listen();
    watch.throwIfAborted();
    return new Promise<void>((resolve) => {
      const own = {
        values,
        admit: () => {
          this.#waiting.delete(own);
          watch.leave = undefined;
          resolve();
        },
      };
      this.#waiting.add(own);
      watch.leave = () => this.#waiting.delete(own);
    });
  }
}

// ---- libuv's pool

/**
 * libuv's pool has four threads by default, and file system and name look-ups need some of them.
 */
const slicesInPool = 2;
/**
 * More slices may be in the pool if all of them together take no longer than this: short slices
 * would mostly wait for each other.
 */
const millisecondsInPool = 2;
let slices = 0;
let valuesInPool = 0;
/**
 * The estimated time of a value, in milliseconds. It starts with the time of the slowest kernels.
 */
let millisecondsOfValue = 5e-6;
const forPool = new Queue();

function enterPool(values: number): boolean {
  const milliseconds = (valuesInPool + values) * millisecondsOfValue;
  if (slices >= slicesInPool && milliseconds > millisecondsInPool) return false;
  slices++;
  valuesInPool += values;
  return true;
}

/** Slices that run in libuv's pool. */
export const pool: Lane = {
  enter(values, watch) {
    if (forPool.length === 0 && enterPool(values)) return undefined;
    return forPool.wait(values, watch);
  },
  leave(values, milliseconds) {
    slices--;
    valuesInPool -= values;
    // The change is limited, because other processes can interrupt a slice.
    const change = milliseconds / values / millisecondsOfValue;
    if (change > 0) millisecondsOfValue *= Math.min(2, Math.max(0.5, change));
    for (let next = forPool.first; next !== undefined; next = forPool.first) {
      if (!enterPool(next.values)) break;
      next.admit();
    }
  },
};

// ---- Turns of the event loop

/** The last slice of a turn begins within this time, in milliseconds. */
const longestTurn = 0.6;
const forTurns = new Queue();
let isTurnAhead = false;
let began = 0;
/** The number of calls that may still be admitted in this turn: those that waited when it began. */
let left = 0;

/** Slices that run in turns of the event loop. All other events are handled between two turns. */
export const turns: Lane = {
  enter(values, watch) {
    const admission = forTurns.wait(values, watch);
    if (!isTurnAhead) expectTurn();
    return admission;
  },
  leave: goOn,
};

function expectTurn(): void {
  isTurnAhead = true;
  void nextTurn().then(() => {
    began = now();
    left = forTurns.length;
    goOn();
  });
}

/** Admits the next call: in this turn while there is time, otherwise in the next one. */
function goOn(): void {
  const next = forTurns.first;
  if (next === undefined) isTurnAhead = false;
  else if (now() - began < longestTurn && left-- > 0) next.admit();
  else expectTurn();
}
