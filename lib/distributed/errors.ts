import { DataError } from "../files/data-error.js";

/** The queue cannot be reached, nobody works, versions differ, or a run was cancelled. */
export class QueueError extends Error {
  /** `"QueueError"` */
  override readonly name: string = "QueueError";
}

/** A shard that could not be evaluated. */
export interface ShardFailure {
  /** Which shard, from 0; undefined if counting the rows of a file failed. */
  readonly shard: number | undefined;
  /** The files that have its rows. */
  readonly files: readonly string[];
  /** The message of the error. */
  readonly reason: string;
}

/** The failures that a message lists at most. */
const mostShown = 100;

function lineOf({ shard, files, reason }: ShardFailure): string {
  const place = shard === undefined ? "counting rows" : `shard ${shard}`;
  if (files.some((file) => reason.includes(file))) return `${place}: ${reason}`;
  const [first, ...others] = files;
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  return `${place}: ${first}${more}: ${reason}`;
}

/** Shards of an evaluation failed. The others were evaluated. */
export class ShardError extends DataError {
  /** `"ShardError"` */
  override readonly name: string = "ShardError";
  /** What failed, and why. */
  readonly failures: readonly ShardFailure[];

  /** @param failures - what failed. */
  constructor(failures: readonly ShardFailure[]) {
    const lines = failures.slice(0, mostShown).map(lineOf);
    const rest = failures.length - lines.length;
    if (rest > 0) lines.push(`and ${rest} more`);
    super(lines.length === 1 ? lines[0] : `${failures.length} failures:\n  ${lines.join("\n  ")}`);
    this.failures = failures;
  }
}
