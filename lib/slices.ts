import { isSharedArrayBuffer } from "node:util/types";
import type { Watch } from "./abort.js";
import { parts } from "./backend.js";
import { bytesOf, type Stored, storedIn } from "./cast.js";
import { wrongValue } from "./errors.js";
import { lookBinary, rowsOfGroup } from "./fallback.js";
import { asIs, isAsIs, type Sums } from "./kernels.js";
import { Frame, type Operation, valuesOfRow } from "./parts.js";
import { type Lane, now, pool, turns, valuesOfPlace } from "./queue.js";
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
const inBackground: Pace = { lane: pool, values: valuesOfPlace, milliseconds: 3 };

/** Rows in slices. These begin where groups do, and are as long as the time that the last one took suggests. */
class Slices {
  readonly #rows: number;
  readonly #width: number;
  readonly #pace: Pace;
  #first = 0;

  constructor(rows: number, width: number, pace: Pace) {
    this.#rows = rows;
    this.#width = width;
    this.#pace = pace;
  }

  /** Begins anew, when a slice has been computed. */
  restart(): void {
    this.#first = 0;
  }

  /** @param compute - computes a slice, and returns how many milliseconds that took. */
  async run(
    watch: Watch,
    compute: (first: number, end: number) => number | Promise<number>,
  ): Promise<void> {
    const { lane, milliseconds } = this.#pace;
    const group = rowsOfGroup(this.#width);
    let next = this.#pace.values;
    while (this.#first < this.#rows) {
      const first = this.#first;
      const groups = Math.max(1, Math.floor(next / (group * this.#width)));
      const end = Math.min(first + groups * group, this.#rows);
      const values = (end - first) * this.#width;
      this.#first = end;
      const admission = lane.enter(values, watch);
      if (admission !== undefined) await admission;
      try {
        watch.throwIfAborted();
        const taken = compute(first, end);
        const growth = milliseconds / (typeof taken === "number" ? taken : await taken);
        next = values * Math.min(4, growth);
      } finally {
        lane.leave(values);
      }
    }
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
  const frame = new Frame(kindOf(work), width, work.dtypes, work.divisor);
  const isLong = rows * width > valuesAtOnce;
  const areLasting = operands.every((operand) => operand === undefined || operand.isLasting);
  const job = isLong && areLasting ? background : undefined;
  const pace = job === undefined ? onEventLoop(rows * width, valuesAtOnce) : inBackground;
  const slices = new Slices(rows, width, pace);
  const look = () => {
    if (isAsIs(frame.kind) || frame.isBinary) return;
    frame.restartAsIs();
    slices.restart();
  };
  await slices.run(watch, (first, end) => {
    const views = operands.map((operand, place) => {
      const each = valuesOfRow(operation, place, width);
      return operand?.view(first * each, end * each);
    });
    if (job === undefined) {
      const taken = timed(() => compute(operation, frame, views));
      look();
      return taken;
    }
    return job(operation, frame, views).then(() => {
      const taken = frame.milliseconds;
      look();
      return taken;
    });
  });
  if (isLong) watch.throwIfAborted();
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
  const slices = new Slices(n, 1, onEventLoop(n, parts().valuesAtOnce));
  await slices.run(watch, (first, end) => timed(() => operand.view(first, end).fill(0 as never)));
}
