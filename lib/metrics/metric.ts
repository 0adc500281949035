import { ExactSum } from "../backend/exact-sum.js";
import { described, wrongKind, wrongValue } from "../errors.js";
import { type AsyncOptions, readArguments, type WeightOptions } from "../evaluate/arguments.js";
import {
  type FormulaConfig,
  type FormulaOptions,
  formulaConfig,
  formulaOptionsOf,
  type LabelOptions,
  readFormula,
} from "../evaluate/formula.js";
import type { SavedSum } from "../evaluate/partial.js";
import type { Reduction } from "../evaluate/reduction.js";
import { finishNow, type Settings, smallSum } from "../evaluate/run.js";
import { evaluateAsync } from "../evaluate/run-async.js";
import type { TransferredInputs } from "../evaluate/transfer.js";
import type { LabelEncoding, LossSpec } from "../losses/spec.js";
import { nameOf } from "../names.js";
import { checkOptions } from "../options.js";
import { type InspectArguments, inspectCustom, shown } from "../shown.js";
import { roundTo } from "../tensor/cast.js";
import { type ComputeDtype, computeDtype, type DtypePolicy } from "../tensor/config.js";
import type { FloatDtype } from "../tensor/dtypes.js";
import type { TensorLike } from "../tensor/tensor-like.js";
import { type SampleTotals, sampleEvaluation } from "./samples.js";

/** Options of the constructor of a metric. Its loss can have more, such as a margin. */
export interface MetricOptions<
  P extends DtypePolicy = DtypePolicy,
  E extends LabelEncoding = LabelEncoding,
> extends LabelOptions<E> {
  /** By default the metric's own; `null` and `""` draw `hinge`, `hinge_1` and so on. */
  readonly name?: string | null;
  /** The dtype that results are rounded to; by default `floatx()`. */
  readonly dtype?: P | null;
}

const optionsOf = (spec: LossSpec) => ["name", "dtype", ...formulaOptionsOf(spec)];

/** Checks the argument of `fromConfig`. */
export function checkMetricConfig(spec: LossSpec, config: object): void {
  checkOptions(config, optionsOf(spec), "config");
}

/** The configuration of a metric, with Keras's keys, and its own options that are not the default. */
export interface MetricConfig<D extends FloatDtype = FloatDtype> extends FormulaConfig {
  /** The name of the metric. */
  readonly name: string;
  /** The dtype of the results. */
  readonly dtype: D;
}

export type { SavedSum };

/** The state of a metric. */
export interface MetricState {
  /** The weighted sum of the losses of all samples. */
  readonly total: SavedSum | number;
  /** The number of samples, or the sum of their weights. */
  readonly count: SavedSum | number;
}

function restored(saved: unknown, argument: string): ExactSum {
  if (typeof saved === "number") return ExactSum.from([0, saved]);
  if (Array.isArray(saved)) return ExactSum.from(saved);
  throw wrongKind(argument, "a number or a list that getState returned", described(saved));
}

/** The base class of all metrics: the mean loss over all batches since the last reset. */
export abstract class Metric<P extends DtypePolicy = DtypePolicy> {
  readonly #name: string;
  readonly #dtype: ComputeDtype<P>;
  readonly #settings: Settings<Reduction>;
  #total = new ExactSum();
  #count = new ExactSum();

