import { setTimeout } from "node:timers/promises";
import { type FileEvaluation, mergeShards, type SavedShard } from "../files/answer.js";
import { wrongData } from "../files/data-error.js";
import type { Sources } from "../files/evaluate.js";
import type { Source } from "../files/formats.js";
import type { RowCount } from "../files/part.js";
import { now } from "../surroundings.js";
import { readAddress } from "./address.js";
import { Client } from "./client.js";
import { QueueError, ShardError, type ShardFailure } from "./errors.js";
import { type DistributeOptions, type Plan, planRun } from "./plan.js";
import { type CountedSource, cut, type Shard } from "./shards.js";
import { filesOf, nameOf, type SavedSource } from "./sources.js";
import { Step } from "./step.js";
import type { Outcome, Task, TaskValues } from "./tasks.js";
import { expectWorkers, Watch } from "./watch.js";

/** How long cancelling a run may take, in milliseconds. */
const cancelling = 5000;

/** A run of a driver. */
class Run {
  readonly #client: Client;
  readonly #plan: Plan;
  readonly #options: DistributeOptions;
  readonly #failures: ShardFailure[] = [];

  constructor(client: Client, plan: Plan, options: DistributeOptions) {
    this.#client = client;
    this.#plan = plan;
    this.#options = options;
  }

  async evaluate(): Promise<FileEvaluation> {
    const { shardBytes, isGrouped } = this.#plan;
    const counted = await this.#count();
    const shards = cut(counted, shardBytes, isGrouped);
    const saved = shards.length === 0 ? [] : await this.#evaluateShards(shards);
    if (this.#failures.length > 0) throw new ShardError(this.#failures);
    const [first] = this.#plan.sources;
    if (saved.length === 0) {
      throw wrongData(nameOf(first as SavedSource), "at least one row", "none");
    }
    checkWidths(saved, shards);
    return mergeShards(saved);
  }

  /** Counts the rows of all sources, and returns those where that succeeded. */
  async #count(): Promise<CountedSource[]> {
    const bundles = this.#bundles();
    const tasks = bundles.map((sources) =>
      this.#task({ kind: "count", sources: sources.map(saved) }),
    );
    const ended = await this.#perform<"count">(tasks, 0);
    return bundles.flatMap((sources, i) => {
      const outcome = ended[i] as Outcome<TaskValues["count"]>;
      return sources.flatMap((source, j) => {
        const own = "value" in outcome ? (outcome.value[j] as Outcome<RowCount>) : outcome;
        const counts = this.#valueOf(own, undefined, [source]);
        return counts === undefined ? [] : [{ ...saved(source), ...counts }];
      });
    });
  }

