// The choices of the page: their names in its address, their texts, and which of them go together.
import type { Labels, Loss, Result } from "../../bench/cases.js";

type Options = readonly (readonly [value: string, text: string])[];

export const groups = {
  loss: {
    legend: "Loss",
    options: [
      ["hinge", "hinge"],
      ["squaredHinge", "squared hinge"],
      ["categoricalHinge", "categorical hinge"],
      ["crammerSinger", "Crammer–Singer"],
      ["westonWatkins", "Weston–Watkins"],
    ],
  },
  result: {
    legend: "Result",
    options: [
      ["mean", "mean"],
      ["rows", "loss of each row"],
      ["gradient", "gradient of the mean"],
    ],
  },
  labels: {
    legend: "Labels",
    options: [
      ["signed", "−1 and 1"],
      ["binary", "0 and 1"],
      ["onehot", "one-hot"],
      ["sparse", "class ids"],
    ],
  },
  dtype: {
    legend: "Type of the labels",
    options: [
      ["float32", "float32"],
      ["int8", "int8"],
      ["int32", "int32"],
    ],
  },
  width: {
    legend: "Values in a row",
    options: [
      ["1", "1"],
      ["10", "10"],
      ["64", "64"],
      ["1000", "1,000"],
    ],
  },
  n: {
    legend: "Values",
    options: [
      ["1000", "1,000"],
      ["10000", "10,000"],
      ["100000", "100,000"],
      ["1000000", "1 million"],
      ["10000000", "10 million"],
    ],
  },
} as const satisfies Record<string, { readonly legend: string; readonly options: Options }>;

export type Name = keyof typeof groups;
export const names = Object.keys(groups) as Name[];

export type Dtype = (typeof groups)["dtype"]["options"][number][0];

/** What is measured. Values are those of {@link groups}. */
export interface Choices extends Record<Name, string> {
  readonly loss: Loss;
  readonly result: Result;
  readonly labels: Labels;
  readonly dtype: Dtype;
}

const usual: Choices = {
  loss: "hinge",
  result: "mean",
  labels: "signed",
  dtype: "float32",
  width: "64",
  n: "1000000",
};

const ofIds = { labels: "sparse", dtype: "int32", width: "10" } as const;

export const usualCases: readonly Choices[] = [
  usual,
  { ...usual, labels: "binary", dtype: "int8" },
  { ...usual, result: "rows", width: "10" },
  { ...usual, result: "gradient" },
  { ...usual, loss: "categoricalHinge", labels: "onehot", dtype: "int8", width: "10" },
  { ...usual, loss: "crammerSinger", ...ofIds },
  { ...usual, loss: "crammerSinger", ...ofIds, result: "gradient" },
  { ...usual, n: "1000" },
];

const labelsOf: Record<Loss, readonly Labels[]> = {
  hinge: ["signed", "binary"],
  squaredHinge: ["signed", "binary"],
  categoricalHinge: ["onehot", "sparse"],
  crammerSinger: ["sparse"],
  westonWatkins: ["sparse"],
};

/** Returns whether a value goes with the other choices. */
export function isPossible(name: Name, value: string, { loss, result }: Choices): boolean {
  if (name === "labels") {
    // bench/ has no loop for these gradients.
    if (value === "binary" && result === "gradient") return false;
    return labelsOf[loss].some((labels) => labels === value);
  }
  // The row of a class is compared with those of other classes.
  return !(name === "width" && value === "1" && !labelsOf[loss].includes("signed"));
}

/** Replaces what does not go with the loss and the result by the first value that does. */
export function corrected(choices: Choices): Choices {
  const possible = { ...choices } as Record<Name, string>;
  for (const name of names) {
    const fits = (value: string) => isPossible(name, value, choices);
    if (fits(choices[name])) continue;
    possible[name] = groups[name].options.map(([value]) => value).find(fits) as string;
  }
  return possible as Choices;
}

/** Reads the query of an address. Whatever it does not have, or wrongly, is as usual. */
export function fromQuery(query: string): Choices {
  const params = new URLSearchParams(query);
  const choices = { ...usual } as Record<Name, string>;
  for (const name of names) {
    const asked = params.get(name);
    const known = groups[name].options.map(([value]): string => value);
    if (asked !== null && known.includes(asked)) choices[name] = asked;
  }
  return corrected(choices as Choices);
}

export const toQuery = (choices: Choices) => `?${new URLSearchParams({ ...choices })}`;

const textOf = (name: Name, value: string) =>
  groups[name].options.find(([known]) => known === value)?.[1] ?? value;

/** Describes a case in a line. */
export function described(choices: Choices): string {
  const text = (name: Name) => textOf(name, choices[name]);
  const loss = `${text("loss")}, ${text("result")}`;
  return `${loss}: ${text("n")} values in rows of ${text("width")}; labels ${text("labels")}, ${text("dtype")}`;
}
