// The tasks of jobs, and their performance by workers.
import type { SavedShard } from "../files/answer.js";
import { DataError, MissingPackageError } from "../files/data-error.js";
import {
  countRows,
  evaluatePart,
  type RowCount,
  readInquiry,
  type SourcedPart,
} from "../files/part.js";
import type { Allowed } from "./allow.js";
import { loadRequest, type SavedRequest } from "./request.js";
import { checkSize, type SavedSource } from "./sources.js";

/** What all tasks have. */
interface TaskBase {
  /** The version of this package in the driver. */
  readonly version: string;
  readonly request: SavedRequest;
  readonly sources: readonly SavedSource[];
}

/** Counts the rows of each source. */
export interface CountTask extends TaskBase {
  readonly kind: "count";
}

/** Evaluates rows that the sources have. */
export interface ShardTask extends TaskBase {
  readonly kind: "shard";
  readonly part: SourcedPart;
}

export type Task = CountTask | ShardTask;

/** A value, or what is wrong with the data. */
export type Outcome<T> = { readonly value: T } | { readonly error: string };

/** The values of tasks: an outcome for each source, or one for the shard. */
export interface TaskValues {
  readonly count: readonly Outcome<RowCount>[];
  readonly shard: Outcome<SavedShard>;
}

/** Whether an error can go away by itself, or on another machine. */
function isTransient(error: unknown): boolean {
  if (error instanceof MissingPackageError) return true;
  // Options, which are the same everywhere.
  if (error instanceof TypeError) return false;
  if (!(error instanceof DataError)) return !(error instanceof RangeError);
  const { code, message } = (error.cause ?? {}) as NodeJS.ErrnoException;
  return /^E[A-Z]+$/.test(code ?? "") || /^(IO|HTTP|Connection) Error/.test(message ?? "");
}

async function outcomeOf<T>(isLast: boolean, compute: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await compute() };
  } catch (error) {
    if (isTransient(error) && !isLast) throw error;
    return { error: (error as Error).message };
  }
}

/** What a worker knows when it performs a task. */
export interface Conditions {
  readonly version: string;
  readonly allowed: Allowed | undefined;
  /** Whether errors that can go away are outcomes too. */
  readonly isLast: boolean;
}

/**
 * Performs a task.
 *
 * @throws an error that can go away, unless the attempt is the last one.
 */
export async function perform(
  task: Task,
  { version, allowed, isLast }: Conditions,
): Promise<TaskValues[Task["kind"]]> {
  const check = async (sources: readonly SavedSource[]) => {
    if (task.version !== version) {
      const versions = `${task.version} in the driver, ${version} in a worker`;
      throw new DataError(`the versions of maxmargin differ: ${versions}`);
    }
    await allowed?.check(sources, task.request);
    for (const source of sources) await checkSize(source);
  };
  if (task.kind === "shard") {
    return outcomeOf(isLast, async () => {
      await check(task.sources);
      const sources = task.sources.map(({ source }) => source);
      const inquiry = readInquiry(sources, loadRequest(task.request));
      return evaluatePart(sources, inquiry, task.part);
    });
  }
  const outcomes: Outcome<RowCount>[] = [];
  for (const saved of task.sources) {
    outcomes.push(
      await outcomeOf(isLast, async () => {
        await check([saved]);
        const { request } = readInquiry([saved.source], loadRequest(task.request));
        return countRows(saved.source, request);
      }),
    );
  }
  return outcomes;
}
