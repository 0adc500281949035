/**
 * Exact sums of a part of a data set, which merge in any order to the loss of all of it.
 *
 * @module Partial losses
 */
export { PartialLoss, type SavedPartialLoss, type SavedSum } from "maxmargin";
