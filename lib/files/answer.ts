import { described, wrongKind, wrongValue } from "../errors.js";
import { PartialLoss, type SavedPartialLoss } from "../evaluate/partial.js";
import type { LabelEncoding } from "../losses/spec.js";
import { DataError } from "./data-error.js";
import { inNaturalOrder } from "./patterns.js";
import type { SavedLossSummary } from "./summary/loss-summary.js";
import { type Summary, summaryOf } from "./summary/summary.js";
import type { SavedTotals } from "./tally.js";

/** A label that decided that 0 stays 0, and where it is. */
export interface DecidingLabel {
  /** The label, neither 0 nor 1. */
  readonly label: number;
  /** The file that has it. */
  readonly file: string;
  /** Counted from 1. */
  readonly row: number;
}

/** The losses of the rows of one group. */
export interface GroupAnswer {
  /** The value of the column `by` in all rows of the group. */
  readonly name: string;
  /** The number of rows, of those that do not count too. */
  readonly rows: number;
  /** The losses by their names. */
  readonly losses: Readonly<Record<string, number>>;
}

/** The losses of a data set. */
export interface FileEvaluation {
  /** The number of rows, of those that do not count too. */
  readonly rows: number;
  /** The number of predictions in a row. */
  readonly classes: number;
  /** The losses by their names. */
  readonly losses: Readonly<Record<string, number>>;
  /** How the labels were read, by the names of the losses. */
  readonly encodings: Readonly<Record<string, LabelEncoding>>;
  /** The groups in the order of their names; absent without `by`. */
  readonly groups?: readonly GroupAnswer[];
  /** Only if it was asked for. */
  readonly summary?: Summary;
  /** Why labels were not read as 0 and 1, if they began as if they were. */
  readonly decidedBy?: DecidingLabel;
  /** The time that it took. */
  readonly seconds: number;
}

/** The sums of a part of a data set, which JSON keeps. */
export interface SavedShard {
  /** The version of this format. */
  readonly format: "maxmargin-shard-1";
  /** Which part this is, from 0. */
  readonly index: number;
  /** The number of parts. */
  readonly of: number;
  /** Whether there are groups, from the option `by`. */
  readonly isGrouped: boolean;
  /** The number of predictions in a row. */
  readonly classes: number;
  /** The sums of each loss, for each way in which its labels can still be read. */
  readonly losses: readonly {
    /** The name of the loss. */
    readonly name: string;
    /** The sums, one for each way to read the labels. */
    readonly totals: readonly SavedTotals[];
  }[];
  /** The first label that is neither 0 nor 1, or null. */
  readonly decidedBy: DecidingLabel | null;
  /** The time that the part took. */
  readonly seconds: number;
}

function merged(parts: readonly SavedPartialLoss[]): PartialLoss | undefined {
  const [total, ...others] = parts.map((part) => PartialLoss.fromJSON(part));
  for (const other of others) total?.merge(other);
  return total;
}

/** A loss of all parts, in the one way to read labels that is possible in all of them. */
interface Merged {
  readonly name: string;
  readonly encoding: LabelEncoding;
  readonly all: PartialLoss;
  readonly groups: ReadonlyMap<string, PartialLoss>;
  readonly summaries: readonly SavedLossSummary[];
}

function mergeLoss(name: string, parts: readonly (readonly SavedTotals[])[]): Merged {
  const filled = parts.filter((totals) => totals.some(({ all }) => all !== null));
  const encodings = filled.map((totals) => totals.map(({ encoding }) => encoding));
  const encoding = encodings[0]?.find((each) => encodings.every((own) => own.includes(each)));
  if (encoding === undefined) {
    throw new DataError(`${name}: expected parts whose labels are read alike, received others`);
  }
  const own = filled.flatMap((totals) => totals.filter((each) => each.encoding === encoding));
  const all = merged(own.flatMap((totals) => totals.all ?? []));
  const byName = new Map<string, SavedPartialLoss[]>();
  for (const [group, part] of own.flatMap(({ groups }) => Object.entries(groups))) {
    const known = byName.get(group);
    if (known === undefined) byName.set(group, [part]);
    else known.push(part);
  }
  const names = [...byName.keys()].sort(inNaturalOrder);
  const groups = new Map(
    names.map((group) => [group, merged(byName.get(group) ?? []) as PartialLoss]),
  );
  const summaries = own.flatMap(({ summary }) => summary ?? []);
  return { name, encoding, all: all as PartialLoss, groups, summaries };
}

