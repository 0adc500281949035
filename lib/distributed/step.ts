// A step of a run: tasks, and the job that waits for all of them.
import { createHash } from "node:crypto";
import { wrongValue } from "../errors.js";
import type { BullJob, FlowJob } from "./bullmq.js";
import { type Client, queueName } from "./client.js";
import { QueueError } from "./errors.js";
import type { Outcome, Task } from "./tasks.js";

/** How long a finished job is kept, in seconds. */
const kept = { age: 3600 };

/** The name of the job that waits for the tasks of a step. */
export const joiningName = "run";

/** What is kept in the job that waits. */
interface JoinData {
  readonly fingerprint: string;
}

/** A step that is to be submitted. */
export interface StepPlan {
  readonly run: string;
  /** Which files and options the run has. */
  readonly fingerprint: string;
  readonly tasks: readonly Task[];
}

/** How many tasks have ended. */
export interface StepCounts {
  readonly done: number;
  /** Whether none is left. */
  readonly isOver: boolean;
}

/** Identifies a step: the same run has other tasks if a file could not be counted. */
const fingerprintOf = ({ fingerprint, tasks }: StepPlan) =>
  createHash("sha256")
    .update(JSON.stringify([fingerprint, tasks]))
    .digest("hex");

function flowOf(id: string, data: JoinData, tasks: readonly Task[]): FlowJob {
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

/** What bullmq says of a job that its workers did not survive. */
const reasonOf = (failure: string) =>
  failure.includes("stalled") ? "its worker died twice, or lost the queue" : failure;

/** Returns what became of the children of a job, whose keys end with their numbers. */
async function endedOf(job: BullJob<JoinData>, count: number): Promise<Outcome<unknown>[]> {
  const ended: Outcome<unknown>[] = Array.from({ length: count }, () => ({ error: "cancelled" }));
  const numberOf = (key: string) => Number(key.slice(key.lastIndexOf(".") + 1));
  for (const [key, value] of Object.entries(await job.getChildrenValues())) {
    ended[numberOf(key)] = { value };
  }
  for (const [key, failure] of Object.entries(await job.getIgnoredChildrenFailures())) {
    ended[numberOf(key)] = { error: reasonOf(failure) };
  }
  return ended;
}

/** Whether a task failed, or has an outcome that is an error. */
const hasFailed = (ended: Outcome<unknown>) =>
  "error" in ended || [ended.value].flat().some((outcome) => "error" in (outcome as object));

/** A step that has been submitted. */
export class Step {
  readonly #job: BullJob<JoinData>;
  readonly #count: number;

  private constructor(job: BullJob<JoinData>, count: number) {
    this.#job = job;
    this.#count = count;
  }

  /**
   * Submits a step, or joins the same one if that runs or has just succeeded. A step that has
   * failed is tried again, under the next number; so is one of the same name that ended long ago.
   *
   * @throws RangeError if another step of the same name runs.
   */
  static async submit(client: Client, plan: StepPlan): Promise<Step> {
    const [{ kind }] = plan.tasks as [Task];
    const fingerprint = fingerprintOf(plan);
    for (let attempt = 0; ; attempt++) {
      const id = `${plan.run}.${attempt}.${kind}`;
      const known = await client.job<JoinData>(id);
      if (known === undefined) await client.add(flowOf(id, { fingerprint }, plan.tasks));
      const job = known ?? (await client.job<JoinData>(id));
      if (job === undefined) throw new QueueError(`run ${plan.run}: it was cancelled`);
      const step = new Step(job, plan.tasks.length);
      if (known === undefined) return step;
      const isSame = job.data.fingerprint === fingerprint;
      const { isOver } = await step.counts();
      if (!isOver && isSame) return step;
      if (!isOver) {
        throw wrongValue("run", "a name that no other run has", `${plan.run}, which is running`);
      }
      const isRecent = Date.now() - (job.finishedOn ?? Infinity) < 1000 * kept.age;
      if (isSame && isRecent && !(await step.ended()).some(hasFailed)) return step;
    }
  }

  /** Returns how many tasks have ended: none if the step was cancelled. */
  async counts(): Promise<StepCounts> {
    const { processed, ignored, unprocessed } = await this.#job.getDependenciesCount();
    return { done: processed + ignored, isOver: unprocessed === 0 };
  }

  /** Returns what became of the tasks, in their order. */
  ended(): Promise<Outcome<unknown>[]> {
    return endedOf(this.#job, this.#count);
  }

  /** Removes all tasks that nobody has begun with. */
  async cancel(): Promise<void> {
    await this.#job.removeUnprocessedChildren();
    await this.#job.remove({ removeChildren: false });
  }
}
