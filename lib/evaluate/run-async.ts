import { Watch } from "./abort.js";
import { type CallOptions, readArguments } from "./arguments.js";
import type { Steps } from "./calls.js";
import type { Evaluation } from "./evaluation.js";
import { knownOptions, planRequest, type Settings } from "./run.js";
import { evaluateInSlices } from "./slices.js";
import { type TransferredInputs, transferred, transferredInputs } from "./transfer.js";

/** The result of an async call: `V`, or with `transfer` an object with it and the arguments. */
export type AsyncResult<V, T extends boolean> = T extends true
  ? {
      /** The result of the call. */
      readonly value: V;
    } & TransferredInputs
  : V;

/** The result of an async call for a loss with its gradient. */
export type AsyncValueAndGradient<V, T extends boolean> = T extends true
  ? V & TransferredInputs
  : V;

/** The result of an async call for a gradient alone. */
export type AsyncGradient<G, T extends boolean> = T extends true
  ? {
      /** The gradient, with the shape of the predictions. */
      readonly gradient: G;
    } & TransferredInputs
  : G;

/** The result of an evaluation, and with `transfer` the arguments. */
export interface Evaluated<Result> {
  readonly result: Result;
  readonly inputs: TransferredInputs | undefined;
}

const asyncOptions = ["signal", "transfer"];

/** Evaluates a call without blocking the event loop. */
export async function evaluateAsync<Result>(
  evaluation: Evaluation<Result>,
  settings: Settings,
  yTrue: unknown,
  yPred: unknown,
  options: CallOptions | undefined,
): Promise<Evaluated<Result>> {
  const known = knownOptions(evaluation, settings).with(asyncOptions);
  const given = readArguments(yTrue, yPred, options, known);
  const watch = new Watch(given.signal);
  watch.throwIfAborted();
  const request = planRequest(evaluation, settings, given);
  const { plan, output } = given.transfer ? transferred(request) : request;
  const steps = evaluation.steps(plan, settings.reduction, output);
  const result = await watch.guard(runInSlices(steps, given.transfer, watch));
  return { result, inputs: given.transfer ? transferredInputs(plan) : undefined };
}

async function runInSlices<Result>(
  steps: Steps<Result>,
  isOwn: boolean,
  watch: Watch,
): Promise<Result> {
  let step = steps.next();
  while (!step.done) step = steps.next(await evaluateInSlices(step.value, isOwn, watch));
  return step.value;
}

/** Returns a value, with the arguments beside it if they were transferred. */
export const asyncResult = <V>({ result, inputs }: Evaluated<V>) =>
  inputs === undefined ? result : { value: result, ...inputs };

/** Returns a value and its gradient, with the arguments beside them if they were transferred. */
export const asyncValueAndGradient = <V extends object>({ result, inputs }: Evaluated<V>) =>
  inputs === undefined ? result : { ...result, ...inputs };

/** Returns a gradient, with the arguments beside it if they were transferred. */
export const asyncGradient = <G>({ result, inputs }: Evaluated<{ readonly gradient: G }>) =>
  inputs === undefined ? result.gradient : { gradient: result.gradient, ...inputs };
