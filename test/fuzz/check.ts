// Runs a program on everything that can compute, and compares: with each other bit for bit, with the oracle by its
// bounds, and the memory around the arrays with what stood there before.
import { backend, setBackend, setNumThreads, type Tensor } from "maxmargin";
import { dataOf, roundedTo, valuesOf } from "../support/data.js";
import { argumentOf, placed } from "./operands.js";
import { type Exact, isRight, Refusal } from "./oracle.js";
import { type Program, shownProgram } from "./program.js";
import { sameShape } from "./shapes.js";
import type { Arguments, Subject } from "./subjects.js";

/** JavaScript first: what the others are held to. */
const machines: readonly { name: string; use(): void }[] = [
  { name: "js", use: () => setBackend("js") },
  ...backend().kernels.map((kernel) => ({ name: kernel, use: () => setBackend("native", kernel) })),
  { name: "auto", use: () => setBackend("auto") },
];

/** From this many values on two threads share the work. */
const fewestForThreads = 32_768;

/** What can be seen of an answer. */
interface Answer {
  readonly error?: string;
  readonly dtype: string;
  readonly shape: readonly number[] | undefined;
  readonly bits: Buffer;
  readonly numbers: readonly number[];
}

function failure(error: unknown): Answer {
  return {
    error: String(error),
    dtype: "none",
    shape: undefined,
    bits: Buffer.alloc(0),
    numbers: [],
  };
}

function answerOf(program: Program, result: number | Tensor): Answer {
  if (typeof result === "number") {
    // As text, which tells all numbers apart: the bits of a number that is NaN are the engine's affair.
    const bits = Buffer.from(Object.is(result, -0) ? "-0" : String(result));
    return { dtype: program.dtype, shape: undefined, bits, numbers: [result] };
  }
  const { dtype, shape, data } = result;
  const bits = Buffer.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return { dtype, shape, bits, numbers: valuesOf(dtype, data) };
}

/** What of a program was looked at, for whoever wants to know that enough was. */
export interface Seen {
  readonly mistakes: readonly string[];
  readonly isRefused: boolean;
  /** The values that the oracle had to leave undecided, and all. */
  readonly undecided: number;
  readonly values: number;
}

/** @param threads - with how many threads large programs are run; none for the number as it is. */
export function check(subject: Subject, program: Program, threads: readonly number[]): Seen {
  const exact = exactOf(subject, program);
  const operands = [program.labels, program.predictions, program.sampleWeight, program.mask];
  const [yTrue, yPred, sampleWeight, mask] = operands.map(
    (operand) => operand && argumentOf(operand),
  );
  const before = [yTrue, yPred, sampleWeight, mask].map((operand) => operand?.bytes.slice());
  const found: string[] = [];
  const run = (): Answer => {
    const { array, bytes } = placed(
      dataOf(exact?.dtype ?? "float32", new Float64Array(exact?.values.length ?? 0)),
      program.out,
    );
    const outside = () =>
      [bytes.slice(0, array.byteOffset), bytes.slice(array.byteOffset + array.byteLength)].join();
    const poison = outside();
    try {
      const result = subject.run(program, {
        yTrue: yTrue?.argument,
        yPred: yPred?.argument,
        weighting: { sampleWeight: sampleWeight?.argument, mask: mask?.argument },
        out: array,
      } as Arguments);
      if (subject.writes && (result as Tensor).data !== array)
        found.push("the result is not in out");
      return answerOf(program, result);
    } catch (error) {
      return failure(error);
    } finally {
      if (outside() !== poison) found.push("something was written beside out");
    }
  };
  let first: Answer | undefined;
  for (const { name, use } of machines) {
    use();
    for (const count of program.predictions.data.length < fewestForThreads ? [] : threads) {
      setNumThreads(count);
      first = compare(first, run(), `${name} with ${count} threads`, found);
    }
    first = compare(first, run(), name, found);
  }
  setBackend("auto");
  for (const [i, operand] of [yTrue, yPred, sampleWeight, mask].entries()) {
    if (operand && !Buffer.from(operand.bytes).equals(before[i] as Uint8Array)) {
      found.push(`${["yTrue", "yPred", "sampleWeight", "mask"][i]} was written to`);
    }
  }
  found.push(...wrongNumbers(exact, first as Answer));
  return {
    mistakes:
      found.length === 0
        ? []
        : [`${found.slice(0, 5).join("\n  ")}\n  in ${shownProgram(subject.name, program)}`],
    isRefused: exact === undefined,
    undecided: exact?.values.filter(({ error }) => error === Infinity).length ?? 0,
    values: exact?.values.length ?? 0,
  };
}

/** Undefined where the program is to be refused. */
function exactOf(subject: Subject, program: Program): Exact | undefined {
  try {
    return subject.exact(program);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function compare(first: Answer | undefined, answer: Answer, name: string, found: string[]): Answer {
  if (first === undefined) return answer;
  const shown = ({ error, dtype, shape }: Answer) => error ?? `${dtype} [${shape ?? "number"}]`;
  if (shown(first) !== shown(answer)) {
    found.push(`${name}: ${shown(answer)}, but JavaScript: ${shown(first)}`);
  } else if (!first.bits.equals(answer.bits)) {
    const i = first.numbers.findIndex((value, i) => !Object.is(value, answer.numbers[i]));
    const place = i < 0 ? "the bits of a NaN" : `value ${i}: ${answer.numbers[i]}`;
    found.push(`${name}, ${place}, but JavaScript: ${first.numbers[i]}`);
  }
  return first;
}

function wrongNumbers(
  exact: Exact | undefined,
  { error, dtype, shape, numbers }: Answer,
): string[] {
  if (exact === undefined) {
    if (error === undefined) return ["an answer, where the oracle has none"];
    return /^(TypeError|RangeError): /.test(error) ? [] : [`no error of ours: ${error}`];
  }
  if (error !== undefined) return [`${error}, where the oracle has an answer`];
  const isOfShape =
    shape === undefined || exact.shape === undefined
      ? shape === exact.shape
      : sameShape(shape, exact.shape);
  if (dtype !== exact.dtype || !isOfShape || numbers.length !== exact.values.length) {
    return [
      `${dtype} [${shape ?? "number"}], but the oracle: ${exact.dtype} [${exact.shape ?? "number"}]`,
    ];
  }
  return exact.values.flatMap((bounded, i) => {
    const got = numbers[i];
    const isRounded = Object.is(roundedTo(exact.dtype, got, "float64"), got);
    if (isRounded && isRight(exact.dtype, got, bounded)) return [];
    return [`value ${i}: ${got}, but the oracle: ${bounded.value} ± ${bounded.error}`];
  });
}
