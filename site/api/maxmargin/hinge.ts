/**
 * A score for each class, compared with its label -1 or 1: the loss grows linearly where a score
 * violates the margin.
 *
 * @module Hinge
 */
export { Hinge, hinge } from "maxmargin";
