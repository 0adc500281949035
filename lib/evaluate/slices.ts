import { backendForSlices } from "../backend/backend.js";
import { type Call, type Operand, type RowRange, rowsOfGroup } from "../backend/call.js";
import type { Backend, Evaluated } from "../backend/interface.js";
import { newTotals, type Totals } from "../backend/totals.js";
import { wrongValue } from "../errors.js";
import { now } from "../surroundings.js";
import { bytesOf, type RawArray, rawArrayIn } from "../tensor/cast.js";
import { bufferOf, byteOffsetOf, isShared, lengthOf } from "../typed-arrays.js";
import type { Watch } from "./abort.js";
import { type Lane, pool, turns } from "./queue.js";

/** The names of a call's operands in messages. */
const argumentNames = {
  labels: "yTrue",
  predictions: "yPred",
  weights: "sampleWeight",
  mask: "mask",
  losses: "out",
  gradient: "out",
} as const;

type OperandName = keyof typeof argumentNames;

/** Memory of an operand, of which a new view is created after user code has run. */
class Memory {
  readonly #operand: Operand;
  readonly #buffer: ArrayBufferLike;
  readonly #byteOffset: number;
  readonly #length: number;
  readonly #argument: string;

  constructor(operand: Operand, argument: string) {
    const { values } = operand;
    this.#operand = operand;
    this.#buffer = bufferOf(values);
    this.#byteOffset = byteOffsetOf(values);
    this.#length = lengthOf(values);
    this.#argument = argument;
  }

  /** Whether the memory cannot be taken away while another thread reads it. */
  isLasting(isOwn: boolean): boolean {
    return isOwn || isShared(this.#buffer);
  }

  /**
   * Returns the operand with a new view of its memory. Throws a RangeError if its buffer was
   * detached or has shrunk.
   */
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

/** A call whose operands get new views before every slice. */
class LiveCall {
  readonly call: Call;
  readonly #memories: readonly (readonly [OperandName, Memory])[];

  constructor(call: Call) {
    this.call = call;
    this.#memories = (Object.keys(argumentNames) as OperandName[]).flatMap((name) => {
      const operand = call[name];
      return operand === undefined
        ? []
        : [[name, new Memory(operand, argumentNames[name])] as const];
    });
  }

  areLasting(isOwn: boolean): boolean {
    return this.#memories.every(([, memory]) => memory.isLasting(isOwn));
  }

  onNewViews(encoding: Call["encoding"]): Call {
    const operands = this.#memories.map(([name, memory]) => [name, memory.operand()] as const);
    return { ...this.call, encoding, ...Object.fromEntries(operands) };
  }
}

/** The queue of slices, the values of the first one, and the target time of the others. */
interface Pace {
  readonly lane: Lane;
  readonly values: number;
  readonly milliseconds: number;
}

const atOnce: Lane = { enter: () => undefined, leave() {} };

/**
 * Batches of up to `most` values are computed at once. The target is below the documented 2 ms,
 * because machines vary.
 */
const onEventLoop = (values: number, most: number): Pace =>
  values > most
    ? { lane: turns, values: most, milliseconds: 1.2 }
    : { lane: atOnce, values, milliseconds: Infinity };

/** A slice in another thread is not interrupted: a signal takes effect after it. */
const inBackground: Pace = { lane: pool, values: 2 ** 20, milliseconds: 3 };

/** One call of a backend that is evaluated slice by slice. */
class Job {
  /** Whether other code can run before the call ends. */
  readonly isLong: boolean;
  readonly pace: Pace;
  readonly rows: number;
  readonly width: number;
  totals = newTotals();
  readonly #live: LiveCall;
  readonly #backend = backendForSlices();
  readonly #isInBackground: boolean;
  #encoding: Call["encoding"];

  constructor(call: Call, isOwn: boolean) {
    this.#live = new LiveCall(call);
    this.#encoding = call.encoding;
    this.rows = call.rows;
    this.width = call.width;
    const values = call.rows * call.width;
    const { valuesAtOnce, evaluateInBackground } = this.#backend;
    this.isLong = values > valuesAtOnce;
    this.#isInBackground =
      this.isLong && evaluateInBackground !== undefined && this.#live.areLasting(isOwn);
    this.pace = this.#isInBackground ? inBackground : onEventLoop(values, valuesAtOnce);
  }

  /** Evaluates rows, and returns how long that took. */
  evaluate(range: RowRange): Evaluated | Promise<Evaluated> {
    const call = this.#live.onNewViews(this.#encoding);
    if (this.#isInBackground) {
      return (this.#backend as Required<Backend>).evaluateInBackground(call, range, this.totals);
    }
    const start = now();
    const wasBinary = this.#backend.evaluate(call, range, this.totals);
    return { wasBinary, milliseconds: now() - start };
  }

  /**
   * Returns whether earlier slices are void: if a label of the last slice is neither 0 nor 1,
   * labels of the whole batch are used unchanged, and earlier slices converted them.
   */
  restarts({ first }: RowRange, wasBinary: boolean): boolean {
    if (this.#encoding !== "auto" || wasBinary) return false;
    this.#encoding = "signed";
    if (first === 0) return false;
    this.totals = newTotals();
    const { gradient } = this.#live.call;
    if (gradient?.strides !== undefined) gradient.values.fill(0);
    return true;
  }
}

/**
 * Evaluates a call in slices, each of which waits for its turn. Slices begin where groups of rows
 * begin. Their length follows from the time of the last one.
 *
 * @param isOwn - whether the call owns the memory of its operands.
 */
export async function evaluateInSlices(call: Call, isOwn: boolean, watch: Watch): Promise<Totals> {
  const job = new Job(call, isOwn);
  const { rows, width, pace } = job;
  const group = rowsOfGroup(width);
  let { values } = pace;
  for (let first = 0; first < rows; ) {
    const groups = Math.max(1, Math.floor(values / (group * width)));
    const range = { first, end: Math.min(first + groups * group, rows) };
    values = (range.end - first) * width;
    const admission = pace.lane.enter(values, watch);
    if (admission !== undefined) await admission;
    let milliseconds = 0;
    try {
      watch.throwIfAborted();
      const result = job.evaluate(range);
      const evaluated = result instanceof Promise ? await result : result;
      milliseconds = evaluated.milliseconds;
      first = job.restarts(range, evaluated.wasBinary) ? 0 : range.end;
      job.totals.wasBinary = evaluated.wasBinary;
      // The results are void.
      if (!job.totals.areLabelsValid) first = rows;
    } finally {
      pace.lane.leave(values, milliseconds);
    }
    values *= Math.min(4, pace.milliseconds / milliseconds);
  }
  if (job.isLong) watch.throwIfAborted();
  return job.totals;
}
