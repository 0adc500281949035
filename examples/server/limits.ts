import { availableParallelism } from "node:os";

export interface Limits {
  /** Requests whose batches are received or computed at once. */
  readonly concurrency: number;
  /** Requests that wait for their turn. One more is refused. */
  readonly waiting: number;
  /** The largest body of numbers in binary. */
  readonly binaryBytes: number;
  /** The largest body of JSON, which is parsed in one go: meanwhile no other request is served. */
  readonly jsonBytes: number;
}

/** A batch is received after its turn has come, so memory is bounded by concurrency × bytes. */
export const defaultLimits: Limits = {
  concurrency: availableParallelism(),
  waiting: 4 * availableParallelism(),
  binaryBytes: 64 * 2 ** 20,
  jsonBytes: 2 ** 20,
};
