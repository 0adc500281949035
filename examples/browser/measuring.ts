// The page's side of the worker.
import type { Choices } from "./choices.js";
import type { Report } from "./report.js";

/** Starts a worker, which ends when the signal fires. It reports its backend first. */
export function startWorker(signal: AbortSignal, received: (report: Report) => void): Worker {
  const worker = new Worker(new URL("./benchmark.js", import.meta.url), { type: "module" });
  signal.addEventListener("abort", () => worker.terminate());
  worker.addEventListener("message", ({ data }: MessageEvent<Report>) => received(data));
  worker.addEventListener("error", ({ message }) => {
    const remedy =
      "the worker does not load. Did `npm run build` and `npm run build:tools` succeed?";
    received({ kind: "failure", message: message || remedy });
  });
  return worker;
}

const isLast = ({ kind }: Report) =>
  kind === "timings" || kind === "disagreement" || kind === "failure";

/** Measures a case in a worker of its own. The promise never settles if the signal fires before. */
export function measure(
  choices: Choices,
  signal: AbortSignal,
  received: (report: Report) => void,
): Promise<void> {
  return new Promise((resolve) => {
    const worker = startWorker(signal, (report) => {
      received(report);
      if (!isLast(report)) return;
      worker.terminate();
      resolve();
    });
    worker.postMessage(choices);
  });
}
