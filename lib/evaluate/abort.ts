// Abort signals, heard by calls that wait in a queue.

interface Listener {
  readonly watches: Set<Watch>;
  readonly hear: () => void;
}

/**
 * One listener per signal serves all waiting calls: Node warns of more than ten listeners, and goes
 * through all of them whenever one is added or removed.
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
    listeners.delete(signal);
    for (const each of watches) each.hear();
  };
  signal.addEventListener("abort", hear, { once: true });
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
  /** Removes the call from the queue in which it waits, if it does. */
  leave: (() => void) | undefined;
  readonly #signal: AbortSignal | undefined;
  #isListening = false;
  #hasHeard = false;
  #reject: ((reason: unknown) => void) | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** Throws the signal's reason if it has fired. */
  throwIfAborted(): void {
    if (this.#hasHeard || this.#signal?.aborted === true) throw this.#signal?.reason;
  }

  /** Listens from now on. Only calls that wait need to. */
  listen(): void {
    if (this.#signal === undefined || this.#isListening) return;
    listen(this.#signal, this);
    this.#isListening = true;
  }

  /** Ends the call if it waits. Otherwise a slice is being computed, and the call ends after it. */
  hear(): void {
    this.#hasHeard = true;
    if (this.leave === undefined) return;
    this.leave();
    this.leave = undefined;
    try {
      this.throwIfAborted();
    } catch (reason) {
      this.#reject?.(reason);
    }
  }

  /**
   * Returns the promise of the call, which rejects as soon as the signal fires while the call
   * waits. `call` itself then never settles: a chain of rejections from the queue up to here would
   * take several times as long, and a signal can stop a thousand calls at once.
   */
  guard<T>(call: Promise<T>): Promise<T> {
    if (this.#signal === undefined) return call;
    return new Promise<T>((resolve, reject) => {
      this.#reject = reject;
      // If removing the listener throws, that is the error of the call.
      call.finally(() => this.#stop()).then(resolve, reject);
    });
  }

  /** Stops listening, so that a signal that outlives many calls keeps none of them alive. */
  #stop(): void {
    if (this.#signal === undefined || !this.#isListening) return;
    this.#isListening = false;
    unlisten(this.#signal, this);
  }
}
