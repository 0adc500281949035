import type { Runner } from "./timing.js";

/** Something that can compute a case, or, the probe, that only reads its arrays. */
export interface Contestant extends Runner {
  /** "auto" chooses as the library does unless told otherwise. */
  readonly implementation:
    | "native"
    | "wasm"
    | "js"
    | "auto"
    | "loop"
    | "idiomatic"
    | "probe"
    | "C++";
  readonly kernel: string | null;
  readonly threads: number;
  /** How a probe reads: how its threads share the arrays, and whether it asks for memory ahead. */
  readonly pattern?: string;
  run(): number | ArrayLike<number>;
}
