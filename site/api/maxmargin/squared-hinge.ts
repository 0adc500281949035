/**
 * Hinge, squared: a smooth gradient, and large violations count more.
 *
 * @module Squared hinge
 */
export { SquaredHinge, squaredHinge } from "maxmargin";
