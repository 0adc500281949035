// Random programs: one call of one subject, with all that it takes.
import type { FloatDtype, Reduction } from "maxmargin";
import {
  type AnyDtype,
  dtypes,
  floatDtypes,
  integerBelow,
  pick,
  type Random,
  randomFrom,
} from "../support/data.js";
import { type AnyLossName, allLossNames, reductions } from "../support/losses.js";
import { type LabelKinds, randomRows } from "./archetypes.js";
import {
  type Formula,
  idDtype,
  isOfClasses,
  optionsOf,
  randomFormula,
  randomIds,
} from "./formula.js";
import {
  type Operand,
  type Place,
  randomOperand,
  randomPlace,
  type Source,
  type Style,
  shownOperand,
  shownPlace,
} from "./operands.js";
import { broadcast, type Shape, sizeOf } from "./shapes.js";

/** Everything but the subject: what of it a subject uses is the subject's affair. */
export interface Program {
  readonly seed: number;
  readonly loss: AnyLossName;
  readonly formula: Formula;
  /** Of the class. */
  readonly dtype: FloatDtype;
  readonly reduction: Reduction;
  readonly labels: Operand;
  readonly predictions: Operand;
  readonly sampleWeight: Operand | undefined;
  readonly mask: Operand | undefined;
  /** Where `out` stands, for a call that writes there. */
  readonly out: Place;
  readonly background: Background;
}

/** How calls off the event loop are made. */
export interface Background {
  /** What the arguments stand in: as theirs say, in shared memory alone, or with their buffers moving into the call. */
  readonly way: "as they are" | "shared" | "transfer";
  /** How many are under way at once. */
  readonly calls: number;
  /** After how many turns of the event loop their signal fires: at 0 before they begin. */
  readonly abortAfter: number | undefined;
}

function randomBackground(random: Random): Background {
  return {
    way: pick(["as they are", "shared", "transfer"] as const, random),
    calls: pick([1, 1, 1, 2, 3], random),
    abortAfter: pick([undefined, undefined, undefined, Infinity, 0, 1, 2, 4], random),
  };
}

const labelStyles = [
  ...(["0 and 1", "signs", "one-hot", "0 and 1 with few others", "0 and 1", "one-hot"] as const),
  ...(["0 and 1 but for one", "reals", "specials", "any bits", "zeros"] as const),
];
const predictionStyles = [
  ...(["reals", "reals", "reals", "specials", "few specials", "few specials"] as const),
  ...(["of any magnitude", "any bits", "0 and 1", "signs", "zeros"] as const),
];
const weightStyles = ["reals", "0 and 1", "zeros", "few specials", "specials", "any bits"] as const;
const maskStyles = [
  ...(["0 and 1", "0 and 1", "0 and 1", "0 and 1", "0 and 1", "0 and 1"] as const),
  ...(["zeros", "0 and 1 but for one", "specials"] as const),
];

/** float32 is what most people have. */
const anyDtype = (random: Random) => (random() < 0.3 ? "float32" : pick(dtypes, random));

const widths = [
  ...[0, 1, 1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129],
  ...[1000, 2047, 2048, 2049, 4097, 8191, 8192, 8193, 20_000],
];

/** Rows of more than a chunk, of which one or few values are left for the last tile. */
const longWidths = [8193, 8193, 8192 + 2049, 2 * 8192 + 1, 2 * 8192 + 2049, 8192 + 63, 9000];

/** The shapes of labels and predictions: most are small, as then there are more of them. */
interface Sizes {
  /** How often a batch has up to 400 values, and how often up to 20,000; the others have up to 150,000. */
  readonly small: number;
  readonly medium: number;
  /** How often rows are longer than a chunk. */
  readonly long: number;
  readonly ranks: readonly number[];
}

