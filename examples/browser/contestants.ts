import { fastestLoop, idiomatic, type Values } from "../../bench/baselines.js";
import { gradientsOfIds, idiomaticOfIds, loopOfIds } from "../../bench/class-ids.js";
import { gradients } from "../../bench/slopes.js";
import type { Runner } from "../../bench/timing.js";
import {
  CategoricalHinge,
  CrammerSinger,
  Hinge,
  SquaredHinge,
  setBackend,
  tensor,
  WestonWatkins,
} from "../../dist/web/index.js";
import type { Batch } from "./batch.js";
import type { Choices } from "./choices.js";
import type { ContestantName } from "./report.js";

/** Something that computes a case. Losses of rows are a new array in each call, gradients are not. */
export interface Contestant extends Runner {
  readonly name: ContestantName;
  run(): number | ArrayLike<number>;
}

const losses = {
  hinge: Hinge,
  squaredHinge: SquaredHinge,
  categoricalHinge: CategoricalHinge,
  crammerSinger: CrammerSinger,
  westonWatkins: WestonWatkins,
};

/** The call that a user of the library writes. */
function libraryCall({ loss, result, labels: kind }: Choices, batch: Batch): Contestant["run"] {
  const { labels, predictions, rows, width } = batch;
  const own = new losses[loss](kind === "sparse" ? { labels: kind } : {});
  const yTrue = tensor(labels, kind === "sparse" ? [rows] : [rows, width]);
  const yPred = tensor(predictions, [rows, width]);
  if (result === "mean") return () => own.value(yTrue, yPred);
  if (result === "rows") return () => own.call(yTrue, yPred).data as Float32Array;
  const out = new Float32Array(predictions.length);
  return () => own.gradient(yTrue, yPred, { out }).data as Float32Array;
}

function plainCall(
  style: "loop" | "idiomatic",
  { loss, result, labels: kind }: Choices,
  { labels, predictions, width }: Batch,
): Contestant["run"] {
  if (result === "gradient") {
    const gradient = (kind === "sparse" ? gradientsOfIds : gradients)[style];
    const out: Values = new Float32Array(predictions.length);
    return () => gradient(loss, labels, predictions, width, undefined, out);
  }
  const { mean, rows } =
    kind === "sparse"
      ? (style === "loop" ? loopOfIds : idiomaticOfIds)(loss)
      : (style === "loop" ? fastestLoop : idiomatic)(loss, kind);
  return result === "mean"
    ? () => mean(labels, predictions, width)
    : () => rows(labels, predictions, width);
}

/** Returns the contestants, without WebAssembly where it cannot run. */
export function contestantsFor(choices: Choices, batch: Batch, hasWasm: boolean): Contestant[] {
  const run = libraryCall(choices, batch);
  const backends = hasWasm ? (["wasm", "js"] as const) : (["js"] as const);
  return [
    ...backends.map((name) => ({ name, prepare: () => setBackend(name), run })),
    ...(["loop", "idiomatic"] as const).map((name) => ({
      name,
      prepare() {},
      run: plainCall(name, choices, batch),
    })),
  ];
}
