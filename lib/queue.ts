// Queues in which calls off the event loop wait, slice by slice. They are fair, and an aborted call leaves them at once.
import { performance } from "node:perf_hooks";
import * as timers from "node:timers";
import type { Watch } from "./abort.js";

// From Node's own modules, and taken at load: globals may be fake timers, which never come, by then or later.
const { setImmediate } = timers;
export const now = performance.now.bind(performance);

/** Where slices of calls wait for their turn. */
export interface Lane {
  /** Waits until a slice of so many values may begin, unless it may at once. */
  enter(values: number, watch: Watch): Promise<void> | undefined;
  /** Ends a slice that was entered: it took so long, or 0 if nothing came of it. */
  leave(values: number, milliseconds: number): void;
}

interface Waiting {
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

  /** Waits until the call is admitted: for ever if its signal fires first, as that has ended the call. */
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

/** libuv's pool has four threads by default, and files and name look-ups need some of them. */
const slicesInPool = 2;
/** More slices may be there if all of them take no longer than this together: short ones would mostly wait for each other. */
const millisecondsInPool = 2;
let slices = 0;
let valuesInPool = 0;
/** How long a value takes, about. It begins with what the slowest kernels take. */
let millisecondsOfValue = 5e-6;
const forPool = new Queue();

function enterPool(values: number): boolean {
  const milliseconds = (valuesInPool + values) * millisecondsOfValue;
  if (slices >= slicesInPool && milliseconds > millisecondsInPool) return false;
  slices++;
  valuesInPool += values;
  return true;
}

/** Jobs of libuv's pool. */
export const pool: Lane = {
  enter(values, watch) {
    if (forPool.length === 0 && enterPool(values)) return undefined;
    return forPool.wait(values, watch);
  },
  leave(values, milliseconds) {
    slices--;
    valuesInPool -= values;
    // A slice that other processes interrupted says little.
    const change = milliseconds / values / millisecondsOfValue;
    if (change > 0) millisecondsOfValue *= Math.min(2, Math.max(0.5, change));
    for (let next = forPool.first; next !== undefined; next = forPool.first) {
      if (!enterPool(next.values)) break;
      next.admit();
    }
  },
};

// ---- Turns of the event loop

/** How long slices may go on in one turn, in milliseconds, before the last one begins. */
const longestTurn = 0.6;
const forTurns = new Queue();
let isTurnAhead = false;
let began = 0;
/** How many calls may still be admitted in this turn: those that waited when it began. */
let left = 0;

/** Slices in turns of the event loop. Between two turns everything else that has happened is attended to. */
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
  setImmediate(() => {
    began = now();
    left = forTurns.length;
    goOn();
  });
}

/** Admits the next call in this turn while there is time, and otherwise in the next turn. */
function goOn(): void {
  const next = forTurns.first;
  if (next === undefined) isTurnAhead = false;
  else if (now() - began < longestTurn && left-- > 0) next.admit();
  else expectTurn();
}
