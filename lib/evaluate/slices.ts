import { isSharedArrayBuffer } from "node:util/types";
import { backendForSlices } from "../backend/backend.js";
import { type Call, type Operand, type RowRange, rowsOfGroup } from "../backend/call.js";
import type { Backend, Evaluated } from "../backend/interface.js";
import { newTotals, type Totals } from "../backend/totals.js";
import { wrongValue } from "../errors.js";
import { bytesOf, type RawArray, rawArrayIn } from "../tensor/cast.js";
import type { Watch } from "./abort.js";
import { inPool, inTurn, now, valuesOfPlace } from "./queue.js";

/** Operands of a call by the names that messages give them. */
const argumentNames = {
  labels: "yTrue",
  predictions: "yPred",
  weights: "sampleWeight",
  mask: "mask",
  losses: "out",
  gradient: "out",
} as const;

type OperandName = keyof typeof argumentNames;

/** Memory of an operand, found again when time has passed and user code has run. */
class Memory {
  readonly #operand: Operand;
  readonly #buffer: ArrayBufferLike;
  readonly #byteOffset: number;
  readonly #length: number;
  readonly #argument: string;

  constructor(operand: Operand, argument: string) {
    const { values } = operand;
    this.#operand = operand;
    this.#buffer = values.buffer;
    this.#byteOffset = values.byteOffset;
    this.#length = values.length;
    this.#argument = argument;
  }

  /** Whether nobody can take the memory away while another thread reads it. */
  isLasting(isOwn: boolean): boolean {
    return isOwn || isSharedArrayBuffer(this.#buffer);
  }

  /** Returns the operand with a new view of its memory. Throws a RangeError if a buffer was detached or has shrunk. */
  operand(): Operand {
    const { code } = this.#operand;
    const left = Math.floor((this.#buffer.byteLength - this.#byteOffset) / bytesOf(code));
    if (left < this.#length) {
      throw wrongValue(
        this.#argument,
        `its ${this.#length} values until the promise is settled`,
        left > 0 ? `${left}` : "none (was the buffer detached?)",
      );
    }
    const values: RawArray = rawArrayIn(code, this.#buffer, this.#byteOffset, this.#length);
    return { ...this.#operand, values };
  }
}

/** A call whose operands are found again before every slice. */
class LiveCall {
  readonly call: Call;
  readonly #memories: readonly (readonly [OperandName, Memory])[];

  constructor(call: Call) {
    this.call = call;
    this.#memories = (Object.keys(argumentNames) as OperandName[]).flatMap((name) => {
      const operand = call[name];
      return operand === undefined ? [] : [[name, new Memory(operand, argumentNames[name])] as const];
    });
  }

  areLasting(isOwn: boolean): boolean {
    return this.#memories.every(([, memory]) => memory.isLasting(isOwn));
  }

  /** Returns the call on new views. */
  now(encoding: Call["encoding"]): Call {
    const operands = this.#memories.map(([name, memory]) => [name, memory.operand()] as const);
    return { ...this.call, encoding, ...Object.fromEntries(operands) };
  }
}

/** Where slices are computed, how many values the first one has, and how long the others shall take. */
interface Lane {
  readonly queue: (slice: () => Promise<void>, values: number, watch: Watch) => Promise<void>;
  readonly values: number;
  readonly milliseconds: number;
}

/** Batches of up to `most` values are computed at once. Slices aim below the 2 ms that are promised: machines vary. */
const onEventLoop = (values: number, most: number): Lane =>
  values > most
    ? { queue: inTurn, values: most, milliseconds: 1.2 }
    : { queue: (slice) => slice(), values, milliseconds: Infinity };

/** A slice in another thread is not stopped once it has begun: a signal is heard when it is over. */
const inBackground: Lane = { queue: inPool, values: valuesOfPlace, milliseconds: 3 };

/** One call of a backend, evaluated slice by slice. */
class Slices {
  readonly #live: LiveCall;
  readonly #backend: Backend;
  readonly #isInBackground: boolean;
  readonly #lane: Lane;
  readonly #watch: Watch;
  /** Whether the call is long enough for other code to run before its end. */
  readonly isLong: boolean;
  totals = newTotals();
  #encoding: Call["encoding"];
  #values: number;
  #first = 0;

  constructor(call: Call, isOwn: boolean, watch: Watch) {
    this.#live = new LiveCall(call);
    this.#backend = backendForSlices();
    this.#watch = watch;
    this.#encoding = call.encoding;
    const values = call.rows * call.width;
    const { valuesAtOnce, evaluateInBackground } = this.#backend;
    this.isLong = values > valuesAtOnce;
    this.#isInBackground =
      this.isLong && evaluateInBackground !== undefined && this.#live.areLasting(isOwn);
    this.#lane = this.#isInBackground ? inBackground : onEventLoop(values, valuesAtOnce);
    this.#values = this.#lane.values;
  }

  async run(): Promise<Totals> {
    const { rows } = this.#live.call;
    while (this.#first < rows) await this.#next(this.#range());
    if (this.isLong) this.#watch.throwIfAborted();
    return this.totals;
  }

  /** Slices begin where groups of rows do, and are as long as the time that the last one took suggests. */
  #range(): RowRange {
    const { rows, width } = this.#live.call;
    const group = rowsOfGroup(width);
    const groups = Math.max(1, Math.floor(this.#values / (group * width)));
    return { first: this.#first, end: Math.min(this.#first + groups * group, rows) };
  }

  async #next(range: RowRange): Promise<void> {
    const values = (range.end - range.first) * this.#live.call.width;
    await this.#lane.queue(
      async () => {
        const call = this.#live.now(this.#encoding);
        const { wasBinary, milliseconds } = await this.#evaluate(call, range);
        this.#values = values * Math.min(4, this.#lane.milliseconds / milliseconds);
        if (this.#encoding === "auto" && !wasBinary) this.#restart(range);
        else this.#first = range.end;
      },
      values,
      this.#watch,
    );
  }

  async #evaluate(call: Call, range: RowRange): Promise<Evaluated> {
    const background = this.#backend.evaluateInBackground?.bind(this.#backend);
    if (this.#isInBackground && background !== undefined) {
      return background(call, range, this.totals);
    }
    const start = now();
    const wasBinary = this.#backend.evaluate(call, range, this.totals);
    return { wasBinary, milliseconds: now() - start };
  }

  /** Labels of this slice are not 0 and 1, so none of the batch are: earlier slices read them wrongly. */
  #restart({ first, end }: RowRange): void {
    this.#encoding = "signed";
    if (first === 0) {
      this.#first = end;
      return;
    }
    this.#first = 0;
    this.totals = newTotals();
    const { gradient } = this.#live.call;
    if (gradient?.strides !== undefined) gradient.values.fill(0);
  }
}

/** Evaluates a call in slices, of which each waits for its turn. `isOwn`: nobody else has the memory of the operands. */
export function evaluateInSlices(call: Call, isOwn: boolean, watch: Watch): Promise<Totals> {
  return new Slices(call, isOwn, watch).run();
}
