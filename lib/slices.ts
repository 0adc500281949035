import { isSharedArrayBuffer } from "node:util/types";
import type { Watch } from "./abort.js";
import { parts } from "./backend.js";
import { bytesOf, type Stored, storedIn } from "./cast.js";
import { wrongValue } from "./errors.js";
import { lookBinary, rowsOfGroup } from "./fallback.js";
import { asIs, isAsIs, type Sums } from "./kernels.js";
import { Frame, type Operation, valuesOfRow } from "./parts.js";
import { type Lane, now, pool, turns } from "./queue.js";
import type { RowTensor } from "./tensor.js";

/** Values of a tensor, found again when some time has passed and foreign code has run. */
export class Operand {
  readonly #code: number;
  readonly #buffer: ArrayBufferLike;
  readonly #byteOffset: number;
  readonly #length: number;
  readonly #argument: string;
  /** Whether nobody can take the memory away while another thread reads it. */
  readonly isLasting: boolean;

  /**
   * @param argument - its name in messages.
   * @param isOwn - whether nobody else has the tensor's buffer.
   */
  constructor(tensor: RowTensor, argument: string, isOwn: boolean) {
    this.#code = tensor.code;
    this.#buffer = tensor.data.buffer;
    this.#byteOffset = tensor.data.byteOffset;
    this.#length = tensor.rows * tensor.width;
    this.#argument = argument;
    this.isLasting = isOwn || isSharedArrayBuffer(this.#buffer);
  }

  /** @throws RangeError if the buffer was detached or has shrunk. */
  view(begin: number, end: number): Stored {
    const size = bytesOf(this.#code);
    const left = Math.floor((this.#buffer.byteLength - this.#byteOffset) / size);
    if (left < this.#length) {
      throw wrongValue(
        this.#argument,
        `its ${this.#length} values until the promise is settled`,
        left > 0 ? `${left}` : "none (was the buffer detached?)",
      );
    }
    return storedIn(this.#code, this.#buffer, this.#byteOffset + begin * size, end - begin);
  }
}

/** One operation on a whole batch. */
export interface Work {
  readonly operation: Operation;
  readonly kind: number;
  readonly rows: number;
  readonly width: number;
  readonly dtypes: number;
  readonly divisor: number;
  /** In the order in which the operation takes them. */
  readonly operands: readonly (Operand | undefined)[];
}

/** Where slices are computed, how many values the first one has, and how long the others shall take. */
interface Pace {
  readonly lane: Lane;
  readonly values: number;
  readonly milliseconds: number;
}

const atOnce: Lane = { enter: () => undefined, leave() {} };

/** Batches of up to `most` values are computed at once. Slices aim below the 2 ms that are promised: machines are not even. */
const onEventLoop = (values: number, most: number): Pace =>
  values > most
    ? { lane: turns, values: most, milliseconds: 1.2 }
    : { lane: atOnce, values, milliseconds: Infinity };

/** A slice in another thread is not stopped once it has begun: a signal is heard when it is over. */
const inBackground: Pace = { lane: pool, values: 2 ** 20, milliseconds: 3 };

/** Rows to be computed in slices. */
interface Job {
  readonly rows: number;
  readonly width: number;
  readonly pace: Pace;
  /** Computes a slice, and returns how many milliseconds that took. */
  compute(first: number, end: number): number | Promise<number>;
  /** Whether the slice that was computed last makes all void, and they have to be computed anew. */
  restarts?(): boolean;
}

/** Slices begin where groups do, and are as long as the time that the last one took suggests. */
async function computeSlices({ rows, width, pace, ...job }: Job, watch: Watch): Promise<void> {
  const group = rowsOfGroup(width);
  let { values } = pace;
  for (let first = 0; first < rows; ) {
    const groups = Math.max(1, Math.floor(values / (group * width)));
    const end = Math.min(first + groups * group, rows);
    values = (end - first) * width;
    const admission = pace.lane.enter(values, watch);
    if (admission !== undefined) await admission;
    let milliseconds = 0;
    try {
      watch.throwIfAborted();
      const result = job.compute(first, end);
      milliseconds = typeof result === "number" ? result : await result;
    } finally {
      pace.lane.leave(values, milliseconds);
    }
    values *= Math.min(4, pace.milliseconds / milliseconds);
    first = job.restarts?.() ? 0 : end;
  }
}

/** Returns how many milliseconds `compute` takes. */
function timed(compute: () => void): number {
  const start = now();
  compute();
  return now() - start;
}

/** Computes the operation of `Kernels` with that name. */
export async function computeInSlices(work: Work, watch: Watch): Promise<Sums> {
  const { operation, rows, width, operands } = work;
  const { compute, background, valuesAtOnce } = parts();
  const n = rows * width;
  const areLasting = operands.every((operand) => operand === undefined || operand.isLasting);
  const inOtherThread = areLasting && n > valuesAtOnce ? background : undefined;
  const frame = new Frame(kindOf(work), width, work.dtypes, work.divisor);
  const job: Job = {
    rows,
    width,
    pace: inOtherThread === undefined ? onEventLoop(n, valuesAtOnce) : inBackground,
    compute(first, end) {
      const views = operands.map((operand, place) => {
        const each = valuesOfRow(operation, place, width);
        return operand?.view(first * each, end * each);
      });
      return inOtherThread === undefined
        ? timed(() => compute(operation, frame, views))
        : inOtherThread(operation, frame, views).then(() => frame.milliseconds);
    },
    restarts() {
      if (isAsIs(frame.kind) || frame.isBinary) return false;
      frame.restartAsIs();
      return true;
    },
  };
  await computeSlices(job, watch);
  if (n > valuesAtOnce) watch.throwIfAborted();
  return frame.sums;
}

/** Labels that do not look like 0/1 are none; for others each slice tells. */
function kindOf({ operation, kind, rows, width, operands }: Work): number {
  const mayBeBinary =
    operation !== "columnTotal" && lookBinary(kind, (operands[0] as Operand).view(0, rows * width));
  return mayBeBinary ? kind : kind | asIs;
}

/** Writes zeros to an operand of n values. */
export async function fillInSlices(operand: Operand, n: number, watch: Watch): Promise<void> {
  const compute = (first: number, end: number) =>
    timed(() => operand.view(first, end).fill(0 as never));
  const pace = onEventLoop(n, parts().valuesAtOnce);
  await computeSlices({ rows: n, width: 1, pace, compute }, watch);
}
