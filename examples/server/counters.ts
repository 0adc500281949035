import type { ServerResponse } from "node:http";

/** Counts what the server does, and prints it in Prometheus's text format. */
export class Counters {
  /** Answers to batches by status. */
  readonly #answers = new Map<number, number>();
  readonly #inFlight = { receive: 0, compute: 0 };
  #aborted = 0;
  #rows = 0;
  #batches = 0;
  #seconds = 0;

  /** Counts what becomes of a response. Returns a signal that fires if its client goes away. */
  watch(response: ServerResponse): AbortSignal {
    const gone = new AbortController();
    response.once("close", () => {
      const { statusCode, writableFinished } = response;
      if (writableFinished) {
        this.#answers.set(statusCode, (this.#answers.get(statusCode) ?? 0) + 1);
      } else {
        this.#aborted++;
        gone.abort();
      }
    });
    return gone.signal;
  }

  addBatch(rows: number, seconds: number): void {
    this.#batches++;
    this.#rows += rows;
    this.#seconds += seconds;
  }

  /** Counts a task among those in flight as long as it runs. */
  async during<T>(stage: "receive" | "compute", task: () => Promise<T>): Promise<T> {
    this.#inFlight[stage]++;
    try {
      return await task();
    } finally {
      this.#inFlight[stage]--;
    }
  }

  toString(queueLength: number): string {
    const answers = [...this.#answers].map(([status, n]) => `{status="${status}"} ${n}`);
    const inFlight = Object.entries(this.#inFlight);
    const seconds = [`_sum ${this.#seconds}`, `_count ${this.#batches}`];
    return [
      family("requests_total", "counter", "Answers to batches", answers),
      family("aborted_total", "counter", "Clients that went away", [` ${this.#aborted}`]),
      family("rows_total", "counter", "Rows of computed batches", [` ${this.#rows}`]),
      family("compute_seconds", "summary", "Time to compute a batch", seconds),
      family(
        "in_flight",
        "gauge",
        "Batches by stage",
        inFlight.map(([stage, n]) => `{stage="${stage}"} ${n}`),
      ),
      family("queue_length", "gauge", "Requests that wait", [` ${queueLength}`]),
    ].join("");
  }
}

function family(name: string, type: string, help: string, samples: readonly string[]): string {
  const own = `loss_server_${name}`;
  const lines = [`# HELP ${own} ${help}.`, `# TYPE ${own} ${type}`];
  return [...lines, ...samples.map((sample) => own + sample), ""].join("\n");
}
