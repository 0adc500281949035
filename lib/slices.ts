import { isSharedArrayBuffer } from "node:util/types";
import { parts } from "./backend.js";
import { bytesOf, type Stored, storedIn } from "./cast.js";
import { wrongValue } from "./errors.js";
import { lookBinary, rowsOfGroup } from "./fallback.js";
import { asIs, isAsIs, type Sums } from "./kernels.js";
import { Frame, type Operation, type Parts, type Views, valuesOfRow } from "./parts.js";
import { now } from "./surroundings.js";
import type { RowTensor } from "./tensor.js";
import { turn } from "./turns.js";

/** What takes too short to be worth a turn, and where the search for the size of a slice begins. */
const valuesAtFirst = 65536;
/** How long a slice on the event loop shall be. Below the 2 ms that are promised, as machines are not even. */
const milliseconds = 1.2;
/** How long a slice in the background may be: a signal is heard after some milliseconds. */
const valuesInBackground = 2 ** 24;

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

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw signal.reason;
}

/** What the operation of `Kernels` with that name gives. Slices begin where groups do. */
export async function computeInSlices(work: Work, signal: AbortSignal | undefined): Promise<Sums> {
  const { operation, rows, width, operands } = work;
  const how = parts();
  const frame = new Frame(kindOf(work), width, work.dtypes, work.divisor);
  const pace = paceOf(how, work);
  for (let first = 0; first < rows; ) {
    if (pace.takesTurns) await turn();
    throwIfAborted(signal);
    const end = Math.min(first + pace.rows, rows);
    const views = operands.map((operand, place) => {
      const each = valuesOfRow(operation, place, width);
      return operand?.view(first * each, end * each);
    });
    await pace.compute(operation, frame, views);
    if (isAsIs(frame.kind) || frame.isBinary) {
      first = end;
    } else {
      frame.restartAsIs();
      first = 0;
    }
  }
  if (pace.isLong) throwIfAborted(signal);
  return frame.sums;
}

/** Labels that do not look like 0/1 are none; for others each slice tells. */
function kindOf({ operation, kind, rows, width, operands }: Work): number {
  const mayBeBinary =
    operation !== "columnTotal" && lookBinary(kind, (operands[0] as Operand).view(0, rows * width));
  return mayBeBinary ? kind : kind | asIs;
}

/** How a batch is cut, and where it is computed. */
interface Pace {
  /** Whether each slice waits for a turn of the event loop. */
  readonly takesTurns: boolean;
  /** Whether other code may run before the end. */
  readonly isLong: boolean;
  /** Of the next slice. */
  readonly rows: number;
  compute(operation: Operation, frame: Frame, views: Views): Promise<void> | undefined;
}

function paceOf({ compute, background }: Parts, { rows, width, operands }: Work): Pace {
  const group = rowsOfGroup(width);
  const rowsFor = (values: number) => Math.max(1, Math.floor(values / (group * width))) * group;
  const isLong = rows * width > valuesAtFirst;
  const areLasting = operands.every((operand) => operand === undefined || operand.isLasting);
  if (isLong && areLasting && background !== undefined) {
    const rows = rowsFor(valuesInBackground);
    return { takesTurns: false, isLong, rows, compute: background };
  }
  let values = valuesAtFirst;
  return {
    takesTurns: isLong,
    isLong,
    get rows() {
      return rowsFor(values);
    },
    compute(operation, frame, views) {
      const start = now();
      compute(operation, frame, views);
      values *= Math.min(4, milliseconds / (now() - start));
      return undefined;
    },
  };
}
