import { newRawArray } from "../../tensor/cast.js";
import { codes } from "../../tensor/dtypes.js";
import { base64 } from "./bytes.js";
import { compile, type WasmModule } from "./webassembly.js";

const { atob } = globalThis;

/** Compiles the module that is part of the library. */
export function compileInline(): WasmModule {
  if (base64 === undefined) {
    throw new Error("this build has none; `npm run build` makes it on Linux x64");
  }
  const text = atob(base64);
  const bytes = newRawArray(codes.uint8, text.length) as Uint8Array;
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return compile(bytes);
}
