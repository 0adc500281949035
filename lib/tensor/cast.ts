export * from "../cast.js"; export { newStored as newRaw, type Stored as RawArray } from "../cast.js";
