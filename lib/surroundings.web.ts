// In place of surroundings.ts in the build for browsers, workers and other runtimes without Node:
// what the library needs of them, captured at load.

/** Returns an environment variable. There are none. */
export const variable = (_name: string): string | undefined => undefined;

/** Returns the number of threads that one call can use. */
export const processors = () => 1;

const { scheduler, setTimeout, MessageChannel, performance, structuredClone } = globalThis as {
  readonly scheduler?: { yield?(): Promise<void> };
} & typeof globalThis;

/** Waits for the next turn of the event loop. Browsers delay timers that follow each other. */
export const nextTurn: () => Promise<void> =
  typeof scheduler?.yield === "function"
    ? () => scheduler.yield?.() as Promise<void>
    : typeof MessageChannel === "function"
      ? nextMessage
      : () => new Promise((resolve) => setTimeout(resolve, 0));

function nextMessage(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined);
  });
}

/** Returns a time in milliseconds. */
export const now: () => number = performance.now.bind(performance);

/** Moves buffers into new ones. */
export const moveBuffers = (buffers: ArrayBuffer[]): ArrayBuffer[] =>
  structuredClone(buffers, { transfer: buffers });
