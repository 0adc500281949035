/** What is measured. */

/** The losses of class ids, of which categorical hinge also has one-hot labels. */
export type LossOfIds = "categoricalHinge" | "crammerSinger" | "westonWatkins";
export type Loss = "hinge" | "squaredHinge" | LossOfIds;
/** -1/1, 0/1 (which a loss has to find out), one 1 among the 0s of a row, or a class id for each row. */
export type Labels = "signed" | "binary" | "onehot" | "sparse";
export type PredictionDtype = "float32" | "float64" | "float16" | "bfloat16";
export type LabelDtype = PredictionDtype | "bool" | "int8" | "int32" | "int64";
/** One number for the batch, one for each row, or the derivatives of the first. */
export type Result = "mean" | "rows" | "gradient";
/** What the loss of each row is weighed with: `[batch]` weights in float32, or a bool mask. */
export type Weighting = "unweighted" | "weights" | "mask";
/** What a loss is called with: tensors of shape [rows, width], or bare typed arrays, which are one row. */
export type Input = "tensors" | "arrays";

export interface Case {
  /** loss/result/labels/labelDtype/predictionDtype/weighting/input/width/n: what `--only` is matched with. */
  readonly name: string;
  readonly loss: Loss;
  readonly result: Result;
  readonly labels: Labels;
  readonly labelDtype: LabelDtype;
  /** Also the dtype of the loss. */
  readonly predictionDtype: PredictionDtype;
  readonly weighting: Weighting;
  readonly input: Input;
  readonly width: number;
  /** The values wanted; whole rows of them are measured. */
  readonly n: number;
}

type Choices = { readonly [K in Exclude<keyof Case, "name">]?: readonly Case[K][] };

const usual = {
  loss: ["hinge"],
  result: ["mean"],
  labels: ["signed"],
  labelDtype: ["float32"],
  predictionDtype: ["float32"],
  weighting: ["unweighted"],
  input: ["tensors"],
  width: [64],
  n: [],
} as const satisfies Required<Choices>;

/** Every combination of the choices. */
export function combinations(choices: Choices): Case[] {
  let all: Record<string, unknown>[] = [{}];
  for (const [key, values] of Object.entries({ ...usual, ...choices })) {
    all = all.flatMap((one) => values.map((value) => ({ ...one, [key]: value })));
  }
  return all.map((one) => ({ ...one, name: Object.values(one).join("/") }) as unknown as Case);
}

/** Two arrays of 256 MB. */
const memory = 6.4e7;
/** Inside L1, L2 and L3, and far beyond them. */
const regimes = [1024, 1e5, 1e6, memory];
const small = [16, 64, 128, 256, 1024, 4096];
const everySize = [...small, 1e4, 1e5, 1e6, 1e7, memory];
const widths = [1, 2, 3, 10, 64, 100, 1000, 100_000];
const weighted = { weighting: ["weights", "mask"] } as const;
const labelDtype = ["float32", "int8"] as const;
const categorical = { loss: ["categoricalHinge"], labels: ["onehot"] } as const;
/** Class ids, and the losses that read them most often. */
export const ofIds = {
  loss: ["categoricalHinge", "crammerSinger", "westonWatkins"],
  labels: ["sparse"],
  labelDtype: ["int32"],
} as const;

/** The pairs of dtypes that large batches have, besides float32 with float32 and int8; 256 MB of either array or both. */
const otherDtypes: Choices[] = [
  { predictionDtype: ["float64"], labelDtype: ["float64", "int64"], n: [1e6, memory / 2] },
  { predictionDtype: ["float16"], labelDtype: ["float16", "int8"], n: [1e6, memory] },
  { predictionDtype: ["bfloat16"], labelDtype: ["bfloat16"], n: [1e6, memory] },
  { labelDtype: ["int32", "int64"], n: [1e6, memory] },
];

