// Abort signals, heard by calls that wait in a queue.

interface Listener {
  readonly watches: Set<Watch>;
  readonly hear: () => void;
}

/**
 * A signal has one listener for all calls that wait: Node warns of more than ten at one signal, and looks through all of them
 * whenever one is added or removed.
 */
const listeners = new WeakMap<AbortSignal, Listener>();

function listen(signal: AbortSignal, watch: Watch): void {
  const listener = listeners.get(signal);
  if (listener !== undefined) {
    listener.watches.add(watch);
    return;
  }
  const watches = new Set([watch]);
  const hear = () => {
    for (const each of watches) each.hear();
  };
  signal.addEventListener("abort", hear);
  listeners.set(signal, { watches, hear });
}

function unlisten(signal: AbortSignal, watch: Watch): void {
  const listener = listeners.get(signal);
  if (listener === undefined) return;
  listener.watches.delete(watch);
  if (listener.watches.size > 0) return;
  listeners.delete(signal);
  signal.removeEventListener("abort", listener.hear);
}

/** Watches the signal of one call, if it has one. */
export class Watch {
  /** Takes the call out of the queue in which it waits, if it does. */
  leave: (() => void) | undefined;
  readonly #signal: AbortSignal | undefined;
  #isListening = false;
  #hasHeard = false;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** @throws the signal's reason if it has fired. */
  throwIfAborted(): void {
    if (this.#hasHeard || this.#signal?.aborted === true) throw this.#signal?.reason;
  }

  /** Listens from now on. A call that never waits has no need to. */
  listen(): void {
    if (this.#signal === undefined || this.#isListening) return;
    listen(this.#signal, this);
    this.#isListening = true;
  }

  hear(): void {
    this.#hasHeard = true;
    this.leave?.();
  }

  /** Listens no longer, so that a signal that outlives many calls keeps none of them. */
  stop(): void {
    if (this.#signal === undefined || !this.#isListening) return;
    this.#isListening = false;
    unlisten(this.#signal, this);
  }
}
