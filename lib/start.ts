import { obeyEnvironment } from "./backend.js";

// The entries import this before all else. A module of its own, as the ES modules in dist/esm have a copy that comes
// first and throws in its place: an error that a CommonJS module throws while an ES module imports it is an unhandled
// rejection as well, in all versions of Node, and ends the process in spite of a `catch` around the import.
obeyEnvironment();
