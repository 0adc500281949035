import { chartOverProduct, marginRows } from "./two-classes.mjs";

/** @type {import("./picture.mjs").Picture} */
export const margins = {
  name: "margins",
  title: "Hinge with several margins",
  subtitle: "A margin of 0 is the perceptron loss",
  description:
    "Four parallel lines, which fall to 0 where the product of label and score is the margin: 0, " +
    "0.5, 1 and 2.",
  rows: marginRows,
  spec: (rows) =>
    chartOverProduct({ series: "margin", y: { field: "value", title: "loss" } }, rows),
};
