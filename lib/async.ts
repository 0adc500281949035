import { isSharedArrayBuffer } from "node:util/types";
import { Watch } from "./abort.js";
import { newResults, roundTo } from "./cast.js";
import { arrayLike, type FloatDtype } from "./dtypes.js";
import { described, wrongKind } from "./errors.js";
import {
  type Batch,
  kindOf,
  type LossValue,
  type Output,
  ownDtype,
  readWeighting,
  reducedLoss,
  rowLosses,
  type Weighting,
} from "./evaluate.js";
import {
  divisorsOf,
  type GradientOptions,
  shapeOfLosses,
  type ValueAndGradient,
  valueAndGradient,
} from "./gradients.js";
import { categoricalHinge, dtypesOfColumns, noSums, type Sums } from "./kernels.js";
import { wrongMask } from "./masks.js";
import { checkOptions } from "./options.js";
import type { Operation } from "./parts.js";
import { computeInSlices, fillInSlices, Operand } from "./slices.js";
import {
  checkLength,
  checkOut,
  RowTensor,
  resultTensor,
  type Tensor,
  type TensorOf,
  toTensor,
} from "./tensor.js";
import { checkArguments, type Reduction } from "./validate.js";
import { leavesTensor, quotient } from "./weights.js";

/** How a call off the event loop goes about it. */
export interface Background<T extends boolean = boolean> {
  /**
   * Stops the call: at once while it waits for others, and otherwise after some milliseconds. The promise is then rejected
   * with the signal's reason.
   */
  readonly signal?: AbortSignal;
  /**
   * Whether the buffers of all arguments move into the call, which detaches the caller's arrays as `postMessage` does, and
   * come back with the result. If the promise is rejected after that, they do not. Shared buffers stay where they are, and
   * one that cannot be moved, such as a `WebAssembly.Memory`'s, is copied.
   */
  readonly transfer?: T;
}

/** What comes back with the result of a call with `transfer`: the arguments, as tensors. */
export interface Returned {
  readonly yTrue: Tensor;
  readonly yPred: Tensor;
  /** If there were weights. */
  readonly sampleWeight?: Tensor;
  /** If there was a mask. */
  readonly mask?: Tensor;
}

/** What a promise gives: `V`, or with `transfer` an object with that and what came back. */
export type Settled<V, T extends boolean> = T extends true ? { readonly value: V } & Returned : V;

/** The same for a loss with its gradient. */
export type SettledGradient<V, T extends boolean> = T extends true ? V & Returned : V;

/** The same for a gradient alone. */
export type SettledOne<G, T extends boolean> = T extends true
  ? { readonly gradient: G } & Returned
  : G;

/** As it is when the library is loaded: what takes its place later may leave buffers where they are. */
const { structuredClone } = globalThis;

interface Inputs {
  readonly labels: RowTensor;
  readonly predictions: RowTensor;
  readonly sampleWeight?: RowTensor;
  readonly mask?: RowTensor;
  readonly out?: RowTensor;
}

/** Everything that a call can be given. */
interface Options extends Background, Weighting {
  readonly out?: unknown;
}

const namesOf: Readonly<Record<keyof Inputs, string>> = {
  labels: "yTrue",
  predictions: "yPred",
  sampleWeight: "sampleWeight",
  mask: "mask",
  out: "out",
};

function readSignal({ signal }: Background): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  const isSignal =
    typeof signal === "object" &&
    signal !== null &&
    "aborted" in signal &&
    typeof signal.addEventListener === "function";
  if (!isSignal) {
    throw wrongKind("signal", "an AbortSignal", described(signal));
  }
  return signal;
}

function readTransfer({ transfer = false }: Background): boolean {
  if (typeof transfer !== "boolean") throw wrongKind("transfer", "a boolean", described(transfer));
  return transfer;
}

