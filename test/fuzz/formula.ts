// The options of a program's loss: how labels are read, parameters, weights of classes, ignored rows.
import type { LabelEncoding } from "maxmargin";
import { type AnyDtype, dtypes, integerBelow, pick, type Random } from "../support/data.js";
import { type AnyLossName, classLossNames, parametersOf } from "../support/losses.js";
import { isFloating, type Numbers } from "./operands.js";

export interface Formula {
  readonly labels: LabelEncoding;
  readonly margin: number;
  readonly power: 1 | 2;
  readonly classWeight: readonly number[] | undefined;
  readonly ignoreClass: number | undefined;
}

export const isOfClasses = (loss: AnyLossName) => classLossNames.some((name) => name === loss);

const encodings: Readonly<Record<"values" | "onehot" | "classes", readonly LabelEncoding[]>> = {
  values: ["auto", "auto", "auto", "auto", "auto", "signed", "binary", "sparse", "sparse"],
  onehot: ["onehot", "onehot", "onehot", "sparse", "sparse"],
  classes: ["sparse", "sparse", "sparse", "onehot", "onehot"],
};

const familyOf = (loss: AnyLossName) =>
  isOfClasses(loss) ? "classes" : loss === "categorical_hinge" ? "onehot" : "values";

/** @param width - of the predictions. */
export function randomFormula(loss: AnyLossName, width: number, random: Random): Formula {
  const labels = pick(encodings[familyOf(loss)], random);
  const has = (name: "margin" | "power") => parametersOf[loss].includes(name);
  const haveClasses = labels === "sparse" || (labels === "onehot" && isOfClasses(loss));
  // Where it is no error, more often.
  const chance = haveClasses || (width === 1 && labels !== "onehot") ? 0.3 : 0.02;
  const classes = labels === "sparse" || labels === "onehot" ? width : 2;
  const n = random() < 0.03 ? classes + 1 : classes;
  const isWeighed = random() < chance && labels !== "onehot";
  return {
    labels,
    margin: has("margin") ? pick([1, 1, 1, 0, 0.1, 0.5, 2.5, 1e5], random) : 1,
    power: has("power") ? pick([1, 2] as const, random) : 1,
    classWeight:
      isWeighed || ((haveClasses || labels === "onehot") && random() < 0.2)
        ? Array.from({ length: n }, () => pick([0, 1, 2, 0.3, -1, 1e-3, random()], random))
        : undefined,
    ignoreClass:
      random() < chance && labels !== "onehot" ? pick([-1, 255, 0, 1, -100], random) : undefined,
  };
}

/** The options that are not the default. */
export function optionsOf(loss: AnyLossName, formula: Formula): object {
  const { labels, margin, power, classWeight, ignoreClass } = formula;
  return {
    ...(labels !== encodings[familyOf(loss)][0] && { labels }),
    ...(margin !== 1 && { margin }),
    ...(power !== 1 && { power }),
    ...(classWeight !== undefined && { classWeight }),
    ...(ignoreClass !== undefined && { ignoreClass }),
  };
}

/** The dtypes that hold the numbers of classes. */
export function idDtype(classes: number, random: Random): AnyDtype {
  const wide = ["int32", "int64", "uint32", "float64", "float32"] as const;
  return classes > 127 ? pick(wide, random) : pick(dtypes, random);
}

/** Class ids, some of which are ignored, and now and then one that is no class. */
export function randomIds(
  classes: number,
  ignoreClass: number | undefined,
  hotOf: (row: number, width: number) => number,
  random: Random,
): Numbers {
  const wrong = random() < 0.07 ? pick([-1, classes, 0.5, Number.NaN, 255], random) : undefined;
  return (dtype, _width, _random, n) => {
    const place = integerBelow(Math.max(1, n), random);
    return (row) => {
      // Integers hold neither halves nor NaN.
      if (row === place && wrong !== undefined)
        return isFloating(dtype) ? wrong : Math.floor(wrong) || -1;
      return ignoreClass !== undefined && row % 3 === 1 ? ignoreClass : hotOf(row, classes);
    };
  };
}
