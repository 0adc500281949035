/**
 * Keras's hinge loss for one class of many: compares the score of the row's class with the best other
 * one.
 *
 * @module Categorical hinge
 */
export { CategoricalHinge, categoricalHinge } from "maxmargin";