/** The inputs in buffers of their own, out of which their data have moved. */
function moved(inputs: Inputs): Inputs {
  const entries = Object.entries(inputs) as [keyof Inputs, RowTensor][];
  const places = entries.map(([name, tensor]) => {
    const { data } = tensor;
    return { name, tensor, data, buffer: data.buffer, offset: data.byteOffset, n: data.length };
  });
  const buffers = [...new Set(places.map(({ buffer }) => buffer))].filter(
    (buffer): buffer is ArrayBuffer => !isSharedArrayBuffer(buffer),
  );
  let own: ArrayBuffer[];
  try {
    own = structuredClone(buffers, { transfer: buffers });
  } catch (error) {
    throw wrongKind("transfer", "buffers that can be moved", described((error as Error).message));
  }
  const ownOf = new Map<ArrayBufferLike, ArrayBuffer>(buffers.map((buffer, i) => [buffer, own[i]]));
  return Object.fromEntries(
    places.map(({ name, tensor, data, buffer, offset, n }) => {
      const own = arrayLike(data, ownOf.get(buffer) ?? buffer, offset, n);
      return [name, new RowTensor(own, tensor.shape, tensor.dtype, tensor.isNested)];
    }),
  ) as unknown as Inputs;
}

/**
 * An answer that was computed at once, with the buffers of its arguments moved only now: before, it was not known that no
 * argument is wrong.
 *
 * @param written - the result that is in `out`, if there is one.
 */
function withMoved<A extends object>(
  answer: A,
  arrays: Inputs,
  written: keyof A | undefined,
): A & Returned {
  const out = written === undefined ? undefined : (answer[written] as RowTensor);
  const inputs = moved({ ...arrays, ...(out !== undefined && { out }) });
  return {
    ...answer,
    ...(written !== undefined && { [written]: inputs.out }),
    ...returned(inputs),
  };
}

function returned({ labels, predictions, sampleWeight, mask }: Inputs): Returned {
  return {
    yTrue: labels,
    yPred: predictions,
    ...(sampleWeight !== undefined && { sampleWeight }),
    ...(mask !== undefined && { mask }),
  };
}

/** A batch whose weights and mask, if any, are one a row each, in the rows' order, on its way through the kernels. */
class Evaluation {
  readonly batch: Batch;
  /** Of the weighted losses. */
  readonly shape: readonly number[];
  readonly #inputs: Inputs;
  readonly #operands: Partial<Record<keyof Inputs, Operand>> = {};
  readonly #watch: Watch;

  constructor(
    batch: Batch,
    shape: readonly number[],
    inputs: Inputs,
    isOwn: boolean,
    watch: Watch,
  ) {
    this.batch = batch;
    this.shape = shape;
    this.#inputs = inputs;
    this.#watch = watch;
    for (const [name, tensor] of Object.entries(inputs) as [keyof Inputs, RowTensor][]) {
      this.#operands[name] = new Operand(tensor, namesOf[name], isOwn);
    }
  }

  get isWeighted(): boolean {
    return this.#inputs.sampleWeight !== undefined || this.#inputs.mask !== undefined;
  }

  /** The one that was given, or a new one. */
  outFor(size: number): { tensor: RowTensor; operand: Operand } {
    const { out } = this.#inputs;
    const given = this.#operands.out;
    if (out !== undefined && given !== undefined) return { tensor: out, operand: given };
    const { dtype } = this.batch;
    const tensor = new RowTensor(newResults(dtype, size), [size], dtype);
    return { tensor, operand: new Operand(tensor, "out", true) };
  }

  /** Results as the tensor that is handed out. */
  resultOf(results: RowTensor, shape: readonly number[]): TensorOf<FloatDtype> {
    const { dtype, predictions } = this.batch;
    const { out } = this.#inputs;
    const given = results === out ? results.data : undefined;
    return resultTensor(dtype, results.stored as never, shape, predictions, given);
  }

