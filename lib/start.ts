import { start } from "./backend/backend.js";
import { compileInline } from "./backend/wasm/inline.js";

// Every entry imports this module before all others. dist/esm has a copy that throws in its place:
// if a CommonJS module throws while an ES module imports it, Node (20 to 24) also reports an
// unhandled rejection, which ends the process even though the caller catches the error of its
// import().
start(compileInline);
