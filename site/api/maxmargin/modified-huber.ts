/**
 * Squared hinge near the margin, and linear for outliers.
 *
 * @module Modified Huber
 */
export { ModifiedHuber, modifiedHuber } from "maxmargin";
