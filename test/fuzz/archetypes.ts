// Rows by archetype: values that are drawn one by one practically never give a row of NaN beside one with a tie, a margin of
// exactly 0, or a row whose sum overflows. A program's rows take turns with a few archetypes, so that these meet in a tile.
import { type AnyDtype, integerBelow, isUnsigned, pick, type Random } from "../support/data.js";
import type { AnyLossName } from "../support/losses.js";
import { isFloating, type Numbers } from "./operands.js";

/** A value of a row. */
interface Cell {
  readonly i: number;
  readonly width: number;
  /** The class that is hot, and the one place that a row may have for something special. */
  readonly hot: number;
  readonly place: number;
  /** The largest finite value of the dtype. */
  readonly largest: number;
  readonly random: Random;
}

type Value = (cell: Cell) => number;

interface Archetype {
  readonly name: string;
  readonly label: Value;
  readonly prediction: Value;
}

const real: Value = ({ random }) => (random() + random() + random() - 1.5) * 3;
const isHot = ({ i, hot }: Cell) => i === hot;
const isPlace = ({ i, place }: Cell) => i === place;
const isEven = ({ i }: Cell) => i % 2 === 0;
const always =
  (value: number): Value =>
  () =>
    value;

type Values = Readonly<Record<string, Value>>;

/** One-hot labels, other labels of 0 and 1, and the rest. */
const labels: Readonly<Record<"one-hot" | "binary" | "other", Values>> = {
  "one-hot": { "one-hot": (cell) => Number(isHot(cell)) },
  binary: {
    "0 and 1": ({ random }) => integerBelow(2, random),
    "no class": always(0),
    "every class": always(1),
  },
  other: {
    signs: ({ random }) => 2 * integerBelow(2, random) - 1,
    "all -1": always(-1),
    "all 2": always(2),
    "soft labels": ({ random }) => random(),
    "zeros of both signs": (cell) => (isEven(cell) ? 0 : -0),
    "a NaN label": (cell) => (isPlace(cell) ? Number.NaN : Number(isHot(cell))),
    "labels of NaN": always(Number.NaN),
    "infinite labels": (cell) => (isEven(cell) ? Infinity : -Infinity),
  },
};

/** Kinds of rows, as likely as they are listed; of a kind, one row is as likely as another. */
const predictions: readonly Values[] = (() => {
  const allNaN: Values = { "all NaN": always(Number.NaN) };
  const someNaN: Values = {
    "one NaN": (cell) => (isPlace(cell) ? Number.NaN : real(cell)),
    "all NaN but one": (cell) => (isPlace(cell) ? 0.5 : Number.NaN),
  };
  const tied: Values = {
    // Classes beside the hot one, whose prediction categorical hinge multiplies by 0.
    "two tied": ({ i, hot, width }) => {
      const after = (i - hot + width) % width;
      return after === 1 || after === 2 ? 3 : after === 0 ? 0.5 : 1;
    },
    // The hot class counts with 0.
    "tied with the hot class": ({ i, hot, width }) => {
      const after = (i - hot + width) % width;
      return after === 1 ? 0 : after === 0 ? 0.5 : -1;
    },
    "all tied": always(0.75),
  };
  const infinite: Values = {
    "all Infinity": always(Infinity),
    "all -Infinity": always(-Infinity),
    "infinities of both signs": (cell) => (isEven(cell) ? Infinity : -Infinity),
    "one Infinity": (cell) => (isPlace(cell) ? Infinity : real(cell)),
    "one -Infinity": (cell) => (isPlace(cell) ? -Infinity : real(cell)),
  };
  const zeros: Values = {
    "all 0": always(0),
    "all -0": always(-0),
    "zeros of both signs": (cell) => (isEven(cell) ? 0 : -0),
  };
  const huge: Values = {
    "sums beyond the largest": ({ largest }) => largest,
    "sums beyond the smallest": ({ largest }) => -largest,
    "the largest of both signs": (cell) => (isEven(cell) ? cell.largest : -cell.largest),
    "squares beyond the largest": ({ largest, random }) => -Math.sqrt(largest) * (0.5 + random()),
    "one huge": (cell) => (isPlace(cell) ? cell.largest : real(cell)),
    "one huge below 0": (cell) => (isPlace(cell) ? -cell.largest : real(cell)),
  };
  const plain: Values = { reals: real };
  return [allNaN, allNaN, someNaN, tied, tied, tied, infinite, zeros, huge, plain];
})();

