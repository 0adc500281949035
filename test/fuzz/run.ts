// One call of a program: what it gives, and whether it leaves, moves and writes the memory that it should.
import type { Tensor } from "maxmargin";
import { dataOf } from "../support/data.js";
import { type Answer, answerOf } from "./answers.js";
import type { Given } from "./given.js";
import { mayHaveWrongLabels } from "./labels.js";
import { type Placed, placed } from "./operands.js";
import type { ExactAnswer } from "./oracle.js";
import type { Program } from "./program.js";
import type { Call, Result } from "./subjects.js";
import { hasWrongMask } from "./weighting.js";

/** Why calls are stopped. */
const reason = { why: "enough" };

/** A signal that fires after some turns of the event loop, or never. */
export function signalOf(abortAfter: number | undefined): AbortSignal | undefined {
  if (abortAfter === undefined) return undefined;
  const controller = new AbortController();
  const wait = (turns: number): void => {
    if (turns === 0) controller.abort(reason);
    else setImmediate(() => wait(turns - 1));
  };
  if (abortAfter !== Infinity) wait(abortAfter);
  return controller.signal;
}

/** The memory around an array. */
const around = ({ buffer, byteOffset, byteLength }: Tensor["data"]) =>
  [
    new Uint8Array(buffer, 0, byteOffset).join(),
    new Uint8Array(buffer, byteOffset + byteLength).join(),
  ].join();

export class Run {
  readonly mistakes: string[] = [];
  readonly #call: Call;
  readonly #program: Program;
  readonly #exact: ExactAnswer | undefined;
  readonly #given: Given;
  readonly #out: Placed | undefined;

  constructor(call: Call, program: Program, exact: ExactAnswer | undefined, given: Given) {
    this.#call = call;
    this.#program = program;
    this.#exact = exact;
    this.#given = given;
    const written = call.writes && exact?.[call.writes];
    if (written === undefined) return;
    this.#out = placed(dataOf(written.dtype, new Float64Array(written.values.length)), program.out);
  }

  get #moves(): boolean {
    return this.#call.isAsync && this.#program.background.way === "transfer";
  }

  /** Undefined if the signal stopped the call. */
  async answer(signal: AbortSignal | undefined): Promise<Answer | undefined> {
    const before = this.#out && around(this.#out.array);
    const isStopped = signal?.aborted === true;
    try {
      const promised = this.#begin(signal);
      const isUnderWay = this.#exact !== undefined && !isStopped;
      const isLate = hasWrongMask(this.#program) || mayHaveWrongLabels(this.#program);
      if (this.#moves && (isUnderWay || !isLate)) {
        const given = this.#given;
        this.mistakes.push(...(isUnderWay ? given.leftBehind() : given.changes()));
      }
      const result = await promised;
      if (isStopped) this.mistakes.push("an answer in spite of the signal");
      if (this.#moves) this.mistakes.push(...this.#given.lost(result));
      this.#checkOut(result, before);
      return answerOf(this.#exact?.value.dtype ?? "float32", result);
    } catch (error) {
      if (error === reason && signal?.aborted === true) return undefined;
      return { error: this.#shownError(error) };
    }
  }

  /** Of two arguments that are wrong, a gradient names the mask, and a value may name the labels. */
  #shownError(error: unknown): string {
    const text = String(error);
    const isEither = hasWrongMask(this.#program) && mayHaveWrongLabels(this.#program);
    return isEither
      ? text.replace(/^RangeError: (mask|yTrue).*/, "RangeError: mask or yTrue")
      : text;
  }

  #begin(signal: AbortSignal | undefined): Result | Promise<Result> {
    const { yTrue, yPred, weighting } = this.#given;
    return this.#call.run(this.#program, yTrue, yPred, {
      ...weighting,
      ...(this.#out !== undefined && { out: this.#out.array as never }),
      ...(signal !== undefined && { signal }),
      ...(this.#moves && { transfer: true }),
    });
  }

  #checkOut(result: Result, before: string | undefined): void {
    const { writes } = this.#call;
    if (writes === undefined || this.#out === undefined) return;
    const { data } = result[writes] as Tensor;
    if (!this.#moves && data !== this.#out.array) this.mistakes.push("the result is not in out");
    if (around(data) !== before) this.mistakes.push("something was written beside out");
  }
}
