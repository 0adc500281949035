import { described, oneOf, wrongKind, wrongValue } from "../errors.js";
import { processors, variable } from "../surroundings.js";
import type { RawArray } from "../tensor/cast.js";
import { addon, binary, errors } from "./addon.js";
import type { Backend } from "./interface.js";
import { NativeBackend } from "./native.js";
import { portable } from "./portable/portable.js";
import { loadWasm, setModuleSource, wasmError } from "./wasm/load.js";
import type { WasmModule } from "./wasm/webassembly.js";

/** The result of {@link backend}. */
export interface BackendInfo {
  /** The backend for batches of more than a few dozen values. */
  readonly name: "native" | "wasm" | "js";
  /** The kernel that the addon uses; null in WebAssembly and in JavaScript. */
  readonly kernel: string | null;
  /** The kernels that this machine can run, the best first; empty without a binary. */
  readonly kernels: readonly string[];
  /** The maximum number of threads per call. */
  readonly threads: number;
  /** The path of the loaded binary, or null. In a bundle it is relative to the package. */
  readonly binary: string | null;
  /**
   * The reason why no binary could be loaded, or not the first candidate, and why WebAssembly cannot
   * be used, if that was tried; or null.
   */
  readonly error: string | null;
}

const native = addon === null ? null : new NativeBackend(addon);

/**
 * Batches of fewer values are computed in JavaScript even if there is the addon, or WebAssembly:
 * below this size a call into C++ costs more than it saves. Found by `npm run bench -- --crossover`,
 * see bench/README.md.
 */
const crossover = native === null ? 128 : 40;

/**
 * Returns whether two arrays share memory; undefined without the addon, because only C++ knows
 * addresses.
 */
export function overlap(a: RawArray, b: RawArray): boolean | undefined {
  return addon?.overlaps(a, b);
}

let kernel: string | null;
/**
 * The backend for batches from the crossover on. Undefined until it is needed if that is the best
 * that there is without a binary, because compiling WebAssembly takes milliseconds.
 */
let large: Backend | undefined;
/** The backend for batches below the crossover; undefined for the same one. */
let small: Backend | undefined;

/** Returns the backend for a batch of `size` values. */
export function backendFor(size: number): Backend {
  return (size < crossover ? small : undefined) ?? backendForSlices();
}

/** Returns the backend for batches that are evaluated in slices. */
export function backendForSlices(): Backend {
  large ??= loadWasm() ?? portable;
  return large;
}

/**
 * Chooses the backend for this JavaScript thread; by default the best that the machine has. Results
 * are bit-identical: this is for tests, benchmarks and bisecting a problem.
 *
 * @param choice - `"native"` for the addon, `"wasm"` for WebAssembly and `"js"` for JavaScript, at
 *   every size; `"auto"` for the first of these that there is, and JavaScript for batches of a few
 *   dozen values.
 * @param kernelName - the instruction set of the addon: `"avx512"`, `"avx2"`, `"neon"` or
 *   `"scalar"`.
 * @throws RangeError if the choice is none of these, if the addon or the WebAssembly module could
 *   not be loaded, or if this machine cannot run that kernel; the message lists the kernels that it
 *   can run.
 * @example
 * ```ts
 * import { backend, setBackend } from "maxmargin";
 *
 * setBackend("js");
 * backend().name; //=> "js"
 * setBackend("auto");
 * ```
 */
export function setBackend(choice: Choice, kernelName?: string): void {
  choose(choice, kernelName, { choice: "setBackend", kernel: "setBackend" });
}

const choices = ["native", "wasm", "js", "auto"] as const;
type Choice = (typeof choices)[number];

const isChoice = (value: unknown): value is Choice => choices.some((choice) => choice === value);

/** The names of a choice and of a kernel in messages. */
interface Names {
  readonly choice: string;
  readonly kernel: string;
}

function choose(choice: unknown, kernelName: string | undefined, names: Names): void {
  if (!isChoice(choice)) throw wrongValue(names.choice, oneOf(choices), described(choice));
  if (kernelName !== undefined && (choice === "js" || choice === "wasm")) {
    throw wrongValue(names.kernel, `"native" with a kernel (${kernelName})`, described(choice));
  }
  if (choice === "native" || kernelName !== undefined || (choice === "auto" && native !== null)) {
    useKernel(kernelName, names);
  } else {
    large = choice === "wasm" ? requiredWasm(names.choice) : choice === "js" ? portable : undefined;
    kernel = null;
  }
  small = choice === "auto" && kernelName === undefined ? portable : undefined;
}

/** Advice for the case that a binary is needed and none could be loaded. */
const remedy =
  "Install the package again on this machine, build it from a checkout by `npm run build`, " +
  'or let WebAssembly or JavaScript compute, by the default "auto"';

/** Makes the addon compute, by default with the best kernel. */
function useKernel(kernelName: string | undefined, names: Names): void {
  if (addon === null || native === null) {
    const asking = kernelName === undefined ? names.choice : names.kernel;
    const reason = errors.length === 0 ? "none" : `none: ${errors.join("; ")}`;
    throw wrongValue(asking, "a binary for native kernels", `${reason}. ${remedy}`);
  }
  const kernels = addon.kernels();
  const wanted = kernelName === undefined ? (kernels[0] as string) : kernelName;
  if (!addon.useKernel(wanted)) {
    const known = `a kernel that this machine can run, ${oneOf(kernels)}`;
    throw wrongValue(names.kernel, known, described(wanted));
  }
  kernel = wanted;
  large = native;
}

function requiredWasm(argument: string): Backend {
  const wasm = loadWasm();
  if (wasm !== undefined) return wasm;
  const advice = 'Let the addon or JavaScript compute, by the default "auto"';
  const received = `none: ${wasmError()}. ${advice}`;
  throw wrongValue(argument, "a runtime that can run the WebAssembly module", received);
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
  const inUse = backendForSlices();
  const failure = wasmError();
  const reasons = failure === undefined ? errors : [...errors, `WebAssembly: ${failure}`];
  return {
    name: inUse === native ? "native" : inUse === portable ? "js" : "wasm",
    kernel,
    kernels: addon?.kernels() ?? [],
    threads: inUse === native && addon !== null ? addon.threads() : 1,
    binary,
    error: reasons.length > 0 ? reasons.join("; ") : null,
  };
}

let hasStarted = false;

/**
 * Applies the environment variables, once per thread. An unavailable backend or kernel is an error
 * from the start, rather than a slow computation that nobody notices. Only start.ts calls this.
 *
 * @param compileWasm - returns the WebAssembly module.
 */
export function start(compileWasm: () => WasmModule): void {
  if (hasStarted) return;
  setModuleSource(compileWasm);
  const names = { choice: "MAXMARGIN_BACKEND", kernel: "MAXMARGIN_KERNEL" };
  choose(variable(names.choice) ?? "auto", variable(names.kernel), names);
  const asked = variable("MAXMARGIN_NUM_THREADS");
  const count = asked === undefined ? defaultThreads() : Number(asked);
  checkThreads(count, "MAXMARGIN_NUM_THREADS", asked);
  // Another JavaScript thread may have set it already.
  if (addon?.threads() === 0) addon.setThreads(count);
  hasStarted = true;
}
