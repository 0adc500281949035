import type { IncomingMessage } from "node:http";
import { Counters } from "./counters.js";
import { evaluate, lossNamed } from "./evaluate.js";
import { type Announced, formatOf } from "./formats.js";
import type { Limits } from "./limits.js";
import { Slots } from "./slots.js";

/** Answers batches, in turn, and counts them. */
export class LossService {
  readonly limits: Limits;
  readonly counters = new Counters();
  readonly #slots: Slots;

  constructor(limits: Limits) {
    this.limits = limits;
    this.#slots = new Slots(limits.concurrency, limits.waiting);
  }

  /**
   * Reads the batch of a request, and computes a loss of it.
   *
   * @throws Refusal if the request is not answered; the signal's reason if it fires.
   */
  async answer(
    name: string,
    request: IncomingMessage,
    announced: Announced,
    signal: AbortSignal,
  ): Promise<object> {
    const Class = lossNamed(name);
    const readBatch = formatOf(request.headers)(request, announced, this.limits);
    // Nothing is read before the turn of the request has come: what waits takes no memory.
    return this.#slots.run(async () => {
      const batch = await this.counters.during("receive", readBatch);
      const start = performance.now();
      const loss = await this.counters.during("compute", () => evaluate(Class, batch, signal));
      const [rows] = batch.yPred.shape;
      this.counters.addBatch(rows, (performance.now() - start) / 1000);
      // JSON has no such numbers.
      return { loss: Number.isFinite(loss) ? loss : String(loss), rows };
    }, signal);
  }

  metrics(): string {
    return this.counters.toString(this.#slots.queueLength);
  }
}