  /** Puts small sources together, so that there are not many more tasks than shards. */
  #bundles(): SavedSource[][] {
    const bundles: SavedSource[][] = [];
    let bytes = Infinity;
    for (const source of this.#plan.sources) {
      const own = source.bytes ?? Infinity;
      if (bytes + own > this.#plan.shardBytes) {
        bundles.push([]);
        bytes = 0;
      }
      bundles.at(-1)?.push(source);
      bytes += own;
    }
    return bundles;
  }

  async #evaluateShards(shards: readonly Shard[]): Promise<SavedShard[]> {
    const tasks = shards.map((shard) => this.#task({ kind: "shard", ...shard }));
    const total = shards[0]?.part.total ?? 0;
    const ended = await this.#perform<"shard">(tasks, total);
    return ended.flatMap((outcome, i) => {
      const own = "value" in outcome ? outcome.value : outcome;
      const value = this.#valueOf(own, i, shards[i]?.sources ?? []);
      return value === undefined ? [] : [value];
    });
  }

  /** Returns the value of an outcome, or keeps what failed. */
  #valueOf<T>(
    outcome: Outcome<T>,
    shard: number | undefined,
    sources: readonly SavedSource[],
  ): T | undefined {
    if ("value" in outcome) return outcome.value;
    this.#failures.push({ shard, files: sources.flatMap(filesOf), reason: outcome.error });
    return undefined;
  }

  #task(
    own:
      | Omit<Extract<Task, { kind: "count" }>, "version" | "request">
      | ({ kind: "shard" } & Shard),
  ): Task {
    const { version, request } = this.#plan;
    return { version, request, ...own };
  }

  /** Submits tasks, or joins them, and returns what became of them. */
  async #perform<K extends Task["kind"]>(
    tasks: readonly Task[],
    rows: number,
  ): Promise<Outcome<TaskValues[K]>[]> {
    const { run, fingerprint } = this.#plan;
    const { signal, leave = false, onProgress } = this.#options;
    signal?.throwIfAborted();
    const step = await Step.submit(this.#client, { run, fingerprint, tasks });
    const watch = new Watch(
      this.#client,
      ({ done }, workers) => {
        const fraction = done / tasks.length;
        const { kind } = tasks[0] as Task;
        const seen = { run, step: kind, done, of: tasks.length, workers };
        onProgress?.({ ...seen, rows: Math.floor(rows * fraction), fraction });
      },
      signal,
    );
    try {
      await watch.until(step);
    } catch (error) {
      if (signal?.aborted && !leave) await this.#cancel(step);
      throw signal?.aborted ? signal.reason : error;
    }
    const { done } = await step.counts();
    if (done < tasks.length) throw new QueueError(`run ${run}: it was cancelled`);
    return (await step.ended()) as Outcome<TaskValues[K]>[];
  }

  async #cancel(step: Step): Promise<void> {
    const over = new AbortController();
    await Promise.race([
      step.cancel().catch(() => {}),
      setTimeout(cancelling, undefined, { signal: over.signal }).catch(() => {}),
    ]);
    over.abort();
  }
}

const saved = ({ source, bytes }: SavedSource): SavedSource => ({ source, bytes });

/** Checks that all shards have rows of the same width, which each knows of itself alone. */
function checkWidths(all: readonly SavedShard[], shards: readonly Shard[]): void {
  const filled = all.filter(({ losses }) => losses.length > 0);
  const [first] = filled;
  const other = filled.find(({ classes }) => classes !== first?.classes);
  if (first === undefined || other === undefined) return;
  const fileOf = ({ index }: SavedShard) => nameOf(shards[index]?.sources[0] as SavedSource);
  const expected = `${first.classes} predictions in a row, as in ${fileOf(first)}`;
  throw wrongData(fileOf(other), expected, `${other.classes}`);
}

/**
 * Computes what `evaluateFiles` computes, on many machines: cuts the files into shards, which
 * workers evaluate, and merges their exact sums. The result has the bits of the single process.
 *
 * The same run can be submitted again at any time: it joins the first one. Rows of files are
 * counted first, because the bits depend on where rows are in the data set; formats that do not
 * know their number of rows are therefore read twice.
 *
 * @param sources - as for `evaluateFiles`, but no streams. Workers read the same paths.
 * @param options - those of `evaluateFiles`, and `connection`: see {@link DistributeOptions}.
 * @returns a promise of the losses. `seconds` is the time that the run took.
 * @throws Never; the promise rejects as that of `evaluateFiles`, with {@link ShardError} if shards
 *   fail, which lists all of them, and with {@link QueueError} if the queue cannot be reached, no
 *   worker listens, versions differ, or the run is cancelled.
 * @example
 * ```js
 * import { distribute } from "maxmargin/distributed";
 *
 * const { losses } = await distribute("/data/part-*.parquet", {
 *   connection: "redis://host:6379",
 *   labels: "y",
 *   predictions: "logit_*",
 *   losses: ["crammer_singer"],
 *   onProgress: ({ done, of, workers }) => console.log(`${done} of ${of}, ${workers} workers`),
 * });
 * ```
 */
export async function distribute(
  sources: Sources,
  options: DistributeOptions,
): Promise<FileEvaluation> {
  const started = now();
  const plan = await planRun([sources].flat() as Source[], options);
  const { connection, signal } = options;
  signal?.throwIfAborted();
  const client = await Client.open(readAddress(connection));
  try {
    await expectWorkers(client, plan.version, signal);
    const answer = await new Run(client, plan, options).evaluate();
    return { ...answer, seconds: (now() - started) / 1000 };
  } finally {
    await client.close();
  }
}
