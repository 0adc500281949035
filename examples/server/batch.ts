import type { Tensor } from "maxmargin";
import type { Fields } from "./fields.js";
import { badRequest } from "./refusal.js";

/** A request's batch, under the names that the library's errors use. */
export interface Batch {
  /** Labels, `[rows, classes]`, or `[rows]`: class ids, or the labels of one score per row. */
  readonly yTrue: Tensor;
  /** Predictions, `[rows, classes]`. */
  readonly yPred: Tensor;
  /** `[rows]` */
  readonly sampleWeight: Tensor | null;
  /** Options of the loss's constructor. */
  readonly options: Fields;
}

/** The arrays of a batch, in the order of a binary body. */
export const arrayNames = ["yTrue", "yPred", "sampleWeight"] as const;
export type ArrayName = (typeof arrayNames)[number];

type Shape = readonly number[];

const shown = (shape: Shape) => `[${shape.join(", ")}]`;

/** Refuses shapes that the library would broadcast: a small request could then ask for much work. */
export function checkShapes({
  yTrue,
  yPred,
  sampleWeight,
}: Partial<Record<ArrayName, Shape>>): void {
  if (yPred?.length !== 2) {
    throw badRequest(
      `yPred: expected shape [rows, classes], received ${yPred ? shown(yPred) : "none"}`,
    );
  }
  const rows = yPred.slice(0, 1);
  check("yTrue", yTrue, [rows, yPred]);
  if (sampleWeight !== undefined) check("sampleWeight", sampleWeight, [rows]);
}

function check(name: ArrayName, shape: Shape | undefined, expected: readonly Shape[]): void {
  if (expected.some((each) => `${each}` === `${shape}`)) return;
  const received = shape === undefined ? "none" : shown(shape);
  throw badRequest(
    `${name}: expected shape ${expected.map(shown).join(" or ")}, received ${received}`,
  );
}