const anySizes: Sizes = {
  small: 0.9,
  medium: 0.085,
  long: 0.03,
  ranks: [0, 1, 1, 2, 2, 2, 2, 3, 4],
};
/** One row alone has none to be beside. */
const severalRows: Sizes = { small: 0.97, medium: 0.025, long: 0.01, ranks: [2, 2, 2, 2, 3, 4] };

function randomShape({ small, medium, long, ranks }: Sizes, random: Random): number[] {
  if (random() < long) return [1 + integerBelow(2, random), pick(longWidths, random)];
  const chance = random();
  const most = chance < small ? 400 : chance < small + medium ? 20_000 : 150_000;
  const width = pick(
    widths.filter((each) => each <= most),
    random,
  );
  const rank = pick(ranks, random);
  if (rank === 0) return [];
  const shape = [width];
  let left = Math.floor(most / Math.max(1, width));
  for (let axis = 1; axis < rank; axis++) {
    // Up to the most there can be, and now and then none.
    const dimension = random() < 0.03 ? 0 : 1 + integerBelow(Math.max(1, left), random);
    shape.unshift(dimension);
    left = Math.floor(left / Math.max(1, dimension));
  }
  return shape;
}

/** A shape that broadcasts to another: some axes are 1, some leading ones are gone. */
function broadcastable(shape: Shape, random: Random): number[] {
  const kept = shape.map((dimension) => (random() < 0.4 ? 1 : dimension));
  return random() < 0.4 ? kept.slice(integerBelow(kept.length + 1, random)) : kept;
}

/** A shape for something that goes with `shape`: the same, or one that has to be made to fit, or does not. */
function shapeFor(shape: Shape, chanceOfSame: number, random: Random): number[] {
  const chance = random();
  if (chance < chanceOfSame) return [...shape];
  const rest = (chance - chanceOfSame) / (1 - chanceOfSame);
  if (rest < 0.5) return broadcastable(shape, random);
  if (rest < 0.7) return [...shape, 1];
  if (rest < 0.85) return shape.slice(0, -1);
  return Array.from({ length: integerBelow(4, random) }, () => integerBelow(4, random));
}

/** Weights may broadcast the losses, which must not become more than anybody waits for. */
function columnShape(losses: Shape, random: Random): number[] {
  const shape = random() < 0.15 ? [] : shapeFor(losses, 0.5, random);
  return sizeOf(losses) > 1000 && shape.length > losses.length + 1 ? [...losses] : shape;
}

function randomColumn(
  losses: Shape,
  styles: readonly Style[],
  random: Random,
): Operand | undefined {
  if (random() < 0.5) return undefined;
  return randomOperand(anyDtype(random), columnShape(losses, random), pick(styles, random), random);
}

/** What labels and predictions are drawn from, and their dtypes. */
interface Sources {
  readonly labels: Source;
  readonly predictions: Source;
  dtype(): AnyDtype;
  /** The hot class of a row, if rows have one. */
  readonly hotOf: ((row: number, width: number) => number) | undefined;
}

/** The labels that most encodings have: others are an error. */
const kindsOf = (loss: AnyLossName, { labels }: Formula, random: Random): LabelKinds =>
  random() < 0.05
    ? "any"
    : labels === "binary"
      ? "binary"
      : labels === "onehot" && isOfClasses(loss)
        ? "one-hot"
        : "any";

function randomSources(
  loss: AnyLossName,
  kinds: LabelKinds,
  sizes: Sizes | undefined,
  random: Random,
): Sources {
  if (sizes === anySizes) {
    const styles = kinds === "any" ? labelStyles : (["one-hot"] as const);
    return {
      hotOf: undefined,
      labels: pick(kinds === "binary" ? (["0 and 1"] as const) : styles, random),
      predictions: pick(predictionStyles, random),
      dtype: () => anyDtype(random),
    };
  }
  const { name, labels, predictions, hotOf } = randomRows(loss, kinds, random);
  return {
    hotOf,
    labels: { name, numbers: labels },
    predictions: { name, numbers: predictions },
    // Integers hold few of the values that matter.
    dtype: () => (random() < 0.2 ? anyDtype(random) : pick(floatDtypes, random)),
  };
}

