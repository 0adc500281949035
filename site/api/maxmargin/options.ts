/**
 * Options of losses, functions and metrics, and of their calls. An unknown option is a `TypeError`
 * that names the option you probably meant.
 *
 * @module Options
 */
export type {
  ClassEncoding,
  GradientOptions,
  LabelEncoding,
  LabelOptions,
  MarginOptions,
  OutputOptions,
  PowerOptions,
  SignedEncoding,
  WeightOptions,
} from "maxmargin";
