// Small calls that answer at once: all classes, functions and gradients, on batches of 1 to 200 values.
import { gradient, type hinge, type Tensor, tensor, valueAndGradient } from "maxmargin";
import { filled, integerBelow, pick, type Random, randomPredictions } from "../support/data.js";
import { classes, functions, lossNames, reductions } from "../support/losses.js";

const sizes = 200;

/** One batch, in arrays that all calls share. */
interface Batch {
  readonly yTrue: Tensor<"int8">;
  readonly yPred: Tensor<"float32">;
  readonly sampleWeight: Float32Array;
  readonly mask: Uint8Array;
  /** For the losses of the rows, and for a gradient. */
  readonly rowsOut: Float32Array;
  readonly out: Float32Array;
}

function batchOf(n: number, random: Random): Batch {
  const width = n % 10 === 0 ? 10 : n % 3 === 0 ? 3 : 1;
  const rows = n / width;
  return {
    yTrue: tensor(
      filled(new Int8Array(n), () => integerBelow(2, random)),
      [rows, width],
    ),
    yPred: tensor(randomPredictions(n, random), [rows, width]),
    sampleWeight: filled(new Float32Array(rows), random),
    mask: filled(new Uint8Array(rows), () => integerBelow(2, random)),
    rowsOut: new Float32Array(rows),
    out: new Float32Array(n),
  };
}

type Call = (batch: Batch) => unknown;

const ofClasses: readonly Call[] = lossNames.flatMap((name) =>
  reductions.flatMap((reduction): Call[] => {
    const loss = new classes[name]({ reduction });
    return [
      ({ yTrue, yPred }) => loss.value(yTrue, yPred),
      ({ yTrue, yPred, sampleWeight, mask }) => loss.value(yTrue, yPred, { sampleWeight, mask }),
      ({ yTrue, yPred }) => loss.call(yTrue, yPred),
      ({ yTrue, yPred, rowsOut: out }) => loss.call(yTrue, yPred, { out }),
      ({ yTrue, yPred, out }) => loss.valueAndGradient(yTrue, yPred, { out }),
      ({ yTrue, yPred, sampleWeight, out }) => loss.gradient(yTrue, yPred, { sampleWeight, out }),
      ({ yTrue, yPred, mask }) => loss.gradient(yTrue, yPred, { mask }),
    ];
  }),
);

const ofFunctions: readonly Call[] = lossNames.flatMap((name): Call[] => {
  const loss = functions[name] as typeof hinge;
  return [
    ({ yTrue, yPred }) => loss(yTrue, yPred),
    ({ yTrue, yPred, rowsOut: out }) => loss(yTrue, yPred, { out }),
    ({ yTrue, yPred, out }) => gradient(loss, yTrue, yPred, { out }),
    ({ yTrue, yPred, out }) => valueAndGradient(loss, yTrue, yPred, { out }),
  ];
});

const calls = [...ofClasses, ...ofFunctions];

/** A function that makes so many calls. */
export function smallCalls(random: Random): (count: number) => void {
  const batches = Array.from({ length: sizes }, (_, i) => batchOf(i + 1, random));
  return (count) => {
    for (let i = 0; i < count; i++) pick(calls, random)(pick(batches, random));
  };
}
