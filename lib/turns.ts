/** As it is when the library is loaded: that of fake timers would never come. */
const { setImmediate } = globalThis;

/** The last turn that somebody waits for. */
let last: Promise<void> | undefined;

const next = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * Waits for a turn of the event loop. There is one at a time, however many wait: between two of them whatever else has
 * happened is attended to.
 */
export function turn(): Promise<void> {
  const own = last === undefined ? next() : last.then(next);
  last = own;
  void own.then(() => {
    if (last === own) last = undefined;
  });
  return own;
}
