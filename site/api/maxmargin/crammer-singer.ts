/**
 * The multiclass hinge loss of scikit-learn: only the best wrong class counts.
 *
 * @module Crammer–Singer
 */
export { CrammerSinger, crammerSinger } from "maxmargin";
