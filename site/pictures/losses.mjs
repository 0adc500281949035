import { chartOverProduct, lossRows } from "./two-classes.mjs";

/** @type {import("./picture.mjs").Picture} */
export const losses = {
  name: "losses",
  title: "Losses of two classes",
  subtitle: "A positive product is a score on the right side",
  description:
    "Hinge falls in a straight line to 0 at a product of 1. Squared hinge is its square. Modified " +
    "Huber is the same as squared hinge down to a product of -1, and a straight line below.",
  rows: lossRows,
  spec: (rows) => chartOverProduct({ series: "loss", y: { field: "value", title: "loss" } }, rows),
};
