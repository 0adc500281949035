import { described, oneOf, wrongKind, wrongValue } from "../errors.js";
import { processors, variable } from "../surroundings.js";
import type { RawArray } from "../tensor/cast.js";
import type { Backend } from "./interface.js";
import { load } from "./load.cjs";
import { type Addon, checkAddon, NativeBackend } from "./native.js";
import { portable } from "./portable/portable.js";

/** The result of {@link backend}. */
export interface BackendInfo {
  /** The backend for batches of more than a few dozen values. */
  readonly name: "native" | "js";
  /** The kernel that the addon uses; null in JavaScript. */
  readonly kernel: string | null;
  /** The kernels that this machine can run, the best first; empty without a binary. */
  readonly kernels: readonly string[];
  /** The maximum number of threads per call. */
  readonly threads: number;
  /** The path of the loaded binary, or null. In a bundle it is relative to the package. */
  readonly binary: string | null;
  /** The reason why no binary could be loaded, or not the first candidate; or null. */
  readonly error: string | null;
}

/**
 * Batches of fewer values are computed in JavaScript even if the addon is loaded: below this size a
 * call into C++ costs more than it saves. Found by `npm run bench -- --crossover`, see
 * bench/README.md.
 */
const crossover = 40;

const { addon: loaded, binary, errors } = load(checkAddon);
const addon = loaded as Addon | null;
const native = addon === null ? null : new NativeBackend(addon);

/**
 * Returns whether two arrays share memory; undefined without the addon, because only C++ knows
 * addresses.
 */
export function overlap(a: RawArray, b: RawArray): boolean | undefined {
  return addon?.overlaps(a, b);
}

let name: "native" | "js";
let kernel: string | null;
/** The backends for batches from the crossover on, and below it. */
let large: Backend;
let small: Backend;

/** Returns the backend for a batch of `size` values. */
export function backendFor(size: number): Backend {
  return size < crossover ? small : large;
}

/** Returns the backend for batches that are evaluated in slices. */
export const backendForSlices = () => large;

/**
 * Chooses the backend for this JavaScript thread; by default the best that the machine has. Results
 * are bit-identical: this is for tests, benchmarks and bisecting a problem.
 *
 * @param choice - `"native"` for the addon and `"js"` for JavaScript, at every size; `"auto"` for
 *   the addon if it could be loaded, and JavaScript for batches of a few dozen values.
 * @param kernelName - the instruction set of the addon: `"avx512"`, `"avx2"`, `"neon"` or
 *   `"scalar"`.
 * @throws RangeError if the choice is none of these, the addon could not be loaded, or this machine
 *   cannot run that kernel; the message lists the kernels that it can run.
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

/** Advice for the case that a binary is needed and none could be loaded. */
const remedy =
  "Install the package again on this machine, build it from a checkout by `npm run build`, " +
  'or let JavaScript compute, by the default "auto"';

/** `choiceName` and `argument` are the names of the choice and the kernel in messages. */
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
 * Sets the maximum number of threads per call, including the calling thread, for the whole process.
 * Small batches use fewer. Results are bit-identical with any number.
 *
 * @param count - at least 1. The default is `os.availableParallelism()`, up to 1024, or
 *   `MAXMARGIN_NUM_THREADS`.
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

/** The number of processors, as far as threads for them can be used. */
const defaultThreads = () => Math.max(1, Math.min(processors(), maxThreads));

function checkThreads(count: number, argument: string, received: unknown): void {
  if (Number.isInteger(count) && count >= 1 && count <= maxThreads) return;
  throw wrongValue(argument, `an integer from 1 to ${maxThreads}`, described(received));
}

/**
 * Returns the backend in use.
 *
 * @returns its name, kernel and number of threads, and the reason if no binary could be loaded.
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

/** Whether {@link obeyEnvironment} has run. */
let hasChosen = false;

/**
 * Applies the environment variables, once per thread. An unavailable backend or kernel is an error
 * from the start, rather than a slow computation that nobody notices. Only start.ts calls this.
 */
export function obeyEnvironment(): void {
  if (hasChosen) return;
  const choice = variable("MAXMARGIN_BACKEND") ?? "auto";
  choose(choice, variable("MAXMARGIN_KERNEL"), "MAXMARGIN_BACKEND", "MAXMARGIN_KERNEL");
  const asked = variable("MAXMARGIN_NUM_THREADS");
  const count = asked === undefined ? defaultThreads() : Number(asked);
  checkThreads(count, "MAXMARGIN_NUM_THREADS", asked);
  // Another JavaScript thread may have set it already.
  if (addon?.threads() === 0) addon.setThreads(count);
  hasChosen = true;
}
