// The queue, as drivers use it.
import { setTimeout } from "node:timers/promises";
import type { Address } from "./address.js";
import { type BullFlow, type BullJob, type BullQueue, type FlowJob, loadBull } from "./bullmq.js";
import { checkReachable } from "./reach.js";

/** All runs share one queue, so that workers take any of them. */
export const queueName = "maxmargin";

/** A worker that listens, by what its name says. */
export interface SeenWorker {
  readonly version: string;
  readonly host: string;
}

/** Names a worker, so that drivers see its version. Databases limit the length and characters. */
export const workerName = (version: string, host: string, pid: number) =>
  `${version}/${host.replaceAll(/[^\w.-]/g, "_").slice(0, 24)}/${pid}`;

function readWorkerName(name: string): SeenWorker {
  const [version = "", ...host] = name.split("/");
  return { version, host: host.join("/") };
}

/** How long connections may take to close, in milliseconds. */
const closing = 1000;

/** Connections to a queue. */
export class Client {
  readonly address: Address;
  readonly #queue: BullQueue;
  readonly #flow: BullFlow;

  private constructor(address: Address) {
    const { Queue, FlowProducer } = loadBull(address.kind);
    const connection = { connection: address.options };
    this.address = address;
    this.#queue = new Queue(queueName, connection);
    this.#flow = new FlowProducer(connection);
    // Nobody else hears them: whoever waits sees that there is no answer.
    for (const part of [this.#queue, this.#flow]) part.on("error", () => {});
  }

  /**
   * Connects to a queue.
   *
   * @throws QueueError if it does not answer.
   */
  static async open(address: Address): Promise<Client> {
    await checkReachable(address);
    return new Client(address);
  }

  job<T>(id: string): Promise<BullJob<T> | undefined> {
    return this.#queue.getJob<T>(id);
  }

  async add(flow: FlowJob): Promise<void> {
    await this.#flow.add(flow);
  }

  /** Returns the workers that listen; undefined if the database does not tell. */
  async workers(): Promise<readonly SeenWorker[] | undefined> {
    const clients = await this.#queue.getWorkers();
    if (clients.some(({ rawname }) => rawname === undefined)) return undefined;
    return clients.map(({ rawname = "" }) => readWorkerName(rawname.split(":w:")[1] ?? ""));
  }

  async close(): Promise<void> {
    const parts = [this.#queue, this.#flow];
    const over = new AbortController();
    const closed = Promise.allSettled(parts.map((part) => part.close()));
    const late = setTimeout(closing, "late", { signal: over.signal }).catch(() => "over");
    if ((await Promise.race([closed, late])) === "late") {
      await Promise.allSettled(parts.map((part) => part.disconnect()));
    }
    over.abort();
  }
}
