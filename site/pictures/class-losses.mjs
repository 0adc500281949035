import { chartOverLead, lossRows, scoresInWords } from "./three-classes.mjs";

/** @type {import("./picture.mjs").Picture} */
export const classLosses = {
  name: "class-losses",
  title: "Losses of one class per row",
  subtitle: scoresInWords,
  description:
    "Crammer–Singer falls in a straight line to 0 at a lead of 1. Weston–Watkins has a kink at a " +
    "lead of 0, where the worse of the other classes keeps the margin. Categorical hinge counts the " +
    "row's own class as 0 in the maximum, so here it falls to 0 at a lead of 2 only.",
  rows: lossRows,
  spec: (rows) => chartOverLead({ field: "value", title: "loss of the row" }, rows),
};
