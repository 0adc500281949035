/**
 * `maxmargin/wasm` has the exports of `maxmargin`, without the addon: browsers, workers and edge
 * functions get this build from `maxmargin` too. It is a copy of its own, with classes of its own, so a
 * program should import one of the two.
 *
 * - {@link "Backends and threads".backend | backend} returns `"wasm"` or, where a policy or the runtime
 *   forbids WebAssembly, `"js"` as its `name`; `kernels` is empty, `kernel` and `binary` are null, and
 *   `threads` is 1.
 * - `setBackend("native")` and the name of a kernel are a `RangeError`. `setNumThreads` has no effect.
 * - No environment variables are read.
 * - Async calls compute in slices on the event loop, also with `transfer`.
 *
 * ```ts
 * import { backend, Hinge, setBackend } from "maxmargin/wasm";
 *
 * new Hinge().value([[0, 1]], [[0.5, 2]]); //=> 0.75
 * setBackend("wasm");
 * backend().name; //=> "wasm"
 * backend().kernels; //=> []
 * ```
 *
 * @module Without Node
 */
export {};
