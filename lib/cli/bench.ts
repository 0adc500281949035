import { open, writeFile } from "node:fs/promises";
import { backend, setBackend } from "../backend/backend.js";
import { benchChart } from "./bench/chart.js";
import { benchTable, machineLines } from "./bench/report.js";
import { runBench } from "./bench/run.js";
import { defaultSizes, readSizes } from "./bench/sizes.js";
import { type Command, json } from "./command.js";
import { facts } from "./info.js";
import { StatusLine } from "./progress.js";
import { paintFor } from "./style.js";
import { UsageError } from "./usage-error.js";

/** Says before half a minute of work that its result could not be written. */
async function checkWritable(file: string): Promise<void> {
  try {
    await (await open(file, "a")).close();
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(
      `--svg: expected a file that can be written, received ${file}: ${message}`,
    );
  }
}

export const bench: Command = {
  summary: "time losses on this machine, beside plain JavaScript",
  usage: "[OPTION...]",
  options: {
    sizes: {
      type: "string",
      value: "LIST",
      help: `values in a batch, by default ${defaultSizes}`,
    },
    svg: { type: "string", value: "FILE", help: "write a chart" },
    json: { type: "boolean", help: "print JSON" },
  },
  examples: ["maxmargin bench", "maxmargin bench --sizes 1e4,1e6 --svg bench.svg"],
  async run(line, context) {
    if (line.files.length > 0) throw new UsageError(`expected no files, received ${line.files[0]}`);
    const sizes = readSizes(line);
    const svg = line.text("svg");
    if (svg !== undefined) await checkWritable(svg);
    // The environment may have chosen a backend, while all of them are timed.
    setBackend("auto", backend().kernel ?? undefined);
    const status = new StatusLine(context.stderr);
    const onProgress = (text: string) => status.show(text);
    const measured = await runBench({ sizes, signal: context.signal, onProgress }).finally(() =>
      status.clear(),
    );
    const machine = facts();
    const lines = machineLines(machine);
    if (svg !== undefined) await writeFile(svg, benchChart(measured, lines));
    if (line.isSet("json")) return json({ ...machine, measured });
    const table = benchTable(measured, paintFor(context.stdout));
    return `${lines.join("\n")}\n\n${table}\n`;
  },
};
