import type { SavedShard } from "./answer.js";
import { type Block, Blocks, byGroup, type RowSpan } from "./blocks.js";
import type { Widths } from "./columns.js";
import { DataError, wrongData } from "./data-error.js";
import { flatGridOf, type Grid, gridOf, longestStep, stepOf } from "./grid.js";
import type { Groups } from "./groups.js";
import type { ChosenLoss, LossReading } from "./losses.js";
import { LossSummary } from "./summary/loss-summary.js";
import type { RowPlace } from "./summary/worst-rows.js";
import { LabelError, Tally } from "./tally.js";

/** Consecutive rows of a data set, as one of several parts. */
export interface Part extends RowSpan {
  readonly index: number;
  readonly of: number;
  /** The number of rows in the data set. */
  readonly total: number;
}

/**
 * Moves the ends of a part to the next multiples of a number of rows, so that sums do not depend on
 * the parts. Every row still belongs to one part.
 */
function alignedSpan({ first, end, total }: Part, step: number): RowSpan {
  const at = (row: number) => Math.min(total, Math.ceil(row / step) * step);
  return { first: at(first), end: at(end) };
}

/** What to compute of a data set. */
export interface Wanted {
  readonly losses: readonly ChosenLoss[];
  readonly groups: Groups | undefined;
  /** Whether the rows are summarized for a report. */
  readonly summary: boolean;
}

const everything: Part = { index: 0, of: 1, total: Infinity, first: 0, end: Infinity };

/** The tallies whose rows are cut by the same grid. */
interface GridTallies extends Grid {
  readonly tallies: Tally[];
}

/** Where the rows of a source begin in the data set. */
interface Start {
  readonly name: string;
  readonly first: number;
}

/** Receives rows of a data set, and adds up the losses of those that belong to a part. */
export class Collector {
  readonly #wanted: Wanted;
  readonly #part: Part;
  readonly #starts: Start[] = [];
  #widths: Widths | undefined;
  #tallies: Tally[] = [];
  #blocks: Blocks[] = [];
  /** The rows that are needed; before the widths are known, those that may be. */
  span: RowSpan;

  constructor(wanted: Wanted, part = everything) {
    this.#wanted = wanted;
    this.#part = part;
    const { first, end, total } = part;
    const most = Math.min(total, end + longestStep(wanted.groups !== undefined));
    this.span = { first, end: first === end ? end : most };
  }

  /** Begins with a source. */
  begin(name: string, first: number): void {
    this.#starts.push({ name, first });
  }

  /** Checks the widths of rows, which have to be those of the rows so far. */
  #expect(widths: Widths, hasWeights: boolean): void {
    const known = this.#widths;
    const shown = ({ labels, predictions }: Widths) =>
      `${labels} labels and ${predictions} predictions in a row`;
    if (known === undefined) {
      this.#widths = widths;
      this.#start(widths, hasWeights);
    } else if (known.labels !== widths.labels || known.predictions !== widths.predictions) {
      const { name } = this.#starts.at(-1) as Start;
      throw wrongData(name, `${shown(known)}, as in ${this.#starts[0]?.name}`, shown(widths));
    }
  }

  #start(widths: Widths, hasWeights: boolean): void {
    const { labels, predictions } = widths;
    if (labels !== 1 && labels !== predictions) {
      const expected = `one label in a row, or ${predictions}, one for each prediction`;
      throw wrongData(this.#starts[0]?.name ?? "", expected, `${labels}`);
    }
    const [byRows, flat] = [gridOf(predictions), flatGridOf(predictions)].map((grid) => ({
      ...grid,
      tallies: [] as Tally[],
    })) as [GridTallies, GridTallies];
    this.#tallies = this.#wanted.losses.map((loss, i) => {
      const tally = this.#tallyOf(loss, widths, i === 0);
      (loss.isFlat && !hasWeights ? flat : byRows).tallies.push(tally);
      return tally;
    });
    const used = [byRows, flat].filter(({ tallies }) => tallies.length > 0);
    const spans = used.map((grid) =>
      alignedSpan(this.#part, stepOf(grid, this.#wanted.groups !== undefined)),
    );
    this.#blocks = used.map(
      ({ size, tallies }, i) =>
        new Blocks(size, spans[i] as RowSpan, (block) => this.#addBlock(tallies, block)),
    );
    this.span = {
      first: Math.min(...spans.map(({ first }) => first)),
      end: Math.max(...spans.map(({ end }) => end)),
    };
  }

  #tallyOf(loss: ChosenLoss, widths: Widths, isFirst: boolean): Tally {
    const readings = loss.readingsFor(widths);
    this.#checkLabels(loss.name, readings[0] as LossReading, widths);
    if (!this.#wanted.summary) return new Tally(loss.name, readings);
    return new Tally(loss.name, readings, (reading) => new LossSummary(reading, widths, isFirst));
  }

  /** Checks that one label for several predictions is a class id: others would broadcast, or fail. */
  #checkLabels(loss: string, { encoding }: LossReading, { labels, predictions }: Widths): void {
    if (encoding === "sparse" || labels === predictions) return;
    const expected = `${predictions} labels in a row for ${loss}, or encoding "sparse" for class ids`;
    const received = `1, read as ${JSON.stringify(encoding)}`;
    throw wrongData(this.#starts[0]?.name ?? "", expected, received);
  }

  /** Adds rows. */
  add(rows: Block): void {
    const { labels, predictions, sampleWeight } = rows;
    const widths = { labels: labels.width, predictions: predictions.width };
    this.#expect(widths, sampleWeight !== undefined);
    for (const blocks of this.#blocks) blocks.add(rows, rows.first);
  }

  #addBlock(tallies: readonly Tally[], block: Block): void {
    const groups = block.groups === undefined ? [] : byGroup(block);
    for (const tally of tallies) {
      try {
        tally.add(block, groups);
      } catch (error) {
        if (!(error instanceof LabelError)) throw error;
        const { file, row } = this.#placeOf(block.first + error.rowInBlock);
        throw new DataError(`${file}: labels, row ${row}: ${error.message}`);
      }
    }
  }

  /** Returns the place of a row by its number. */
  readonly #placeOf = (at: number): RowPlace => {
    const start = this.#starts.filter(({ first }) => first <= at).at(-1) as Start;
    return { file: start.name, row: at - start.first + 1 };
  };

  /** Ends the data set, which has `end` rows. */
  finish(end: number): void {
    for (const blocks of this.#blocks) blocks.finish(end);
  }

  save(seconds: number): SavedShard {
    const { index, of } = this.#part;
    const { groups } = this.#wanted;
    const names = groups?.names ?? [];
    const decidedBy = this.#tallies.find((tally) => tally.decidedBy !== undefined)?.decidedBy;
    const losses = this.#tallies.map((tally) => ({
      name: tally.name,
      totals: tally.save(names, this.#placeOf),
    }));
    const isEmpty = losses.every(({ totals }) => totals.every(({ all }) => all === null));
    return {
      format: "maxmargin-shard-1",
      index,
      of,
      isGrouped: groups !== undefined,
      classes: this.#widths?.predictions ?? 0,
      losses: isEmpty ? [] : losses,
      decidedBy:
        decidedBy === undefined
          ? null
          : { label: decidedBy.label, ...this.#placeOf(decidedBy.row) },
      seconds,
    };
  }
}
