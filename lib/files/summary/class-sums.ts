import { ExactSum } from "../../backend/exact-sum.js";
import type { SavedSum } from "../../evaluate/partial.js";
import { countFrom, listFrom, numberFrom } from "./saved.js";

/** The rows of a class, and the sum of their weighted losses. */
interface ClassTotal {
  rows: number;
  readonly losses: ExactSum;
}

/** A class of {@link ClassSums} as JSON. */
export interface SavedClass {
  readonly label: number;
  readonly rows: number;
  readonly losses: SavedSum;
}

/** Adds up the losses of each class. */
export class ClassSums {
  readonly #totals = new Map<number, ClassTotal>();
  /** The rows of a block by class, and their losses. */
  readonly #rows: Int32Array;
  readonly #losses: Float64Array;

  constructor(classes: number) {
    this.#rows = new Int32Array(classes);
    this.#losses = new Float64Array(classes);
  }

  /**
   * Adds the rows of a block: rows with a negative class are left out. Doubles add up the losses of a
   * block, so that the result depends on the blocks, but not on their order.
   */
  add(classes: Int32Array, losses: ArrayLike<number>): void {
    const rowsOf = this.#rows;
    const lossesOf = this.#losses;
    const found: number[] = [];
    for (let i = 0; i < classes.length; i++) {
      const own = classes[i] as number;
      if (own < 0) continue;
      const rows = rowsOf[own] as number;
      if (rows === 0) found.push(own);
      rowsOf[own] = rows + 1;
      lossesOf[own] = (lossesOf[own] as number) + (losses[i] as number);
    }
    for (const own of found) {
      const total = totalOf(this.#totals, own);
      total.rows += rowsOf[own] as number;
      total.losses.add(lossesOf[own] as number);
      rowsOf[own] = 0;
      lossesOf[own] = 0;
    }
  }

  /** Returns the sums of the classes that occur. `labelOf` returns the label of a class. */
  save(labelOf: (own: number) => number): SavedClass[] {
    return [...this.#totals].map(([own, { rows, losses }]) => ({
      label: labelOf(own),
      rows,
      losses: losses.toJSON(),
    }));
  }
}

function totalOf(totals: Map<number, ClassTotal>, own: number): ClassTotal {
  let total = totals.get(own);
  if (total === undefined) {
    total = { rows: 0, losses: new ExactSum() };
    totals.set(own, total);
  }
  return total;
}

/** Returns the rows and the sum of the losses of each label in all parts. */
export function classTotalsOf(
  parts: readonly (readonly SavedClass[])[],
): ReadonlyMap<number, Readonly<ClassTotal>> {
  const totals = new Map<number, ClassTotal>();
  for (const { label, rows, losses } of parts.flatMap((part) => listFrom("classes", part))) {
    const total = totalOf(totals, numberFrom("classes.label", label));
    total.rows += countFrom("classes.rows", rows);
    total.losses.addAll(ExactSum.from(listFrom("classes.losses", losses)));
  }
  return totals;
}
