import {
  CategoricalHinge,
  CrammerSinger,
  Hinge,
  type Loss,
  ModifiedHuber,
  SquaredHinge,
  WestonWatkins,
} from "maxmargin";
import type { Batch } from "./batch.js";
import { badRequest, Refusal, refusalOf } from "./refusal.js";

type LossClass = new (options?: object) => Loss;

const classes: readonly LossClass[] = [
  Hinge,
  SquaredHinge,
  CategoricalHinge,
  ModifiedHuber,
  CrammerSinger,
  WestonWatkins,
];
const byName = new Map(classes.map((Class) => [new Class().name, Class]));

/** Finds the class of a loss by its name, such as `categorical_hinge`. */
export function lossNamed(name: string): LossClass {
  const found = byName.get(name);
  if (found !== undefined) return found;
  throw new Refusal(404, `no loss "${name}"; expected one of ${[...byName.keys()].join(", ")}`);
}

/**
 * Computes the loss of a batch, whose arrays it takes over.
 *
 * @throws Refusal if the batch or its options do not fit the loss; the signal's reason if it fires.
 */
export async function evaluate(
  Class: LossClass,
  batch: Batch,
  signal: AbortSignal,
): Promise<number> {
  try {
    const { yTrue, yPred, sampleWeight } = batch;
    const loss = new Class(optionsFor(batch));
    // Other threads compute, because the buffers move into the call.
    const { value } = await loss.valueAsync(yTrue, yPred, { sampleWeight, signal, transfer: true });
    if (typeof value === "number") return value;
  } catch (error) {
    throw signal.aborted ? signal.reason : refusalOf(error);
  }
  throw badRequest("reduction: expected one that gives a number");
}

/** One label for several predictions is a class id: other labels would broadcast along the rows. */
function optionsFor({ yTrue, yPred, options }: Batch): object {
  if (yTrue.shape.length === 2 || yPred.shape[1] === 1) return options;
  const { labels = "sparse" } = options as { labels?: unknown };
  if (labels === "sparse") return { ...options, labels };
  const expected = `the shape of yPred for labels: ${JSON.stringify(labels)}`;
  throw badRequest(`yTrue: expected ${expected}, received [${yTrue.shape}]`);
}
