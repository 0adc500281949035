import { once } from "node:events";
import { setNumThreads } from "../backend/backend.js";
import { startWorker, type WorkerOptions } from "../distributed/worker.js";
import type { Command } from "./command.js";
import { queueOption } from "./queue.js";
import { UsageError } from "./usage-error.js";

export const worker: Command = {
  summary: "evaluate shards for maxmargin evaluate --queue",
  usage: "--queue URL",
  options: {
    queue: queueOption,
    allow: {
      type: "string",
      multiple: true,
      value: "PLACE",
      help: "directory or prefix of URLs that may be read, by default all",
    },
    concurrency: { type: "string", value: "N", help: "shards at once, by default 1" },
    threads: { type: "string", value: "N", help: "number of threads, by default all" },
    quiet: { type: "boolean", short: "q", help: "no lines about shards" },
  },
  examples: [
    "maxmargin worker --queue redis://host:6379 --allow /data",
    "maxmargin worker --queue postgres://host/database --allow s3://bucket/scores",
  ],
  async run(line, { signal, stderr }) {
    if (!line.isSet("queue")) {
      throw new UsageError("--queue: expected the URL of a queue, such as redis://host:6379");
    }
    const threads = line.number("threads");
    if (threads !== undefined) setNumThreads(threads);
    const log = line.isSet("quiet") ? () => {} : (text: string) => stderr.write(`${text}\n`);
    const options = {
      connection: line.text("queue"),
      allow: line.texts("allow"),
      concurrency: line.number("concurrency"),
      log,
    };
    const running = await startWorker(options as WorkerOptions);
    log(`${running.name} listens on ${running.queue}`);
    if (!signal.aborted) await once(signal, "abort");
    log("finishing the shards that have been begun");
    await running.close();
    return "";
  },
};