const full: Choices[] = [
  ...otherDtypes,
  { n: everySize },
  { width: widths, n: regimes },
  { labels: ["binary"], width: [1, 10, 64, 1000], n: regimes },
  { result: ["rows"], width: widths, n: regimes },
  { ...categorical, result: ["mean", "rows"], width: [2, 10, 64, 1000], n: regimes },
  { ...weighted, width: [1, 10, 64], n: regimes },
  { ...weighted, result: ["rows"], width: [10, 64], n: [memory] },
  { ...weighted, ...categorical, width: [10], n: [memory] },
  { loss: ["squaredHinge"], n: regimes },
  { loss: ["squaredHinge"], result: ["rows"], width: [10], n: regimes },
  { labelDtype: ["int8"], labels: ["signed", "binary"], n: regimes },
  { labelDtype: ["bool"], labels: ["binary"], n: regimes },
  { labelDtype: ["int8"], result: ["rows"], width: [10], n: regimes },
  { ...categorical, labelDtype: ["int8"], width: [10], n: regimes },
  { result: ["gradient"], width: [1, 10, 64, 1000], n: regimes },
  { result: ["gradient"], loss: ["squaredHinge"], n: [memory] },
  { result: ["gradient"], ...categorical, width: [10, 64, 1000], n: [1e6, memory] },
  { ...ofIds, result: ["mean", "gradient"], width: [10, 64, 1000], n: regimes },
  { ...ofIds, result: ["rows"], width: [10, 1000], n: [memory] },
  { ...ofIds, loss: ["crammerSinger"], labelDtype: ["int8", "int64"], width: [10], n: [memory] },
  // Small calls
  { input: ["tensors", "arrays"], labelDtype, n: small },
  { labels: ["binary"], labelDtype, n: small },
  { loss: ["squaredHinge"], n: small },
  { result: ["rows", "gradient"], width: [1, 10, 64], n: small },
  { ...categorical, labelDtype, width: [10], n: small },
  { ...ofIds, width: [10], n: small },
];

const representative: Choices[] = [
  { n: [16, 128, 1024, 1e5, 1e6, memory] },
  { labels: ["binary"], n: [1e6] },
  { result: ["rows"], width: [1, 10], n: [1e6] },
  { ...categorical, result: ["mean", "rows"], width: [10], n: [1e6] },
  { ...ofIds, result: ["mean", "gradient"], width: [10], n: [1e6] },
  { ...weighted, width: [10], n: [1e6] },
  { loss: ["squaredHinge"], n: [1e5] },
  { labelDtype: ["int8"], n: [16, 1e6] },
];

/** The cases that have a bar to reach: bench/README.md lists them. */
const bars: Choices[] = [
  { width: [1, 10, 64, 1000], labels: ["signed", "binary"], n: [memory] },
  { result: ["rows"], width: [10, 64, 1000], n: [memory] },
  { ...categorical, result: ["mean", "rows"], width: [10, 64, 1000], n: [memory] },
  { ...ofIds, width: [10, 64, 1000], n: [memory] },
  { weighting: ["weights"], width: [10, 64], n: [memory] },
  { labelDtype: ["int8"], n: [memory] },
  { loss: ["squaredHinge"], n: [1e5, 1e6, memory] },
  { labels: ["signed", "binary"], n: [1e5, 1e6] },
  { result: ["gradient"], loss: ["hinge", "squaredHinge"], n: [memory] },
  { result: ["gradient"], weighting: ["weights"], width: [10, 64], n: [memory] },
  { result: ["gradient"], ...categorical, width: [10, 64, 1000], n: [memory] },
  { result: ["gradient"], ...ofIds, width: [10, 64, 1000], n: [memory] },
  { n: small },
];

const cached = [1e5, 1e6];

/** The cases that WebAssembly has a bar to reach in. */
const wasm: Choices[] = [
  { n: cached },
  { labels: ["binary"], labelDtype: ["int8"], width: [10], n: cached },
  { ...categorical, labelDtype: ["int8"], width: [10], n: cached },
  { ...ofIds, loss: ["categoricalHinge"], width: [10], n: cached },
  { result: ["gradient"], n: cached },
];

const selections = { full, quick: representative, bars, wasm };
export type Selection = keyof typeof selections;

export function cases(selection: Selection): Case[] {
  const all = selections[selection].flatMap(combinations);
  return [...new Map(all.map((one) => [one.name, one])).values()];
}
