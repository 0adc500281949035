/**
 * The dtypes of arguments and results, and the default float dtype.
 *
 * @module Dtypes
 */
export {
  type Dtype,
  type DtypePolicy,
  type FloatDtype,
  floatx,
  type ResultDtype,
  setFloatx,
} from "maxmargin";
