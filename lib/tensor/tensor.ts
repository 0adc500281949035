export * from "../tensor.js";
