import type { PartialLoss, SavedPartialLoss } from "../evaluate/partial.js";
import type { LabelEncoding } from "../losses/spec.js";
import { castToDoubles } from "../tensor/cast.js";
import type { Block, GroupRows } from "./blocks.js";
import { argumentsOf, type Rows } from "./columns.js";
import type { LossReading } from "./losses.js";
import type { LossSummary, SavedLossSummary } from "./summary/loss-summary.js";
import type { RowPlace } from "./summary/worst-rows.js";

/** The sums of one reading of the labels: of all rows, and of the rows of each group. */
class Totals {
  all: PartialLoss | undefined;
  readonly groups = new Map<number, PartialLoss>();

  addToAll(part: PartialLoss): void {
    if (this.all === undefined) this.all = part;
    else this.all.merge(part);
  }

  addToGroup(group: number, part: PartialLoss): void {
    const total = this.groups.get(group);
    if (total === undefined) this.groups.set(group, part);
    else total.merge(part);
  }
}

/** The sums of a loss as JSON, for one reading of the labels. */
export interface SavedTotals {
  readonly encoding: LabelEncoding;
  readonly all: SavedPartialLoss | null;
  readonly groups: Readonly<Record<string, SavedPartialLoss>>;
  /** Only if a summary was asked for. */
  readonly summary?: SavedLossSummary;
}

/** The first label that is neither 0 nor 1. */
export interface OtherLabel {
  readonly row: number;
  readonly label: number;
}

interface FoundLabel extends OtherLabel {
  readonly isAfterZeros: boolean;
}

const partOf = (loss: LossReading["loss"], rows: Rows): PartialLoss =>
  loss.partial(...argumentsOf(rows));

/** Returns the first label that is not 0, 1 or ignored, and its place in a block. */
function otherLabelIn({ labels, first }: Block, ignored: number | undefined): FoundLabel {
  const values = castToDoubles(labels.dtype, labels.values, "float64");
  const index = values.findIndex((label) => label !== 0 && label !== 1 && label !== ignored);
  return {
    row: first + Math.floor(index / labels.width),
    label: values[index] as number,
    isAfterZeros: values.subarray(0, index).includes(0),
  };
}

/** One way to read the labels, and what it has led to. */
interface Reading extends LossReading {
  readonly totals: Totals;
  readonly summary: LossSummary | undefined;
}

/**
 * Adds up one loss. If its labels are read by Keras's rule (0 is -1 if all labels of the data set are
 * 0 or 1), it computes both readings until a label decides: so nothing has to be read again, and
 * parts of a data set can be merged before anybody knows all labels.
 */
export class Tally {
  readonly name: string;
  #readings: readonly Reading[];
  #hasZeros = false;
  /** The label that decided that 0 is 0, if labels of 0 came before it. */
  decidedBy: OtherLabel | undefined;

  /** With `summarize`, which returns the summary of a reading, the rows are summarized too. */
  constructor(
    name: string,
    readings: readonly LossReading[],
    summarize?: (reading: LossReading) => LossSummary,
  ) {
    this.name = name;
    this.#readings = readings.map((reading) => ({
      ...reading,
      totals: new Totals(),
      summary: summarize?.(reading),
    }));
  }

  /** Adds a block, whose rows are also sorted by group if rows are grouped. */
  add(block: Block, groups: readonly GroupRows[]): void {
    for (const reading of this.#readings) {
      const { loss, totals, summary } = reading;
      let part: PartialLoss;
      try {
        part = partOf(loss, block);
      } catch (error) {
        throw labelError(this.name, error);
      }
      if (reading.encoding === "binary" && this.#readings.length > 1) {
        if (part.reading === "signed") {
          this.#decide(block);
          continue;
        }
        this.#hasZeros ||= part.reading === "binary";
      }
      totals.addToAll(part);
      summary?.add(block);
      for (const { group, rows } of groups) totals.addToGroup(group, partOf(loss, rows));
    }
  }

  /** Gives up reading labels as 0 and 1, because the block has others. */
  #decide(block: Block): void {
    const ignored = this.#readings[0]?.loss.getConfig().ignoreClass;
    const { row, label, isAfterZeros } = otherLabelIn(block, ignored);
    this.#readings = this.#readings.filter(({ encoding }) => encoding !== "binary");
    if (this.#hasZeros || isAfterZeros) this.decidedBy = { row, label };
  }

  /** Returns the sums so far for each way to read labels that is still possible. */
  save(groupNames: readonly string[], placeOf: (at: number) => RowPlace): SavedTotals[] {
    return this.#readings.map(({ encoding, totals, summary }) => ({
      encoding,
      all: totals.all?.toJSON() ?? null,
      groups: Object.fromEntries(
        [...totals.groups].map(([group, part]) => [groupNames[group] as string, part.toJSON()]),
      ),
      ...(summary && { summary: summary.save(placeOf) }),
    }));
  }
}

/** An error in the labels of a block, before the file and row are known. */
export class LabelError extends RangeError {
  readonly rowInBlock: number;

  constructor(row: number, message: string, cause: unknown) {
    super(message, { cause });
    this.rowInBlock = row;
  }
}

/** Takes the row out of a message such as "yTrue[5]: expected a class id, received 12". */
function labelError(loss: string, error: unknown): unknown {
  if (!(error instanceof RangeError)) return error;
  const match = /^yTrue\[(\d+)\](?:\[\d+\])*: (.*)$/s.exec(error.message);
  if (match !== null) return new LabelError(Number(match[1]), match[2] as string, error);
  return new RangeError(`${loss}: ${error.message}`, { cause: error });
}
