/**
 * The multiclass hinge loss of PyTorch, `MultiMarginLoss`: every wrong class counts.
 *
 * @module Weston–Watkins
 */
export { WestonWatkins, westonWatkins } from "maxmargin";
