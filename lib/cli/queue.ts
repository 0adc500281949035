// Evaluations whose shards are computed by workers.
import { distribute } from "../distributed/driver.js";
import type { DistributeOptions } from "../distributed/plan.js";
import type { FileEvaluation } from "../files/answer.js";
import type { Source } from "../files/formats.js";
import type { EvaluateOptions } from "../files/options.js";
import type { CommandLine, CommandOption, CommandOptions } from "./arguments.js";
import type { Context } from "./command.js";
import { UsageError } from "./usage-error.js";

/** The option that names the queue. */
export const queueOption: CommandOption = {
  type: "string",
  value: "URL",
  help: "queue of the workers: redis://host:6379, rediss:// or postgres://host/database",
};

/** The options of a run on a queue. */
export const runOptions: CommandOptions = {
  queue: queueOption,
  run: { type: "string", value: "NAME", help: "name of the run, by default made from the files" },
  "shard-bytes": { type: "string", value: "N", help: "size of a shard, by default 268435456" },
  leave: { type: "boolean", help: "Ctrl-C leaves the run to the workers; otherwise it cancels it" },
};

/** Checks that options of a run come with a queue. */
export function checkRunOptions(line: CommandLine): void {
  if (line.isSet("queue")) return;
  const alone = Object.keys(runOptions).find((name) => line.isSet(name));
  if (alone !== undefined) throw new UsageError(`--${alone}: expected --queue too`);
}

/** Evaluates files by the workers of a queue. */
export async function evaluateOnQueue(
  line: CommandLine,
  { signal, stderr }: Context,
  sources: readonly Source[],
  options: EvaluateOptions,
): Promise<FileEvaluation> {
  const leave = line.isSet("leave");
  const own = {
    connection: line.text("queue"),
    run: line.text("run"),
    shardBytes: line.number("shard-bytes"),
    leave,
  };
  try {
    return await distribute(sources, { ...options, ...own } as DistributeOptions);
  } catch (error) {
    if (signal.aborted && leave) stderr.write("the run goes on; the same command joins it\n");
    throw error;
  }
}
