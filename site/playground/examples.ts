import { initial, type State, withLoss } from "./state.js";

/** Batches to start from. */
export const examples: Readonly<Record<string, State>> = {
  "Several labels per row": initial,
  "One score per sample": {
    ...initial,
    labels: "binary",
    classWeight: "1, 3",
    yTrue: [["1"], ["0"], ["1"], ["0"]],
    yPred: [["0.5"], ["-2"], ["-0.25"], ["0"]],
  },
  "One class per row, padding ignored": {
    ...withLoss(initial, "CrammerSinger"),
    ignoreClass: "-100",
    yTrue: [["1"], ["0"], ["-100"]],
  },
  "An error of the library": {
    ...withLoss(initial, "WestonWatkins"),
    yTrue: [["1"], ["0"], ["3"]],
  },
};
