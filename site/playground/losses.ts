/** The losses of the library, and their options: test/playground.test.ts compares them with lib/. */
export const losses = {
  Hinge: {
    title: "hinge",
    encodings: ["auto", "signed", "binary", "sparse"],
    parameters: ["margin"],
  },
  SquaredHinge: {
    title: "squared hinge",
    encodings: ["auto", "signed", "binary", "sparse"],
    parameters: ["margin"],
  },
  ModifiedHuber: {
    title: "modified Huber",
    encodings: ["auto", "signed", "binary", "sparse"],
    parameters: [],
  },
  CategoricalHinge: {
    title: "categorical hinge",
    encodings: ["onehot", "sparse"],
    parameters: ["margin"],
  },
  CrammerSinger: {
    title: "Crammer–Singer",
    encodings: ["sparse", "onehot"],
    parameters: ["margin", "power"],
  },
  WestonWatkins: {
    title: "Weston–Watkins",
    encodings: ["sparse", "onehot"],
    parameters: ["margin", "power"],
  },
} as const satisfies Record<string, LossInfo>;

interface LossInfo {
  readonly title: string;
  /** The default first. */
  readonly encodings: readonly Encoding[];
  readonly parameters: readonly ("margin" | "power")[];
}

export const encodingTitles = {
  auto: "0/1 or −1/1, as in Keras",
  signed: "−1 and 1",
  binary: "0 and 1",
  onehot: "one-hot",
  sparse: "class ids",
};
export type Encoding = keyof typeof encodingTitles;

export const reductionTitles = {
  sum_over_batch_size: "mean over the rows",
  sum: "sum",
  mean_with_sample_weight: "sum divided by the weights",
  none: "none: a loss per row",
};
export type Reduction = keyof typeof reductionTitles;
export const reductions = Object.keys(reductionTitles) as Reduction[];

export type LossName = keyof typeof losses;
export const lossNames = Object.keys(losses) as LossName[];

export const infoOf = (loss: LossName): LossInfo => losses[loss];
