// A step of a run: tasks, and the job that waits for all of them.
import { wrongValue } from "../errors.js";
import type { BullJob, FlowJob } from "./bullmq.js";
import { type Client, queueName } from "./client.js";
import type { Task } from "./tasks.js";

/** How long a finished job is kept, in seconds. */
const kept = { age: 3600 };

/** The name of the job that waits for the tasks of a step. */
export const joiningName = "run";

/** What is kept in the job that waits. */
interface JoinData {
  /** Which files and options the run has. */
  readonly fingerprint: string;
}

/** A step that is to be submitted. */
export interface StepPlan {
  readonly run: string;
  readonly fingerprint: string;
  readonly tasks: readonly Task[];
}

/** How many tasks have ended. */
export interface StepCounts {
  readonly done: number;
  /** Whether none is left. */
  readonly isOver: boolean;
}

/** What became of a task: its value, or why it has none. */
export type Ended = { readonly value: unknown } | { readonly failure: string };

function flowOf(id: string, { fingerprint, tasks }: StepPlan): FlowJob {
  const data: JoinData = { fingerprint };
  const ends = { removeOnComplete: kept, removeOnFail: kept };
  return {
    name: joiningName,
    queueName,
    data,
    opts: { jobId: id, ...ends },
    children: tasks.map((task, i) => ({
      name: task.kind,
      queueName,
      data: task,
      opts: {
        jobId: `${id}.${i}`,
        attempts: 3,
        backoff: { type: "exponential", delay: 1000 },
        // Whether the step is over does not depend on whether its tasks succeeded.
        ignoreDependencyOnFailure: true,
        ...ends,
      },
    })),
  };
}

/** Sorts what a job knows of its children, whose keys end with their numbers. */
function byNumber<T>(
  children: Readonly<Record<string, T>>,
  ended: (child: T) => Ended,
): (readonly [number, Ended])[] {
  return Object.entries(children).map(([key, child]) => [
    Number(key.slice(key.lastIndexOf(".") + 1)),
    ended(child),
  ]);
}

async function endedOf(job: BullJob<JoinData>, count: number): Promise<Ended[]> {
  const all: Ended[] = Array.from({ length: count }, () => ({ failure: "it was cancelled" }));
  const values = byNumber(await job.getChildrenValues(), (value) => ({ value }));
  const failures = byNumber(await job.getIgnoredChildrenFailures(), (failure) => ({ failure }));
  for (const [i, ended] of [...values, ...failures]) all[i] = ended;
  return all;
}

const hasFailed = (ended: Ended) =>
  "failure" in ended || [ended.value].flat().some((outcome) => "error" in (outcome as object));

/** A step that has been submitted. */
export class Step {
  readonly #client: Client;
  readonly #id: string;
  readonly #count: number;

  private constructor(client: Client, id: string, count: number) {
    this.#client = client;
    this.#id = id;
    this.#count = count;
  }

  /**
   * Submits a step, or joins the same one if that runs or has just succeeded. A step that has failed
   * is tried again, under the next number; so is one of the same name that ended long ago.
   *
   * @throws RangeError if another step of the same name runs.
   */
  static async submit(client: Client, plan: StepPlan): Promise<Step> {
    const [{ kind }] = plan.tasks as [Task];
    for (let attempt = 0; ; attempt++) {
      const step = new Step(client, `${plan.run}.${attempt}.${kind}`, plan.tasks.length);
      const job = await step.#job();
      if (job === undefined) {
        await client.add(flowOf(step.#id, plan));
        return step;
      }
      const isSame = job.data.fingerprint === plan.fingerprint;
      const { isOver } = await step.counts();
      if (!isOver && isSame) return step;
      if (!isOver) {
        throw wrongValue("run", "a name that no other run has", `${plan.run}, which is running`);
      }
      const isRecent = Date.now() - (job.finishedOn ?? Infinity) < 1000 * kept.age;
      if (isSame && isRecent && !(await step.ended()).some(hasFailed)) return step;
    }
  }

  #job(): Promise<BullJob<JoinData> | undefined> {
    return this.#client.job<JoinData>(this.#id);
  }

  async counts(): Promise<StepCounts> {
    const job = await this.#job();
    // It has been cancelled.
    if (job === undefined) return { done: 0, isOver: true };
    const { processed, ignored, unprocessed } = await job.getDependenciesCount();
    return { done: processed + ignored, isOver: unprocessed === 0 };
  }

  /** Returns what became of the tasks, in their order. */
  async ended(): Promise<Ended[]> {
    const job = await this.#job();
    return job === undefined ? [] : endedOf(job, this.#count);
  }

  /** Removes all tasks that nobody has begun with. */
  async cancel(): Promise<void> {
    const job = await this.#job();
    await job?.removeUnprocessedChildren();
    await job?.remove({ removeChildren: false });
  }
}
