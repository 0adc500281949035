// What can be seen of an answer, and how it compares with another one and with the oracle's.
import type { FloatDtype, Tensor } from "maxmargin";
import { roundedTo, valuesOf } from "../support/data.js";
import { isRight } from "./bounded.js";
import type { Exact, ExactAnswer } from "./oracle.js";
import { sameShape } from "./shapes.js";
import type { Result } from "./subjects.js";

interface Part {
  readonly dtype: string;
  /** Undefined for a number. */
  readonly shape: readonly number[] | undefined;
  readonly bits: Buffer;
  /** Which few have to see. */
  numbers(): readonly number[];
}

const keys = ["value", "gradient"] as const;

/** An error, or parts of the result. */
export interface Answer {
  readonly error?: string;
  readonly value?: Part;
  readonly gradient?: Part;
}

export function answerOf(dtype: FloatDtype, { value, gradient }: Result): Answer {
  return {
    ...(value !== undefined && { value: partOf(dtype, value) }),
    ...(gradient !== undefined && { gradient: partOf(dtype, gradient) }),
  };
}

function partOf(own: FloatDtype, result: number | Tensor): Part {
  if (typeof result === "number") {
    // As text, which tells all numbers apart: the bits of a number that is NaN are the engine's affair.
    const bits = Buffer.from(Object.is(result, -0) ? "-0" : String(result));
    return { dtype: own, shape: undefined, bits, numbers: () => [result] };
  }
  const { dtype, shape, data } = result;
  const { buffer, byteOffset, byteLength } = data;
  const bits = Buffer.from(buffer, byteOffset, byteLength);
  return { dtype, shape, bits, numbers: () => valuesOf(dtype, data) };
}

const shownKind = ({ dtype, shape }: Part | Exact) => `${dtype} [${shape ?? "number"}]`;

/** How an answer differs from JavaScript's, as far as both have the same parts. */
export function differences(first: Answer, answer: Answer): string[] {
  if (first.error !== answer.error) {
    return [`${answer.error ?? "an answer"}, but JavaScript: ${first.error ?? "an answer"}`];
  }
  return keys.flatMap((key) => {
    const [own, other] = [answer[key], first[key]];
    if (own === undefined || other === undefined) return [];
    if (shownKind(own) !== shownKind(other)) {
      return [`${key}: ${shownKind(own)}, but JavaScript: ${shownKind(other)}`];
    }
    if (own.bits.equals(other.bits)) return [];
    const [values, others] = [own.numbers(), other.numbers()];
    const i = values.findIndex((value, i) => !Object.is(value, others[i]));
    if (i < 0) return [`${key}: other bits of a NaN than in JavaScript`];
    return [`${key} ${i}: ${values[i]}, but JavaScript: ${others[i]}`];
  });
}

/** What of an answer is wrong; without `exact` it has to be an error. */
export function wrongNumbers(exact: ExactAnswer | undefined, answer: Answer): string[] {
  const { error } = answer;
  if (exact === undefined) {
    if (error === undefined) return ["an answer, where the oracle has none"];
    return /^(TypeError|RangeError): /.test(error) ? [] : [`no error of ours: ${error}`];
  }
  if (error !== undefined) return [`${error}, where the oracle has an answer`];
  return keys.flatMap((key) => {
    const part = answer[key];
    if (part === undefined) return [];
    const wrong = wrongValues(exact[key] as Exact, part);
    const zeros = key === "gradient" ? zerosBelow0(part) : [];
    return [...wrong, ...zeros].map((each) => `${key} ${each}`);
  });
}

/** No slope is one, but where small ones are rounded to 16 bits. */
function zerosBelow0({ dtype, numbers }: Part): string[] {
  if (dtype !== "float32" && dtype !== "float64") return [];
  const i = numbers().findIndex((slope) => Object.is(slope, -0));
  return i < 0 ? [] : [`${i}: -0`];
}

function wrongValues(exact: Exact, part: Part): string[] {
  const { dtype, shape } = part;
  const numbers = part.numbers();
  const isOfShape =
    shape === undefined || exact.shape === undefined
      ? shape === exact.shape
      : sameShape(shape, exact.shape);
  if (dtype !== exact.dtype || !isOfShape || numbers.length !== exact.values.length) {
    return [`${shownKind(part)}, but the oracle: ${shownKind(exact)}`];
  }
  return exact.values.flatMap((bounded, i) => {
    const got = numbers[i];
    const isRounded = Object.is(roundedTo(exact.dtype, got, "float64"), got);
    if (isRounded && isRight(exact.dtype, got, bounded)) return [];
    return [`${i}: ${got}, but the oracle: ${bounded.value} ± ${bounded.error}`];
  });
}
