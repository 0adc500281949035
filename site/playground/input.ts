// From texts to the arguments of a call.
import { type Encoding, infoOf, type LossName, type Reduction } from "./losses.js";
import { initial, type State } from "./state.js";

/** Options of a constructor. */
export interface Options {
  readonly margin?: number;
  readonly power?: number;
  readonly labels?: Encoding;
  readonly classWeight?: readonly number[];
  readonly ignoreClass?: number;
  readonly reduction?: Reduction;
}

/** A call of the library. */
export interface Input {
  readonly loss: LossName;
  /** Those that are not the default. */
  readonly options: Options;
  readonly yTrue: readonly number[] | readonly (readonly number[])[];
  readonly yPred: readonly (readonly number[])[];
  readonly sampleWeight: readonly number[] | null;
}

/** A text that is no number, with a message in the form of the library's. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** Reads a number as JavaScript writes it, NaN and infinities among them. */
export function numberOf(text: string, place: string): number {
  const trimmed = text.trim();
  const value = Number(trimmed);
  if (trimmed !== "" && (!Number.isNaN(value) || trimmed === "NaN")) return value;
  const received = trimmed === "" ? "nothing" : JSON.stringify(text);
  throw new InputError(`${place}: expected a number, received ${received}`);
}

const listOf = (texts: readonly string[], name: string) =>
  texts.map((text, i) => numberOf(text, `${name}[${i}]`));

const gridOf = (grid: State["yPred"], name: string) =>
  grid.map((row, i) => listOf(row, `${name}[${i}]`));

/** Splits numbers with commas, semicolons or spaces between them. */
const separated = (text: string) => text.trim().split(/[\s,;]+/);

/** Reads a parameter, unless the loss does not have it or it is the default. */
function parameterOf(state: State, name: "margin" | "power"): Options {
  const text = state[name];
  if (!infoOf(state.loss).parameters.includes(name) || text.trim() === "") return {};
  const value = numberOf(text, name);
  return value === 1 ? {} : { [name]: value };
}

/** Reads an option that is absent if its text is empty. */
const optionOf = (text: string, read: () => Options) => (text.trim() === "" ? {} : read());

/** Returns the options of the constructor that are not the default. */
function optionsOf(state: State): Options {
  const { loss, labels, classWeight, ignoreClass, reduction } = state;
  return {
    ...parameterOf(state, "margin"),
    ...parameterOf(state, "power"),
    ...(labels !== infoOf(loss).encodings[0] && { labels }),
    ...optionOf(classWeight, () => ({
      classWeight: listOf(separated(classWeight), "classWeight"),
    })),
    ...optionOf(ignoreClass, () => ({
      ignoreClass: numberOf(ignoreClass, "ignoreClass"),
    })),
    ...(reduction !== initial.reduction && { reduction }),
  };
}

/**
 * Reads what was entered.
 *
 * @throws InputError if a text is no number.
 */
export function readInput(state: State): Input {
  const { loss, labels, sampleWeight } = state;
  const yTrue = labels === "sparse" ? state.yTrue.map(([id]) => id as string) : undefined;
  return {
    loss,
    options: optionsOf(state),
    yTrue: yTrue === undefined ? gridOf(state.yTrue, "yTrue") : listOf(yTrue, "yTrue"),
    yPred: gridOf(state.yPred, "yPred"),
    sampleWeight: sampleWeight && listOf(sampleWeight, "sampleWeight"),
  };
}
