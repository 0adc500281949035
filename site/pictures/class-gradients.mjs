import { chartOverLead, derivativeRows, scoresInWords } from "./three-classes.mjs";

/** @type {import("./picture.mjs").Picture} */
export const classGradients = {
  name: "class-gradients",
  title: "Derivatives of losses of one class per row",
  subtitle: scoresInWords,
  description:
    "The derivative of Crammer–Singer is -1 up to a lead of 1 and 0 beyond; that of Weston–Watkins " +
    "-2/3 up to a lead of 0, -1/3 up to 1 and 0 beyond; that of categorical hinge -1 up to a lead " +
    "of 2 and 0 beyond.",
  rows: derivativeRows,
  spec: (rows) =>
    chartOverLead({ field: "derivative", title: "d loss / d score of its class" }, rows),
};
