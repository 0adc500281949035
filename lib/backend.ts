import os from "node:os";
import { frameSize, numbersIn, operations, type Slot, slots } from "./call-frame.js";
import type { Results, Stored } from "./cast.js";
import { codes } from "./dtypes.js";
import { described, oneOf, wrongKind, wrongValue } from "./errors.js";
import { ExactSum } from "./exact-sum.js";
import { fallback } from "./fallback.js";
import {
  castOfKind,
  isAsIs,
  type Kernels,
  labelsOfKind,
  lossOfKind,
  maskOfColumns,
  predictionsOfKind,
  type Sums,
  weightsOfColumns,
} from "./kernels.js";
import { load } from "./load.cjs";
import { type Frame, fallbackParts, type Operation, type Parts, type Views } from "./parts.js";

type Arguments = readonly [
  labels: Stored,
  predictions: Stored,
  weights?: Stored | undefined,
  mask?: Stored | undefined,
  losses?: Results | undefined,
  gradient?: Results | undefined,
];

/** The exports of native/binding/addon.cpp. Numbers go in and out through a frame: see call-frame.ts. */
interface Addon {
  /** Returns the frame in use: the first that was offered, also where the library is there twice. */
  initialize(frame: Float64Array): Float64Array;
  evaluate(...values: Arguments): void;
  /** The same with a frame of its own. */
  evaluateWith(frame: Float64Array, ...values: Arguments): void;
  /** The same in another thread. */
  evaluateInBackground(frame: Float64Array, ...values: Arguments): Promise<void>;
  /** Whether two arrays have memory in common, whatever their buffers are. */
  overlaps(a: Stored, b: Stored): boolean;
  /** Best first. */
  kernels(): string[];
  /** False where this machine has no kernel of that name. */
  useKernel(name: string): boolean;
  setThreads(count: number): void;
  /** 0 until set. */
  threads(): number;
}

/** What {@link backend} tells. */
export interface BackendInfo {
  /** What computes batches of more than a few dozen values. */
  readonly name: "native" | "js";
  /** The kernel that the addon uses; null in JavaScript. */
  readonly kernel: string | null;
  /** The kernels that this machine can run, the best first; empty without a binary. */
  readonly kernels: readonly string[];
  /** The most threads that one call uses. */
  readonly threads: number;
  /** The path of the loaded binary, in a bundle that in the package; or null. */
  readonly binary: string | null;
  /** Why no binary could be loaded, or not the one that is looked for first; or null. */
  readonly error: string | null;
}

/**
 * Batches of fewer values are computed in JavaScript even where the addon is there: below this the way
 * into C++ costs more than it saves. Found by `npm run bench -- --crossover`, see bench/README.md.
 */
const crossover = 40;

const { addon: loaded, binary, errors } = load();
const addon = loaded as Addon | null;

const offered = new Float64Array(new SharedArrayBuffer(8 * frameSize));
const frame = addon?.initialize(offered) ?? offered;

const at = (slot: Slot) => slots[slot][0];
const operationAt = at("operation");
const lossAt = at("loss");
const encodingAt = at("encoding");
const labelDtypeAt = at("labelDtype");
const predictionDtypeAt = at("predictionDtype");
const computeDtypeAt = at("computeDtype");
const firstRowAt = at("firstRow");
const rowsAt = at("rows");
const batchRowsAt = at("batchRows");
const widthAt = at("width");
const isStridedAt = at("isStrided");
const lossesAt = at("losses");

function fillFrame(
  frame: Float64Array,
  operation: number,
  kind: number,
  rows: number,
  width: number,
): void {
  frame[operationAt] = operation;
  frame[lossAt] = lossOfKind(kind);
  frame[encodingAt] = isAsIs(kind) ? 0 : 1;
  frame[labelDtypeAt] = labelsOfKind(kind);
  frame[predictionDtypeAt] = predictionsOfKind(kind);
  frame[computeDtypeAt] = castOfKind(kind);
  frame[firstRowAt] = 0;
  frame[rowsAt] = rows;
  frame[batchRowsAt] = rows;
  frame[widthAt] = width;
  frame[isStridedAt] = 0;
}

/** What a call takes besides labels and predictions. */
interface Others {
  readonly dtypes?: number;
  readonly weights?: Stored | undefined;
  readonly mask?: Stored | undefined;
  readonly losses?: Results | undefined;
  readonly gradient?: Results | undefined;
  readonly divisor?: number;
}

/** Writes the dtypes of these, and returns them in the addon's order. */
function fillOthers(
  frame: Float64Array,
  kind: number,
  { dtypes = 0, weights, mask, losses, gradient, divisor = 1 }: Others,
) {
  const dtypeOf = (out: Results | undefined) =>
    out?.BYTES_PER_ELEMENT === 8 ? codes.float64 : castOfKind(kind);
  const lossesDtype = dtypeOf(losses);
  const gradientDtype = dtypeOf(gradient);
  frame[at("weightDtype")] = weightsOfColumns(dtypes);
  frame[at("maskDtype")] = maskOfColumns(dtypes);
  frame[at("lossesDtype")] = lossesDtype;
  frame[at("gradientDtype")] = gradientDtype;
  frame[at("divisor")] = divisor;
  return [weights, mask, losses, gradient] as const;
}

