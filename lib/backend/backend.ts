import os from "node:os";
import { described, oneOf, wrongKind, wrongValue } from "../errors.js";
import type { RawArray } from "../tensor/cast.js";
import type { Backend } from "./interface.js";
import { load } from "./load.cjs";
import { type Addon, NativeBackend } from "./native.js";
import { portable } from "./portable/portable.js";

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
 * Batches of fewer values are computed in JavaScript even where the addon is there: below this a call
 * into C++ costs more than it saves. Found by `npm run bench -- --crossover`, see bench/README.md.
 */
const crossover = 40;

const { addon: loaded, binary, errors } = load();
const addon = loaded as Addon | null;
const native = addon === null ? null : new NativeBackend(addon);

/** Returns whether two arrays have memory in common, or undefined without the addon: only that knows addresses. */
export function overlap(a: RawArray, b: RawArray): boolean | undefined {
  return addon?.overlaps(a, b);
}

let name: "native" | "js";
let kernel: string | null;
/** The backends from the crossover on, and below it. */
let large: Backend;
let small: Backend;

/** Returns the backend for a batch of `size` values. */
export function backendFor(size: number): Backend {
  return size < crossover ? small : large;
}

/** Returns the backend for batches that are worth being sliced. */
export const backendForSlices = () => large;

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
    large = portable;
  }
  small = choice === "auto" && kernelName === undefined ? portable : large;
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