/** Margins of exactly 0. */
const kinks: Readonly<Record<AnyLossName, readonly Archetype[]>> = {
  hinge: kinksOfTerms(),
  squared_hinge: kinksOfTerms(),
  modified_huber: kinksOfTerms(),
  crammer_singer: kinksOfClasses(),
  weston_watkins: kinksOfClasses(),
  categorical_hinge: [
    {
      name: "one-hot, margin 0",
      label: (cell) => Number(isHot(cell)),
      prediction: (cell) => (isHot(cell) ? 2 : 1),
    },
    {
      name: "one-hot, margin 0, tied with the hot class",
      label: (cell) => Number(isHot(cell)),
      prediction: (cell) => (isHot(cell) ? 1 : isEven(cell) ? 0 : -0),
    },
  ],
};

function kinksOfClasses(): Archetype[] {
  return [
    {
      name: "one-hot, margins 0",
      label: (cell) => Number(isHot(cell)),
      prediction: (cell) => (isHot(cell) ? 2 : 1),
    },
    {
      name: "one-hot, masked classes",
      label: (cell) => Number(isHot(cell)),
      prediction: (cell) => (isHot(cell) || isPlace(cell) ? real(cell) : -Infinity),
    },
  ];
}

function kinksOfTerms(): Archetype[] {
  return [
    {
      name: "0 and 1, margins 0",
      label: (cell) => Number(isHot(cell)),
      prediction: (cell) => (isHot(cell) ? 1 : -1),
    },
    {
      name: "signs, margins 0",
      label: (cell) => (isEven(cell) ? 1 : -1),
      prediction: (cell) => (isEven(cell) ? 1 : -1),
    },
    { name: "all 2, margins 0", label: always(2), prediction: always(0.5) },
  ];
}

const ordinary: Archetype = {
  name: "one-hot with reals",
  label: labels["one-hot"]["one-hot"],
  prediction: real,
};

function randomArchetype(loss: AnyLossName, kindsOf: LabelKinds, random: Random): Archetype {
  if (random() < 0.1) return pick(kinks[loss], random);
  const all = ["one-hot", "one-hot", "binary", "other"] as const;
  const kinds = all.slice(0, { "one-hot": 2, binary: 3, any: 4 }[kindsOf]);
  const [label, labelOf] = pick(Object.entries(labels[pick(kinds, random)]), random);
  const [prediction, predictionOf] = pick(Object.entries(pick(predictions, random)), random);
  return { name: `${label} with ${prediction}`, label: labelOf, prediction: predictionOf };
}

const largestOf = (dtype: AnyDtype) =>
  ({ float16: 65504, bfloat16: 3.38e38, float64: 1.7976931348623157e308 })[dtype as string] ??
  (isFloating(dtype) ? 3.4028234663852886e38 : 127);

/** The integer that stands for a value where a dtype holds no others. */
function held(dtype: AnyDtype, value: number): number {
  if (isFloating(dtype)) return value;
  if (Number.isNaN(value)) return 0;
  const whole = Math.trunc(Math.max(-127, Math.min(127, value)));
  return isUnsigned(dtype) ? Math.abs(whole) : whole;
}

/** What labels and predictions are drawn from, and what it is called. */
export interface Rows {
  readonly name: string;
  /** The hot class of a row. */
  readonly hotOf: (row: number, width: number) => number;
  readonly labels: Numbers;
  readonly predictions: Numbers;
}

/** What labels may be: one-hot rows, values of 0 and 1, or anything. */
export type LabelKinds = "one-hot" | "binary" | "any";

export function randomRows(loss: AnyLossName, given: LabelKinds, random: Random): Rows {
  // Often all labels are 0 or 1, which three losses then read as -1 and 1.
  const kindsOf = given === "any" && random() < 0.6 ? "binary" : given;
  const archetypes = Array.from({ length: pick([2, 2, 2, 2, 3, 4], random) }, () =>
    randomArchetype(loss, kindsOf, random),
  );
  const salt = integerBelow(1000, random);
  const hotOf = (row: number, width: number) => (row * 5 + salt) % Math.max(1, width);
  const numbers =
    (key: "label" | "prediction"): Numbers =>
    (dtype, width, random, n) => {
      const largest = largestOf(dtype);
      const rows = n / width;
      return (at) => {
        const row = Math.floor(at / width);
        // As often as each other: what is wrong with one must not be hidden, nor made up for, by one more of another.
        const isLeft = row >= rows - (rows % archetypes.length);
        const { [key]: value } = isLeft ? ordinary : archetypes[row % archetypes.length];
        const hot = hotOf(row, width);
        const place = (row * 3 + salt) % width;
        return held(dtype, value({ i: at % width, width, hot, place, largest, random }));
      };
    };
  return {
    name: archetypes.map(({ name }) => name).join(" / "),
    hotOf,
    labels: numbers("label"),
    predictions: numbers("prediction"),
  };
}