const sumsIn = (frame: Float64Array): Sums => ({
  losses: frame[lossesAt] as number,
  weights: frame[at("weights")] as number,
  kept: frame[at("kept")] as number,
});

/** The addon behind the interface that the fallback has too. */
function nativeOf(addon: Addon): Kernels {
  function evaluate(
    operation: number,
    kind: number,
    labels: Stored,
    predictions: Stored,
    width: number,
    others: Others,
  ): Sums {
    const rows = predictions.length / width;
    const rest = fillOthers(frame, kind, others);
    fillFrame(frame, operation, kind, rows, width);
    addon.evaluate(labels, predictions, ...rest);
    return sumsIn(frame);
  }
  return {
    total(kind, labels, predictions, width) {
      fillFrame(frame, operations.sum, kind, predictions.length / width, width);
      addon.evaluate(labels, predictions);
      return frame[lossesAt] as number;
    },
    weightedTotal(kind, labels, predictions, width, dtypes, weights, mask) {
      const others = { dtypes, weights, mask };
      return evaluate(operations.sum, kind, labels, predictions, width, others);
    },
    columnTotal(kind, labels, predictions, width, dtypes, weights, mask) {
      const others = { dtypes, weights, mask };
      return evaluate(operations.weights, kind, labels, predictions, width, others);
    },
    gradient(kind, labels, predictions, width, divisor, gradient, losses, dtypes, weights, mask) {
      const others = { divisor, gradient, losses, dtypes, weights, mask };
      return evaluate(operations.gradient, kind, labels, predictions, width, others);
    },
    rowLosses(kind, labels, predictions, width, losses, dtypes = 0, weights, mask) {
      const others = { losses, dtypes, weights, mask };
      const { kept } = evaluate(operations.rows, kind, labels, predictions, width, others);
      return !Number.isNaN(kept);
    },
  };
}
const native = addon === null ? null : nativeOf(addon);

/** The operation of a part, and its views by their names. */
function partOf(operation: Operation, [, , a, b, c, d]: Views): [number, Others] {
  switch (operation) {
    case "total":
      return [operations.sum, {}];
    case "weightedTotal":
    case "columnTotal":
      return [
        operation === "columnTotal" ? operations.weights : operations.sum,
        { weights: a, mask: b },
      ];
    case "gradient":
      return [
        operations.gradient,
        { gradient: a as Results, losses: b as Results, weights: c, mask: d },
      ];
    case "rowLosses":
      return [operations.rows, { losses: a as Results, weights: b, mask: c }];
  }
}

function partsOf(addon: Addon): Parts {
  function prepared(operation: Operation, part: Frame, views: Views) {
    const { kind, width, dtypes, divisor } = part;
    const numbers = new Float64Array(frameSize);
    const [labels, predictions] = views as [Stored, Stored];
    const [code, others] = partOf(operation, views);
    fillFrame(numbers, code, kind, predictions.length / width, width);
    const rest = fillOthers(numbers, kind, { ...others, dtypes, divisor });
    return { numbers, values: [labels, predictions, ...rest] as const };
  }
  function add(numbers: Float64Array, part: Frame): void {
    part.losses.addAll(ExactSum.from(numbersIn(numbers, "lossesSum")));
    part.weights.addAll(ExactSum.from(numbersIn(numbers, "weightsSum")));
    part.kept.addAll(ExactSum.from(numbersIn(numbers, "keptSum")));
    part.isBinary = numbers[at("wasBinary")] === 1;
    part.milliseconds = numbers[at("milliseconds")] as number;
  }
  return {
    valuesAtOnce: 65536,
    compute(operation, part, views) {
      const { numbers, values } = prepared(operation, part, views);
      addon.evaluateWith(numbers, ...values);
      add(numbers, part);
    },
    async background(operation, part, views) {
      const { numbers, values } = prepared(operation, part, views);
      await addon.evaluateInBackground(numbers, ...values);
      add(numbers, part);
    },
  };
}
const nativeParts = addon === null ? fallbackParts : partsOf(addon);

/** Returns whether two arrays have memory in common, or undefined without the addon: only that knows addresses. */
export function overlap(a: Stored, b: Stored): boolean | undefined {
  return addon?.overlaps(a, b);
}

let name: "native" | "js";
let kernel: string | null;
/** What computes from the crossover on, and below it. */
let large: Kernels;
let small: Kernels;

/** What computes a batch of `size` values. */
export function kernelsFor(size: number): Kernels {
  return size < crossover ? small : large;
}

/** What computes parts of a batch. */
export function parts(): Parts {
  return large === fallback ? fallbackParts : nativeParts;
}

