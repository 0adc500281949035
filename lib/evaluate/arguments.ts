import { described, wrongKind } from "../errors.js";
import { checkOptions } from "../options.js";
import { floatx } from "../tensor/config.js";
import { type Arrays, type FloatDtype, isFloat } from "../tensor/dtypes.js";
import type { RowTensor } from "../tensor/tensor.js";
import { type TensorLike, toPredictions, toTensor } from "../tensor/tensor-like.js";
import type { Inputs } from "./plan.js";

/** Options that weight the losses of the rows. */
export interface WeightOptions {
  /** A number, or a tensor that broadcasts with the losses; `null` is the same as none. */
  readonly sampleWeight?: TensorLike | null;
  /**
   * 0 or false where a loss does not count, 1 or true elsewhere, in a shape that broadcasts with
   * the losses.
   */
  readonly mask?: TensorLike | null;
}

/** Options that determine where results go. */
export interface OutputOptions<D extends FloatDtype = FloatDtype> {
  /**
   * An array of the result's dtype and size, which becomes the result's `data`; by default a new
   * one. Large results are faster if the memory is reused.
   */
  readonly out?: Arrays[D];
}

/** Options of a call that computes a gradient. */
export interface GradientOptions<D extends FloatDtype = FloatDtype>
  extends WeightOptions,
    OutputOptions<D> {}

/** Options of every async call. */
export interface AsyncOptions<T extends boolean = boolean> {
  /** Stops the call within some milliseconds. The promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Whether the buffers of all arguments move into the call. This detaches the caller's arrays, as
   * `postMessage` does, and the result holds the buffers, or row-major copies of values that are
   * not row-major. If the promise rejects after that, they
   * do not come back. Shared buffers stay where they are, and a buffer that cannot be moved, such
   * as a `WebAssembly.Memory`'s, is copied.
   */
  readonly transfer?: T;
}

/** All options of calls. */
export interface CallOptions extends WeightOptions, AsyncOptions {
  readonly out?: unknown;
}

/** The options that a call accepts. */
export class KnownOptions {
  readonly names: readonly string[];
  readonly takesWeights: boolean;
  readonly takesOut: boolean;
  readonly isAsync: boolean;
  /** What `with` has returned, because every call asks for it. */
  readonly #joined = new Map<readonly string[], KnownOptions>();

  constructor(names: readonly string[]) {
    this.names = names;
    this.takesWeights = names.includes("sampleWeight");
    this.takesOut = names.includes("out");
    this.isAsync = names.includes("signal");
  }

  /** Returns these options and others: the same object each time for the same list. */
  with(names: readonly string[]): KnownOptions {
    if (names.length === 0) return this;
    let joined = this.#joined.get(names);
    if (joined === undefined) {
      joined = new KnownOptions([...this.names, ...names]);
      this.#joined.set(names, joined);
    }
    return joined;
  }
}

/** The options of calls that weight losses. */
export const weightOptions = new KnownOptions(["sampleWeight", "mask"]);
/** The options of calls that write losses of rows. */
export const outputOptions = new KnownOptions(["out"]);

/** Arguments of a call that have been read, but not checked against each other. */
export interface Arguments {
  readonly inputs: Inputs;
  readonly out: unknown;
  readonly signal: AbortSignal | undefined;
  readonly transfer: boolean;
}

function readWeights(value: unknown, argument: string): RowTensor | undefined {
  return value == null ? undefined : toTensor(value, argument);
}

function readSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  if (typeof signal !== "object" || signal === null || !("aborted" in signal)) {
    throw wrongKind("signal", "an AbortSignal", described(signal));
  }
  return signal as AbortSignal;
}

function readTransfer(transfer: unknown = false): boolean {
  if (typeof transfer !== "boolean") throw wrongKind("transfer", "a boolean", described(transfer));
  return transfer;
}

/** Returns the arguments of a call without options. */
export function withoutOptions(labels: RowTensor, predictions: RowTensor): Arguments {
  const inputs = { labels, predictions, sampleWeight: undefined, mask: undefined };
  return { inputs, out: undefined, signal: undefined, transfer: false };
}

/** Reads labels, predictions and the known options. */
export function readArguments(
  yTrue: unknown,
  yPred: unknown,
  options: CallOptions | undefined,
  known: KnownOptions,
): Arguments {
  const labels = toTensor(yTrue, "yTrue");
  const predictions = toPredictions(yPred);
  if (options === undefined) return withoutOptions(labels, predictions);
  checkOptions(options, known.names);
  const { takesWeights, takesOut, isAsync } = known;
  const sampleWeight = takesWeights ? readWeights(options.sampleWeight, "sampleWeight") : undefined;
  const mask = takesWeights ? readWeights(options.mask, "mask") : undefined;
  return {
    inputs: { labels, predictions, sampleWeight, mask },
    out: takesOut ? options.out : undefined,
    signal: isAsync ? readSignal(options.signal) : undefined,
    transfer: isAsync && readTransfer(options.transfer),
  };
}

/**
 * Returns the dtype that a function computes in: the dtype of its predictions if they have a float
 * dtype of their own.
 */
export function ownDtype({ dtype, source }: RowTensor): FloatDtype {
  const isChosen = source !== "list" && source !== "nested";
  return isChosen && isFloat(dtype) ? dtype : floatx();
}
