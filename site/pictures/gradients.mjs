import { chartOverProduct, derivativeRows } from "./two-classes.mjs";

/** @type {import("./picture.mjs").Picture} */
export const gradients = {
  name: "gradients",
  title: "Derivatives of the losses of two classes",
  subtitle: "With respect to the score, for label 1",
  description:
    "The derivative of hinge is -1 up to a product of 1, and 0 beyond. That of squared hinge rises " +
    "in a straight line to 0 at 1. That of modified Huber is the same, but never below -4.",
  rows: derivativeRows,
  spec: (rows) =>
    chartOverProduct(
      { series: "loss", y: { field: "derivative", title: "d loss / d score" } },
      rows,
    ),
};
