/** As it is when the library is loaded: that of fake timers would never come. */
const { setImmediate } = globalThis;

let last: Promise<void> = Promise.resolve();

/**
 * Waits for a turn of the event loop. There is one at a time, however many wait: between two of them whatever else has
 * happened is attended to.
 */
export function turn(): Promise<void> {
  last = last.then(() => new Promise((resolve) => setImmediate(resolve)));
  return last;
}
