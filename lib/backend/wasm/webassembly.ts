// The parts of the engine's WebAssembly that are used, captured at load. TypeScript declares them for
// browsers only.

/** A compiled module, which has no properties of its own. */
export type WasmModule = object;

interface Engine {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule) => { readonly exports: object };
}

const { WebAssembly: engine } = globalThis as { readonly WebAssembly?: Engine };

function available(): Engine {
  if (engine === undefined) throw new Error("this runtime has no WebAssembly");
  return engine;
}

/** Compiles a module. Throws if the runtime has no SIMD, or forbids code that is made at run time. */
export const compile = (bytes: Uint8Array): WasmModule => new (available().Module)(bytes);

/** Creates an instance, with memory of its own, and returns its exports. */
export const instantiate = (module: WasmModule) => new (available().Instance)(module).exports;