function randomIdOperand(
  rows: Shape,
  classes: number,
  { ignoreClass }: Formula,
  hotOf: Sources["hotOf"],
  random: Random,
): Operand {
  const anyOf = (_: number, width: number) => integerBelow(Math.max(1, width), random);
  const numbers = randomIds(classes, ignoreClass, hotOf ?? anyOf, random);
  const shape = random() < 0.3 ? [...rows, 1] : random() < 0.04 ? shapeFor(rows, 0, random) : rows;
  return randomOperand(idDtype(classes, random), shape, { name: "class ids", numbers }, random);
}

/** Labels of one value a row, some of which are ignored. */
function ignoring(source: Source, width: number, { ignoreClass }: Formula): Source {
  if (ignoreClass === undefined || width !== 1 || typeof source === "string") return source;
  const numbers: typeof source.numbers = (...args) => {
    const next = source.numbers(...args);
    return (i) => (i % 3 === 1 ? ignoreClass : next(i));
  };
  return { name: `${source.name}, some ignored`, numbers };
}

/** The program of a seed. */
export function randomProgram(seed: number): Program {
  const random = randomFrom(seed);
  // What only a maximum can go wrong with is tried more often.
  const loss = random() < 0.2 ? "categorical_hinge" : pick(allLossNames, random);
  const sizes = random() < 0.4 ? anySizes : severalRows;
  const shape = randomShape(sizes, random);
  const width = shape.at(-1) ?? 1;
  const formula = randomFormula(loss, width, random);
  const sources = randomSources(loss, kindsOf(loss, formula, random), sizes, random);
  const areIds = formula.labels === "sparse";
  const predictions = random() < (areIds ? 0.02 : 0.1) ? broadcastable(shape, random) : shape;
  const others = shapeFor(shape, 0.75, random);
  // Nobody waits for [20000, 1] with [20000].
  const whole = broadcast(others, predictions) ?? [];
  const labels = sizeOf(whole) > 2 * sizeOf(shape) + 1000 ? shape : others;
  const losses = shape.slice(0, -1);
  return {
    seed,
    loss,
    formula,
    dtype: random() < 0.4 ? "float32" : pick(floatDtypes, random),
    reduction: pick(reductions, random),
    labels: areIds
      ? randomIdOperand(losses, width, formula, sources.hotOf, random)
      : randomOperand(sources.dtype(), labels, ignoring(sources.labels, width, formula), random),
    predictions: randomOperand(sources.dtype(), predictions, sources.predictions, random),
    sampleWeight: randomColumn(losses, weightStyles, random),
    mask: randomColumn(losses, maskStyles, random),
    out: randomPlace(random),
    background: randomBackground(random),
  };
}

function shownOptions(options: object): string {
  const text = JSON.stringify(options);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

export function shownProgram(program: Program): string {
  const { seed, loss, dtype, reduction, labels, predictions, sampleWeight, mask } = program;
  const { out, background, formula } = program;
  const { way, calls, abortAfter } = background;
  return [
    `seed ${seed}: ${loss}, class dtype ${dtype}, reduction ${JSON.stringify(reduction)}, ${shownOptions(optionsOf(loss, formula))}`,
    `yTrue: ${shownOperand(labels)}`,
    `yPred: ${shownOperand(predictions)}`,
    `sampleWeight: ${sampleWeight ? shownOperand(sampleWeight) : "none"}`,
    `mask: ${mask ? shownOperand(mask) : "none"}`,
    `out: ${shownPlace(out)}`,
    `off the event loop: ${calls} at once, ${way}, with ${abortAfter === undefined ? "no signal" : `a signal after ${abortAfter} turns`}`,
  ].join("\n    ");
}