/** Returns the losses of a data set from the sums of all of its parts. */
export function answerOf(shards: readonly SavedShard[]): FileEvaluation {
  const filled = shards.filter(({ losses }) => losses.length > 0);
  const first = filled[0];
  if (first === undefined) throw new DataError("expected at least one row, received none");
  const losses = first.losses.map(({ name }, i) =>
    mergeLoss(
      name,
      filled.map((shard) => shard.losses[i]?.totals ?? []),
    ),
  );
  const byName = <T>(of: (loss: Merged) => T) =>
    Object.fromEntries(losses.map((loss) => [loss.name, of(loss)]));
  const [any] = losses as [Merged];
  const summary = summaryOf(losses);
  const deciding = filled.flatMap(({ decidedBy }) => decidedBy ?? []);
  return {
    rows: any.all.rows,
    classes: first.classes,
    losses: byName(({ all }) => all.value()),
    encodings: byName(({ encoding }) => encoding),
    ...(first.isGrouped && {
      groups: [...any.groups].map(([name, { rows }]) => ({
        name,
        rows,
        losses: byName(({ groups }) => groups.get(name)?.value() ?? Number.NaN),
      })),
    }),
    ...(summary !== undefined && { summary }),
    ...(deciding[0] !== undefined && { decidedBy: deciding[0] }),
    seconds: shards.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

function checkShard(shard: unknown, place: string): asserts shard is SavedShard {
  if (typeof shard !== "object" || shard === null) {
    throw wrongKind(place, "an object that evaluateShard returned", described(shard));
  }
  const { format, index, of, losses } = shard as Partial<SavedShard>;
  if (format !== "maxmargin-shard-1") {
    throw wrongKind(place, "the sums of a shard", `an object of format ${described(format)}`);
  }
  const isPart = Number.isInteger(index) && Number.isInteger(of) && Array.isArray(losses);
  if (!isPart) throw wrongKind(place, "the sums of a shard", "one that is incomplete");
}

/** What has to be the same in all shards of a data set. */
function kindOf({ of, isGrouped, losses, classes }: SavedShard): string {
  const hasSummary = losses.some(({ totals }) => totals?.some(({ summary }) => summary));
  const names = losses.map(({ name }) => name);
  return JSON.stringify({ of, isGrouped, classes, losses: names, hasSummary });
}

/**
 * Merges the shards of a data set to the losses of all of it. The result has the bits that
 * `evaluateFiles` returns, in whatever order the shards come and however many there are.
 *
 * @param shards - the results of `evaluateShard`, or what `JSON.parse` made of them.
 * @returns the losses.
 * @throws TypeError if a shard is none; RangeError if one is missing, occurs twice, or is one of
 *   another evaluation.
 */
export function mergeShards(shards: readonly SavedShard[]): FileEvaluation {
  if (!Array.isArray(shards)) throw wrongKind("shards", "a list", described(shards));
  if (shards.length === 0) throw wrongValue("shards", "at least one shard", "none");
  for (const [i, shard] of shards.entries()) checkShard(shard, `shards[${i}]`);
  const { of } = shards[0] as SavedShard;
  const filled = shards.filter(({ losses }) => losses.length > 0);
  const kinds = new Set(filled.map(kindOf));
  if (kinds.size > 1 || shards.some((shard) => shard.of !== of)) {
    const [own, other] = [...kinds, ...shards.map((shard) => `of ${shard.of}`)];
    throw wrongValue("shards", `shards of one evaluation, ${own}`, `${other}`);
  }
  const indexes = shards.map(({ index }) => index);
  const known = new Set(indexes);
  const lost = Array.from({ length: of }, (_, index) => index).filter((index) => !known.has(index));
  if (lost.length > 0) {
    throw wrongValue("shards", `all of ${of} shards`, `none of index ${lost.join(", ")}`);
  }
  if (indexes.length > known.size) {
    const twice = indexes.find((index, i) => indexes.indexOf(index) < i);
    throw wrongValue("shards", "each shard once", `index ${twice} twice`);
  }
  return answerOf([...shards].sort((a, b) => a.index - b.index));
}
