export * from "../dtypes.js";
