// What is fuzzed: the calls of a subject have one answer, which the oracle knows.
import {
  callAsync,
  gradient,
  gradientAsync,
  type hinge,
  type Tensor,
  type TensorLike,
  type TransferredInputs,
  valueAndGradient,
  valueAndGradientAsync,
  type WeightOptions,
} from "maxmargin";
import { functions, makeLoss } from "../support/losses.js";
import { optionsOf } from "./formula.js";
import { type ExactAnswer, exactApply, exactCall, exactFunction } from "./oracle.js";
import type { Program } from "./program.js";

/** As far as a call takes them. */
export interface Options extends WeightOptions {
  /** An array of the right dtype and length, which no type tells. */
  readonly out?: never;
  readonly signal?: AbortSignal;
  readonly transfer?: boolean;
}

/** What a call gives of its subject's answer, and what came back with it. */
export interface Result extends Partial<TransferredInputs> {
  readonly value?: number | Tensor;
  readonly gradient?: Tensor;
}

export interface Call {
  readonly name: string;
  /** What of the result is written to `out`. */
  readonly writes?: "value" | "gradient";
  readonly isAsync: boolean;
  run(
    program: Program,
    yTrue: TensorLike,
    yPred: TensorLike,
    options: Options,
  ): Result | Promise<Result>;
}

export interface Subject {
  /** Whether the calls take weights and masks. */
  readonly isWeighted: boolean;
  /** Throws a Refusal where every call has to throw. */
  exact(program: Program): ExactAnswer;
  readonly calls: readonly Call[];
}

const lossOf = ({ loss, formula, dtype, reduction }: Program) =>
  makeLoss(loss, { dtype, reduction, ...optionsOf(loss, formula) });
const functionOf = ({ loss }: Program) => functions[loss] as typeof hinge;

/** The arguments of a function, with the options of its formula. */
const withFormula = (
  { loss, formula }: Program,
  [yTrue, yPred, options]: readonly [TensorLike, TensorLike, Options],
) => [yTrue, yPred, { ...options, ...optionsOf(loss, formula) }] as const;

/** A result that is one thing, unless arguments came back with it. */
const alone = (key: "value" | "gradient", result: number | object): Result =>
  typeof result === "object" && "yTrue" in result ? (result as Result) : { [key]: result };

const synchronous = (name: string, run: Call["run"]): Call => ({ name, isAsync: false, run });
const asynchronous = (name: string, run: Call["run"]): Call => ({ name, isAsync: true, run });

/** A call, and the same with `out`. */
const twice = (writes: "value" | "gradient", call: Call): Call[] => [
  call,
  { ...call, name: `${call.name} with out`, writes },
];

export const subjects: readonly Subject[] = [
  {
    isWeighted: true,
    exact: exactApply,
    calls: [
      synchronous("value", (program, ...args) => ({ value: lossOf(program).value(...args) })),
      asynchronous("valueAsync", async (program, ...args) =>
        alone("value", await lossOf(program).valueAsync(...args)),
      ),
      ...twice(
        "gradient",
        synchronous("valueAndGradient", (program, ...args) =>
          lossOf(program).valueAndGradient(...args),
        ),
      ),
      ...twice(
        "gradient",
        asynchronous("valueAndGradientAsync", (program, ...args) =>
          lossOf(program).valueAndGradientAsync(...args),
        ),
      ),
      synchronous("gradient", (program, ...args) => ({
        gradient: lossOf(program).gradient(...args),
      })),
      asynchronous("gradientAsync", async (program, ...args) =>
        alone("gradient", await lossOf(program).gradientAsync(...args)),
      ),
    ],
  },
  {
    isWeighted: false,
    exact: exactCall,
    calls: [
      ...twice(
        "value",
        synchronous("call", (program, ...args) => ({ value: lossOf(program).call(...args) })),
      ),
      ...twice(
        "value",
        asynchronous("callAsync", async (program, ...args) =>
          alone("value", await lossOf(program).callAsync(...args)),
        ),
      ),
    ],
  },
  {
    isWeighted: false,
    exact: exactFunction,
    calls: [
      ...twice(
        "value",
        synchronous("function", (program, ...args) => ({
          value: functionOf(program)(...withFormula(program, args)),
        })),
      ),
      asynchronous("callAsync of a function", async (program, ...args) =>
        alone("value", await callAsync(functionOf(program), ...withFormula(program, args))),
      ),
      ...twice(
        "gradient",
        synchronous("valueAndGradient of a function", (program, ...args) =>
          valueAndGradient(functionOf(program), ...withFormula(program, args)),
        ),
      ),
      synchronous("gradient of a function", (program, ...args) => ({
        gradient: gradient(functionOf(program), ...withFormula(program, args)),
      })),
      asynchronous("valueAndGradientAsync of a function", (program, ...args) =>
        valueAndGradientAsync(functionOf(program), ...withFormula(program, args)),
      ),
      ...twice(
        "gradient",
        asynchronous("gradientAsync of a function", async (program, ...args) =>
          alone(
            "gradient",
            await gradientAsync(functionOf(program), ...withFormula(program, args)),
          ),
        ),
      ),
    ],
  },
];
