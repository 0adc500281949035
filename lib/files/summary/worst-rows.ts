import { countFrom, listFrom, numberFrom, type SavedNumber, savedNumber } from "./saved.js";

/** The rows that a summary has. */
const mostRows = 10;

/** Where a row is. */
export interface RowPlace {
  readonly file: string;
  /** Counted from 1, without rows that were left out. */
  readonly row: number;
}

/** A row with a large loss. */
export interface WorstRow extends RowPlace {
  /** The weighted loss of the row. */
  readonly loss: number;
  /** Its label or class; null if it has several labels. */
  readonly label: number | null;
  /** Its prediction, or the class that is predicted; null if it has several labels. */
  readonly prediction: number | null;
}

/** A row before anybody knows its file. `at` is its number in the data set, from 0. */
type FoundRow = Omit<WorstRow, keyof RowPlace> & { readonly at: number };

/** A row as JSON. */
export interface SavedWorstRow extends RowPlace {
  readonly at: number;
  readonly loss: SavedNumber;
  readonly label: SavedNumber | null;
  readonly prediction: SavedNumber | null;
}

/** Whether a loss comes before another one. NaN comes first: it makes every mean NaN. */
const isWorse = (loss: number, other: number) =>
  Number.isNaN(loss) ? !Number.isNaN(other) : loss > other;

/** Keeps the rows with the largest losses above 0; of equal losses the first ones. */
export class WorstRows {
  readonly #rows: FoundRow[] = [];
  /** The loss that a row has to exceed. */
  #least = 0;

  /** Adds rows, of which `first` is the number of the first; `describe` is called for few of them. */
  add(
    losses: ArrayLike<number>,
    first: number,
    describe: (row: number) => Pick<WorstRow, "label" | "prediction">,
  ): void {
    let least = this.#least;
    for (let i = 0; i < losses.length; i++) {
      const loss = losses[i] as number;
      if (loss <= least || !isWorse(loss, least)) continue;
      this.#insert({ at: first + i, loss, ...describe(i) });
      least = this.#least;
    }
  }

  #insert(row: FoundRow): void {
    const rows = this.#rows;
    const place = rows.findIndex(({ loss }) => isWorse(row.loss, loss));
    rows.splice(place < 0 ? rows.length : place, 0, row);
    if (rows.length > mostRows) rows.pop();
    if (rows.length === mostRows) this.#least = (rows.at(-1) as FoundRow).loss;
  }

  save(placeOf: (at: number) => RowPlace): SavedWorstRow[] {
    const saved = (value: number | null) => (value === null ? null : savedNumber(value));
    return this.#rows.map(({ at, loss, label, prediction }) => ({
      ...placeOf(at),
      at,
      loss: savedNumber(loss),
      label: saved(label),
      prediction: saved(prediction),
    }));
  }
}

function worstRowFrom(saved: SavedWorstRow): WorstRow & { readonly at: number } {
  const { file, row, at, loss, label, prediction } = saved;
  const number = (name: string, value: unknown) =>
    value === null ? null : numberFrom(`worst.${name}`, value);
  return {
    file: String(file),
    row: countFrom("worst.row", row),
    at: countFrom("worst.at", at),
    loss: numberFrom("worst.loss", loss),
    label: number("label", label),
    prediction: number("prediction", prediction),
  };
}

/** Returns the worst rows of all parts. */
export function worstOf(parts: readonly (readonly SavedWorstRow[])[]): WorstRow[] {
  return parts
    .flatMap((rows) => listFrom("worst", rows).map(worstRowFrom))
    .sort((a, b) => {
      if (isWorse(a.loss, b.loss)) return -1;
      return isWorse(b.loss, a.loss) ? 1 : a.at - b.at;
    })
    .slice(0, mostRows)
    .map(({ at, ...row }) => row);
}