  protected constructor(spec: LossSpec, options: MetricOptions<P> & FormulaOptions) {
    checkOptions(options, optionsOf(spec));
    const formula = readFormula(spec, options);
    this.#settings = {
      formula,
      reduction: "sum",
      dtype: undefined,
      code: undefined,
      fixRanks: false,
      options: [],
    };
    this.#dtype = computeDtype(options.dtype) as ComputeDtype<P>;
    this.#name = nameOf(options.name, spec.name);
  }

  /** The name that the constructor was given, or the metric's own. */
  get name(): string {
    return this.#name;
  }

  /** The dtype of the results. */
  get dtype(): ComputeDtype<P> {
    return this.#dtype;
  }

  /** The weighted sum of the losses of all samples. */
  get total(): number {
    return roundTo(this.#dtype, this.#total.value);
  }

  /** The number of samples that count, or the sum of their weights. */
  get count(): number {
    return roundTo(this.#dtype, this.#count.value);
  }

  /**
   * Adds a batch. If that fails, the state does not change.
   *
   * @param yTrue - labels, shape `[batch, d0, .. dN]`, as the function of the same name accepts
   *   them.
   * @param yPred - predictions of the same shape, or of one that broadcasts with it. The losses are
   *   computed in their dtype, and averaged over all axes but the first. A rank-1 batch is one
   *   sample.
   * @param options - `sampleWeight`, factors of the losses that are counted instead of the samples,
   *   and `mask`, weights 0 and 1: a number, or shapes that broadcast with `[batch, d0, .. dN-1]`. The
   *   metric's own `classWeight` and `ignoreClass` are weights too.
   * @throws TypeError or RangeError as the function of the same name, and if weights or mask do not
   *   broadcast; TypeError if an option is unknown.
   */
  updateState(yTrue: TensorLike, yPred: TensorLike, options?: WeightOptions): void {
    const given = readArguments(yTrue, yPred, options, sampleEvaluation.options);
    const small = options === undefined ? smallSum(this.#settings, given.inputs) : undefined;
    if (small === undefined) {
      this.#add(finishNow(sampleEvaluation, this.#settings, given));
    } else {
      this.#total.add(small.mean);
      this.#count.add(small.rows);
    }
  }

  /**
   * Adds a batch without blocking the event loop, like `valueAsync` of a loss. The batch is added
   * as a whole at the end. Batches can overlap in time and end in any order, with the same bits.
   *
   * @param yTrue - labels, as for `updateState`.
   * @param yPred - predictions, as for `updateState`.
   * @param options - `sampleWeight` and `mask` as for `updateState`; `signal` and `transfer` as for
   *   `valueAsync`.
   * @returns a promise; with `transfer`, of the arguments as tensors that hold the moved buffers.
   * @throws Never; the promise rejects with the errors of `updateState` and of `valueAsync`.
   * @example
   * ```ts
   * import { metrics } from "maxmargin";
   *
   * const metric = new metrics.Hinge();
   * await metric.updateStateAsync([[0, 1]], [[0.5, 0.5]]);
   * metric.result(); //=> 1
   * ```
   */
  async updateStateAsync<T extends boolean = false>(
    yTrue: TensorLike,
    yPred: TensorLike,
    options?: WeightOptions & AsyncOptions<T>,
  ): Promise<T extends true ? TransferredInputs : undefined> {
    const { result, inputs } = await evaluateAsync(
      sampleEvaluation,
      this.#settings,
      yTrue,
      yPred,
      options,
    );
    this.#add(result);
    return inputs as T extends true ? TransferredInputs : undefined;
  }

  #add({ total, count }: SampleTotals): void {
    this.#total.addAll(total);
    this.#count.addAll(count);
  }

  /**
   * Returns the mean loss.
   *
   * @returns `total / count`, or 0 if the count is 0.
   */
  result(): number {
    const count = this.#count.value;
    return count === 0 ? 0 : roundTo(this.#dtype, this.#total.value / count);
  }

  /** Forgets all batches. */
  resetState(): void {
    this.#total = new ExactSum();
    this.#count = new ExactSum();
  }

  /**
   * Adds the batches of another metric, as if they had been added here.
   *
   * @param other - a metric of the same class, with the same options.
   * @throws TypeError if `other` is of another class; RangeError if its options are others.
   */
  merge(other: Metric): void {
    const { spec } = this.#settings.formula;
    if (!(other instanceof Metric) || other.#settings.formula.spec !== spec) {
      throw wrongKind("other", `a metric of the class ${this.constructor.name}`, described(other));
    }
    const [own, others] = [this, other].map((metric) =>
      JSON.stringify(formulaConfig(metric.#settings.formula)),
    );
    if (own !== others) throw wrongValue("other", `a metric with the options ${own}`, `${others}`);
    this.#total.addAll(other.#total);
    this.#count.addAll(other.#count);
  }

  /**
   * Returns the configuration of {@link Metric | the metric}.
   *
   * @returns an object that `fromConfig` accepts, with `margin`, `power`, `labels`, `classWeight` and
   *   `ignoreClass` if they are not the default. Keras's own `from_config` accepts it without these.
   */
  getConfig(): MetricConfig<ComputeDtype<P>> {
    return { name: this.name, dtype: this.#dtype, ...formulaConfig(this.#settings.formula) };
  }

  /**
   * Returns the properties that `JSON.stringify` writes. They do not include the state: see
   * `getState`.
   */
  toJSON(): Pick<this, "name" | "dtype"> & FormulaConfig {
    return { name: this.name, dtype: this.dtype, ...formulaConfig(this.#settings.formula) };
  }

  /** @internal */
  [inspectCustom](...how: InspectArguments): string {
    const { total, count } = this;
    return shown(this, { ...this.toJSON(), total, count }, how);
  }

  /**
   * Returns the exact state of the metric.
   *
   * @returns an object that survives JSON, for `setState` of a metric of the same class anywhere.
   */
  getState(): MetricState {
    return { total: this.#total.toJSON(), count: this.#count.toJSON() };
  }

  /**
   * Replaces the state.
   *
   * @param state - a state that `getState` returned.
   * @throws TypeError if it is not such an object.
   */
  setState(state: MetricState): void {
    if (typeof state !== "object" || state === null) {
      throw wrongKind("state", "an object { total, count }", described(state));
    }
    const total = restored(state.total, "state.total");
    const count = restored(state.count, "state.count");
    this.#total = total;
    this.#count = count;
  }
}
