// Calls off the event loop, in all three ways, with signals that stop some of them.
import { type Tensor, type TransferredInputs, tensor } from "maxmargin";
import { filled, integerBelow, pick, type Random, randomPredictions } from "../support/data.js";
import { classes, lossNames } from "../support/losses.js";

/** Below and above what is computed at once. */
const sizes = [100, 70_000];
const width = 10;
const atOnce = 8;

interface Arguments {
  readonly yTrue: Tensor;
  readonly yPred: Tensor;
  readonly sampleWeight: Tensor;
  /** For a gradient. */
  readonly gradient: Tensor;
}

function argumentsOf(n: number, isShared: boolean, random: Random): Arguments {
  const memory = (bytes: number) => new (isShared ? SharedArrayBuffer : ArrayBuffer)(bytes);
  const rows = n / width;
  const labels = filled(new Int8Array(memory(n)), () => integerBelow(2, random));
  const predictions = new Float32Array(memory(4 * n));
  predictions.set(randomPredictions(n, random));
  const weights = filled(new Float32Array(memory(4 * rows)), random);
  return {
    yTrue: tensor(labels, [rows, width]),
    yPred: tensor(predictions, [rows, width]),
    sampleWeight: tensor(weights, [rows]),
    gradient: tensor(new Float32Array(memory(4 * n)), [rows, width]),
  };
}

const losses = lossNames.map((name) => new classes[name]());

interface Options {
  readonly signal?: AbortSignal;
  readonly transfer?: boolean;
}

type Call = (args: Arguments, options: Options) => Promise<unknown>;

const calls: readonly Call[] = losses.flatMap((loss): Call[] => [
  ({ yTrue, yPred }, options) => loss.valueAsync(yTrue, yPred, options),
  ({ yTrue, yPred, sampleWeight }, options) =>
    loss.valueAsync(yTrue, yPred, { ...options, sampleWeight }),
  ({ yTrue, yPred }, options) => loss.callAsync(yTrue, yPred, options),
  ({ yTrue, yPred, gradient }, options) =>
    loss.gradientAsync(yTrue, yPred, { ...options, out: gradient.data as Float32Array }),
  ({ yTrue, yPred, sampleWeight, gradient }, options) => {
    const out = gradient.data as Float32Array;
    return loss.valueAndGradientAsync(yTrue, yPred, { ...options, sampleWeight, out });
  },
]);

/** Where a batch stands, and whether the call takes it. */
const ways = ["slices", "shared", "transfer"] as const;
type Way = (typeof ways)[number];

const reason = { why: "enough" };

/** Half of the calls have no signal; those of the others fire never, before the call or in the middle of it. */
function signalOf(random: Random): AbortSignal | undefined {
  const chance = random();
  if (chance < 0.5) return undefined;
  const controller = new AbortController();
  const abort = () => controller.abort(reason);
  if (chance < 0.6) abort();
  else if (chance < 0.8) setImmediate(abort);
  return controller.signal;
}

/**
 * Calls that follow each other, on batches of their own. What has moved is used again if it comes back: large new buffers
 * would leave the system's memory in pieces, whose number says nothing.
 */
function lane(random: Random): (count: number) => Promise<number> {
  const batchFor = (way: Way, size: number) => argumentsOf(size, way === "shared", random);
  const batches = new Map(
    ways.map((way) => [way, sizes.map((size) => batchFor(way, size))] as const),
  );
  return async (count) => {
    let stopped = 0;
    for (let i = 0; i < count; i++) {
      const way = pick(ways, random);
      const own = batches.get(way) as Arguments[];
      const size = integerBelow(sizes.length, random);
      const signal = signalOf(random);
      const transfer = way === "transfer";
      try {
        const options = { transfer, ...(signal !== undefined && { signal }) };
        const result = await pick(calls, random)(own[size], options);
        if (transfer) own[size] = { ...own[size], ...(result as Partial<TransferredInputs>) };
      } catch (error) {
        if (error !== reason) throw error;
        stopped++;
        if (transfer) own[size] = batchFor(way, sizes[size]);
      }
    }
    return stopped;
  };
}

/** A function that makes so many calls, several at once, and tells how many of them were stopped. */
export function backgroundCalls(random: Random): (count: number) => Promise<number> {
  const lanes = Array.from({ length: atOnce }, () => lane(random));
  return async (count) => {
    const stopped = await Promise.all(lanes.map((calls) => calls(Math.ceil(count / atOnce))));
    return stopped.reduce((sum, each) => sum + each, 0);
  };
}
