// What is fuzzed: one entry each. An entry runs a program with the library, and tells what is right.
import type { FloatDtype, Tensor, TensorLike, Weighting } from "maxmargin";
import { classes, functions } from "../support/losses.js";
import { type Exact, exactApply, exactCall, exactFunction } from "./oracle.js";
import type { Program } from "./program.js";

/** The operands of a program, ready to be handed over. */
export interface Arguments {
  readonly yTrue: TensorLike;
  readonly yPred: TensorLike;
  readonly weighting: Weighting;
  /** An array of the right dtype and length. */
  readonly out: Tensor["data"];
}

export interface Subject {
  readonly name: string;
  /** Whether it writes to `out`, which is then its result's data. */
  readonly writes: boolean;
  run(program: Program, args: Arguments): number | Tensor;
  /** Throws a Refusal where `run` has to throw. */
  exact(program: Program): Exact;
}

const lossOf = ({ loss, dtype, reduction }: Program) => new classes[loss]({ dtype, reduction });

type Out = { out: Tensor<FloatDtype>["data"] };

export const subjects: readonly Subject[] = [
  {
    name: "apply",
    writes: false,
    run: (program, { yTrue, yPred, weighting }) => lossOf(program).apply(yTrue, yPred, weighting),
    exact: exactApply,
  },
  {
    name: "call",
    writes: false,
    run: (program, { yTrue, yPred }) => lossOf(program).call(yTrue, yPred),
    exact: exactCall,
  },
  {
    name: "call with out",
    writes: true,
    run: (program, { yTrue, yPred, out }) => lossOf(program).call(yTrue, yPred, { out } as Out),
    exact: exactCall,
  },
  {
    name: "function",
    writes: false,
    run: ({ loss }, { yTrue, yPred }) => functions[loss](yTrue, yPred),
    exact: exactFunction,
  },
  {
    name: "function with out",
    writes: true,
    run: ({ loss }, { yTrue, yPred, out }) => functions[loss](yTrue, yPred, { out } as never),
    exact: exactFunction,
  },
];
