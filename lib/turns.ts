import { nextTurn } from "./surroundings.js";

/** The last turn that somebody waits for. */
let last: Promise<void> | undefined;

/**
 * Waits for a turn of the event loop. There is one at a time, however many wait: between two of them whatever else has
 * happened is attended to.
 */
export function turn(): Promise<void> {
  const own = last === undefined ? nextTurn() : last.then(nextTurn);
  last = own;
  void own.then(() => {
    if (last === own) last = undefined;
  });
  return own;
}
