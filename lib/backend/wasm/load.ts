import { WasmBackend } from "./wasm.js";
import type { WasmModule } from "./webassembly.js";

let compile: () => WasmModule;
let loaded: WasmBackend | undefined;
let failure: string | undefined;

/** Sets how the module is compiled, or where a compiled one is. Only the start of an entry does. */
export function setModuleSource(source: () => WasmModule): void {
  compile = source;
}

/**
 * Returns the WebAssembly backend, which is compiled at the first call; or undefined, and
 * {@link wasmError} says why.
 */
export function loadWasm(): WasmBackend | undefined {
  if (loaded !== undefined || failure !== undefined) return loaded;
  try {
    loaded = new WasmBackend(compile());
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  return loaded;
}

/** The reason why there is no WebAssembly backend, once that is known. */
export const wasmError = () => failure;