  /** @param outputs - the operands between predictions and weights. */
  async run(
    operation: Operation,
    outputs: readonly (Operand | undefined)[] = [],
    divisor = 1,
  ): Promise<Sums> {
    const { labels, predictions, sampleWeight, mask } = this.#operands;
    const { rows, width } = this.batch.predictions;
    const columns = operation === "total" ? [] : [sampleWeight, mask];
    // A sum of terms need not be cut into rows.
    const isFlat =
      this.batch.loss !== categoricalHinge &&
      !this.isWeighted &&
      (operation === "total" || (operation === "gradient" && outputs[1] === undefined));
    const work = {
      operation,
      kind: kindOf(this.batch),
      rows: isFlat ? rows * width : rows,
      width: isFlat ? 1 : width,
      dtypes: dtypesOfColumns(this.#inputs.sampleWeight?.code ?? 0, this.#inputs.mask?.code ?? 0),
      divisor,
      operands: [labels, predictions, ...outputs, ...columns],
    };
    const sums = await computeInSlices(work, this.#watch);
    const given = this.#inputs.mask;
    if (given !== undefined && mask !== undefined && Number.isNaN(sums.kept)) {
      throw wrongMask(given, mask.view(0, rows));
    }
    return sums;
  }

  async rowLosses(): Promise<Tensor<FloatDtype>> {
    const { tensor, operand } = this.outFor(this.batch.predictions.rows);
    await this.run("rowLosses", [operand]);
    return this.resultOf(tensor, this.shape);
  }

  async reduced(reduction: Reduction): Promise<number | Tensor<FloatDtype>> {
    if (leavesTensor(reduction)) return this.rowLosses();
    const sums = await this.run(this.isWeighted ? "weightedTotal" : "total");
    return roundTo(
      this.batch.dtype,
      quotient(sums.losses, this.#divisors(sums, reduction).ofTotal),
    );
  }

  async gradient(reduction: Reduction): Promise<ValueAndGradient<number | Tensor<FloatDtype>>> {
    const { dtype, predictions } = this.batch;
    const { rows, width, shape } = predictions;
    const out = this.outFor(rows * width);
    const columns =
      this.isWeighted && !leavesTensor(reduction) ? await this.run("columnTotal") : noSums;
    const { ofTotal, ofSlopes } = this.#divisors(columns, reduction);
    if (ofTotal === 0) {
      if (this.#inputs.out !== undefined)
        await fillInSlices(out.operand, rows * width, this.#watch);
      return { value: 0, gradient: this.resultOf(out.tensor, shape) };
    }
    const tensor = leavesTensor(reduction)
      ? new RowTensor(newResults(dtype, rows), [rows], dtype)
      : undefined;
    const losses = tensor && new Operand(tensor, "losses", true);
    const sums = await this.run("gradient", [out.operand, losses], ofSlopes);
    const value =
      tensor === undefined
        ? roundTo(dtype, sums.losses / ofTotal)
        : this.resultOf(tensor, this.shape);
    return { value, gradient: this.resultOf(out.tensor, shape) };
  }

  #divisors(sums: Sums, reduction: Reduction): ReturnType<typeof divisorsOf> {
    const columns = this.isWeighted ? sums : undefined;
    return divisorsOf(this.batch, this.shape, reduction, columns, this.#inputs.mask !== undefined);
  }
}

/** What is asked for. */
interface Request<A extends object> {
  readonly loss: number;
  readonly dtype: FloatDtype | undefined;
  /** How many results `out` has to have room for. */
  readonly outSize: (rows: number, width: number) => number;
  readonly known: readonly string[];
  /** Which result goes to `out`. */
  readonly written: keyof A;
  /** Of a batch in which something is repeated, or that is empty: at once. */
  atOnce(inputs: Inputs, out: unknown): A;
  inSlices(evaluation: Evaluation): Promise<A>;
}

async function settle<A extends object>(
  request: Request<A>,
  yTrue: unknown,
  yPred: unknown,
  options: Options = {},
): Promise<A | (A & Returned)> {
  const labels = toTensor(yTrue, "yTrue");
  const predictions = toTensor(yPred, "yPred");
  checkOptions(options, [...request.known, "signal", "transfer"]);
  const columns = request.known.includes("sampleWeight") ? readWeighting(options) : {};
  const out = request.known.includes("out") ? options.out : undefined;
  const watch = new Watch(readSignal(options));
  const transfer = readTransfer(options);
  watch.throwIfAborted();
  const dtype = request.dtype ?? ownDtype(predictions);
  const same = checkArguments(labels, predictions);
  const { sampleWeight, mask } = columns;
  if (sampleWeight !== undefined) checkLength(sampleWeight, "sampleWeight");
  if (mask !== undefined) checkLength(mask, "mask");
  const { rows, width, shape } = predictions;
  const size = request.outSize(rows, width);
  const arrays = { labels, predictions, ...columns };
  const own =
    same && rows > 0 && width > 0
      ? shapeOfLosses(shape.slice(0, -1), { sampleWeight, mask })
      : undefined;
  if (own === undefined) {
    const answer = request.atOnce(arrays, out);
    if (!transfer) return answer;
    return withMoved(answer, arrays, out === undefined ? undefined : request.written);
  }
  if (out !== undefined) checkOut(out, dtype, size, Object.values(arrays));
  const given = {
    ...arrays,
    ...(out !== undefined && { out: new RowTensor(out as never, [size], dtype) }),
  };
  const inputs = transfer ? moved(given) : given;
  const batch = {
    loss: request.loss,
    dtype,
    labels: inputs.labels,
    predictions: inputs.predictions,
  };
  const computing = request.inSlices(new Evaluation(batch, own, inputs, transfer, watch));
  return watch.guard(
    transfer ? computing.then((answer) => ({ ...answer, ...returned(inputs) })) : computing,
  );
}

/** The result alone, unless arguments came back with it. */
function resultIn<K extends string, V>(
  answer: Readonly<Record<K, V>> | (Readonly<Record<K, V>> & Returned),
  key: K,
): V | (Readonly<Record<K, V>> & Returned) {
  return "yTrue" in answer ? answer : answer[key];
}

/** `reducedLoss` off the event loop. */
export async function reducedLossAsync<
  R extends Reduction,
  D extends FloatDtype,
  T extends boolean,
>(
  loss: number,
  dtype: D,
  as: number,
  reduction: R,
  yTrue: unknown,
  yPred: unknown,
  options: (Weighting & Background<T>) | undefined,
): Promise<Settled<LossValue<R, D>, T>> {
  const request: Request<{ value: number | Tensor<FloatDtype> }> = {
    loss,
    dtype,
    outSize: () => 0,
    known: ["sampleWeight", "mask"],
    written: "value",
    atOnce: ({ labels, predictions, ...weighting }) => ({
      value: reducedLoss(loss, dtype, as, reduction, labels, predictions, weighting),
    }),
    inSlices: async (evaluation) => ({ value: await evaluation.reduced(reduction) }),
  };
  const settled = settle(request, yTrue, yPred, options);
  return settled.then((answer) => resultIn(answer, "value") as Settled<LossValue<R, D>, T>);
}

/** `rowLosses` off the event loop. */
export async function rowLossesAsync<D extends FloatDtype, T extends boolean>(
  loss: number,
  dtype: D | undefined,
  yTrue: unknown,
  yPred: unknown,
  fixRanks: boolean,
  options: (Output & Background<T>) | undefined,
): Promise<Settled<TensorOf<D>, T>> {
  const request: Request<{ value: Tensor<FloatDtype> }> = {
    loss,
    dtype,
    outSize: (rows) => rows,
    known: ["out"],
    written: "value",
    atOnce: ({ labels, predictions }, out) => ({
      value: rowLosses(loss, dtype, labels, predictions, fixRanks, { out } as Output),
    }),
    inSlices: async (evaluation) => ({ value: await evaluation.rowLosses() }),
  };
  const settled = settle(request, yTrue, yPred, options);
  return settled.then(
    (answer) => resultIn(answer, "value") as Tensor<FloatDtype> as Settled<TensorOf<D>, T>,
  );
}

/** `valueAndGradient` off the event loop. */
export async function valueAndGradientAsync<
  R extends Reduction,
  D extends FloatDtype,
  T extends boolean,
>(
  loss: number,
  dtype: D | undefined,
  reduction: R,
  yTrue: unknown,
  yPred: unknown,
  options: (GradientOptions & Background<T>) | undefined,
  fixRanks: boolean,
  known: readonly (keyof GradientOptions)[],
): Promise<SettledGradient<ValueAndGradient<LossValue<R, D>, D>, T>> {
  const request: Request<ValueAndGradient<number | Tensor<FloatDtype>>> = {
    loss,
    dtype,
    outSize: (rows, width) => rows * width,
    known,
    written: "gradient",
    atOnce({ labels, predictions, ...weighting }, out) {
      const options = { ...weighting, out } as GradientOptions;
      const own = ["sampleWeight", "mask", "out"] as const;
      return valueAndGradient(loss, dtype, reduction, labels, predictions, options, fixRanks, own);
    },
    inSlices: (evaluation) => evaluation.gradient(reduction),
  };
  const settled = settle(request, yTrue, yPred, options);
  return settled as Promise<unknown> as Promise<
    SettledGradient<ValueAndGradient<LossValue<R, D>, D>, T>
  >;
}

/** The gradient alone, with what came back if anything did. */
export function gradientIn<V, D extends FloatDtype, T extends boolean>(
  answer: SettledGradient<ValueAndGradient<V, D>, T>,
): SettledOne<TensorOf<D>, T> {
  const { value: _, ...rest } = answer as ValueAndGradient<V, D> & Returned;
  return resultIn<"gradient", TensorOf<D>>(rest, "gradient") as SettledOne<TensorOf<D>, T>;
}