/**
 * Chooses what computes, for this JavaScript thread; by default the best that the machine has. The
 * result is the same bits in any case: this is for tests, benchmarks and bisecting a problem.
 *
 * @param choice - `"native"` for the addon and `"js"` for JavaScript, at every size; `"auto"` for the
 *   addon where there is one, and JavaScript for batches of a few dozen values.
 * @param kernelName - the instruction set of the addon: `"avx512"`, `"avx2"`, `"neon"` or `"scalar"`.
 * @throws RangeError if the choice is none of these, the addon could not be loaded, or this machine
 *   cannot run that kernel; the message lists those it can.
 * @example
 * ```ts
 * import { backend, setBackend } from "maxmargin";
 *
 * setBackend("js");
 * backend().name; //=> "js"
 * setBackend("auto");
 * ```
 */
export function setBackend(choice: "auto" | "native" | "js", kernelName?: string): void {
  choose(choice, kernelName, "setBackend", "setBackend");
}

/** What to do where a binary is needed and there is none. */
const remedy =
  "Install the package again on this machine, build it from a checkout by `npm run build`, " +
  'or let JavaScript compute, by the default "auto"';

/** `choiceName` and `argument` are what messages call the choice and the kernel. */
function choose(
  choice: unknown,
  kernelName: string | undefined,
  choiceName: string,
  argument: string,
): void {
  if (choice !== "auto" && choice !== "native" && choice !== "js") {
    throw wrongValue(choiceName, oneOf(["native", "js", "auto"]), described(choice));
  }
  if (choice === "js" && kernelName !== undefined) {
    throw wrongValue(argument, `"native" with a kernel (${kernelName})`, `"js"`);
  }
  if (addon === null && (choice === "native" || kernelName !== undefined)) {
    const asking = kernelName === undefined ? choiceName : argument;
    throw wrongValue(
      asking,
      "a binary for native kernels",
      `none: ${errors.join("; ")}. ${remedy}`,
    );
  }
  const kernels = addon?.kernels() ?? [];
  if (addon !== null && native !== null && choice !== "js") {
    const wanted = kernelName === undefined ? (kernels[0] as string) : kernelName;
    if (!addon.useKernel(wanted)) {
      throw wrongValue(
        argument,
        `a kernel that this machine can run, ${oneOf(kernels)}`,
        described(wanted),
      );
    }
    name = "native";
    kernel = wanted;
    large = native;
  } else {
    name = "js";
    kernel = null;
    large = fallback;
  }
  small = choice === "auto" && kernelName === undefined ? fallback : large;
}

/**
 * Sets how many threads a call may use, the calling one among them, for the whole process. Small batches
 * use fewer. The result is the same bits with any number.
 *
 * @param count - at least 1. The default is `os.availableParallelism()`, or `MAXMARGIN_NUM_THREADS`.
 * @throws TypeError if `count` is not a number; RangeError if it is not an integer from 1 to 1024.
 * @example
 * ```ts
 * import { backend, setNumThreads } from "maxmargin";
 *
 * setNumThreads(2);
 * backend().threads; //=> 2
 * ```
 */
export function setNumThreads(count: number): void {
  if (typeof count !== "number") throw wrongKind("count", "a number", described(count));
  checkThreads(count, "count", count);
  addon?.setThreads(count);
}

const maxThreads = 1024;

function checkThreads(count: number, argument: string, received: unknown): void {
  if (Number.isInteger(count) && count >= 1 && count <= maxThreads) return;
  throw wrongValue(argument, `an integer from 1 to ${maxThreads}`, described(received));
}

/**
 * Tells what computes.
 *
 * @returns which implementation, with which kernel and how many threads, and, if there is no binary, why.
 * @example
 * ```ts
 * import { backend } from "maxmargin";
 *
 * const { name, kernels, error } = backend();
 * ```
 */
export function backend(): BackendInfo {
  return {
    name,
    kernel,
    kernels: addon?.kernels() ?? [],
    threads: name === "native" ? (addon as Addon).threads() : 1,
    binary,
    error: errors.length > 0 ? errors.join("; ") : null,
  };
}

/** Whether {@link obeyEnvironment} has chosen. */
let hasChosen = false;

/**
 * Chooses by the environment, once for this thread; what it asks for and cannot get is an error from the start, rather
 * than a slow or a different computation that nobody notices. Only start.ts calls this, see there.
 */
export function obeyEnvironment(): void {
  if (hasChosen) return;
  const {
    MAXMARGIN_BACKEND = "auto",
    MAXMARGIN_KERNEL,
    MAXMARGIN_NUM_THREADS = os.availableParallelism(),
  } = process.env;
  choose(MAXMARGIN_BACKEND, MAXMARGIN_KERNEL, "MAXMARGIN_BACKEND", "MAXMARGIN_KERNEL");
  const count = Number(MAXMARGIN_NUM_THREADS);
  checkThreads(count, "MAXMARGIN_NUM_THREADS", MAXMARGIN_NUM_THREADS);
  // Another JavaScript thread may have set it already.
  if (addon?.threads() === 0) addon.setThreads(count);
  hasChosen = true;
}
