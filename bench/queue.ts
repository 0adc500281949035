/**
 * What a shard on a queue costs, beside `evaluateFiles` in one process: `npm run bench:queue`. It starts
 * redis-server and workers, which have one thread each, and removes everything again.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { setNumThreads } from "maxmargin";
import { distribute } from "maxmargin/distributed";
import { type ArrayFiles, evaluateFiles, type Source } from "maxmargin/files";

const main = fileURLToPath(new URL("../dist/cjs/cli/main.js", import.meta.url));
const folder = mkdtempSync(path.join(os.tmpdir(), "maxmargin-bench-"));
const children: ChildProcess[] = [];

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  return port;
}

async function start(command: string, args: string[], ready: string): Promise<ChildProcess> {
  const child = spawn(command, args, { cwd: folder, stdio: "pipe" });
  children.push(child);
  child.once("exit", () => children.splice(children.indexOf(child), 1));
  await new Promise<void>((resolve, reject) => {
    const hear = (text: Buffer) => `${text}`.includes(ready) && resolve();
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", () => reject(new Error(`${command} ended`)));
  });
  return child;
}

const startWorker = (queue: string, concurrency = 1) => {
  const own = ["--queue", queue, "--threads", "1", "--concurrency", `${concurrency}`];
  return start(process.execPath, [main, "worker", ...own], "listens on");
};

function npy(values: Int8Array | Float32Array): Buffer {
  const descr = values instanceof Int8Array ? "|i1" : "<f4";
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${values.length},), }\n`;
  const start = Buffer.from("\x93NUMPY\x01\0\0\0", "latin1");
  start.writeUInt16LE(text.length, 8);
  const data = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return Buffer.concat([start, Buffer.from(text), data]);
}

/** Writes a Parquet file with labels and scores. */
async function writeParquet(name: string, rows: number): Promise<string> {
  const file = path.join(folder, `${name}.parquet`);
  const connection = await (await DuckDBInstance.create()).connect();
  const columns = "(i % 3 - 1)::TINYINT AS label, sin(i)::FLOAT AS score";
  await connection.run(`COPY (SELECT ${columns} FROM range(${rows}) t(i)) TO '${file}'`);
  connection.closeSync();
  return file;
}

/** Writes labels and scores. */
function writeArrays(name: string, rows: number, isCompressed: boolean): ArrayFiles {
  const labels = new Int8Array(rows);
  const scores = new Float32Array(rows);
  const period = 8191;
  for (let i = 0; i < rows; i++) labels[i] = i % 3 === 0 ? 1 : -1;
  for (let i = 0; i < period; i++) scores[i] = Math.sin(i);
  for (let i = period; i < rows; i += i) scores.copyWithin(i, 0, i);
  const write = (kind: string, values: Int8Array | Float32Array) => {
    const file = path.join(folder, `${name}.${kind}.npy${isCompressed ? ".gz" : ""}`);
    writeFileSync(file, isCompressed ? gzipSync(npy(values), { level: 1 }) : npy(values));
    return file;
  };
  return { labels: write("labels", labels), predictions: write("scores", scores) };
}

/** Returns the processor time of this process and the others, in milliseconds. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  const others = children.map(({ pid }) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    // Of 10 ms each.
    return 10 * (Number(fields[11]) + Number(fields[12]));
  });
  return (user + system) / 1000 + others.reduce((sum, own) => sum + own, 0);
}

/** What something took, in milliseconds. */
interface Cost {
  readonly wall: number;
  /** Of all processes, which says more if the machine is not idle. */
  readonly processor: number;
}

async function timed<T>(act: () => Promise<T>): Promise<Cost & { value: T }> {
  const [started, before] = [performance.now(), processorTime()];
  const value = await act();
  return { wall: performance.now() - started, processor: processorTime() - before, value };
}

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[values.length >> 1] as number;

const medianOf = (costs: readonly Cost[]): Cost => ({
  wall: median(costs.map(({ wall }) => wall)),
  processor: median(costs.map(({ processor }) => processor)),
});

/** Shows what a run took beside a single process. */
function show(title: string, shards: number, { single, queue }: Record<"single" | "queue", Cost>) {
  console.log(title);
  for (const kind of ["wall", "processor"] as const) {
    const more = queue[kind] - single[kind];
    const percent = ((100 * more) / single[kind]).toFixed(1);
    const both = `evaluateFiles ${single[kind].toFixed(0)} ms, queue ${queue[kind].toFixed(0)} ms`;
    console.log(`  ${kind}: ${both}: ${percent} %, ${(more / shards).toFixed(3)} ms a shard`);
  }
}

/** A run and a single process in turn, `rounds` times; their answers are compared. */
async function race(connection: string, sources: Source[], shardBytes: number, rounds: number) {
  const times = { single: [] as Cost[], queue: [] as Cost[] };
  for (let round = -1; round < rounds; round++) {
    const columns = { labels: "label", predictions: "score" };
    const options = {
      losses: ["hinge", "squared_hinge"],
      ...(typeof sources[0] === "string" && columns),
    };
    // A name of its own, because a run that has just ended would be joined.
    const run = `bench-${process.pid}-${shardBytes}-${round + 1}`;
    const single = await timed(() => evaluateFiles(sources, options));
    const own = { ...options, connection, shardBytes, run };
    const queue = await timed(() => distribute(sources, own));
    const [right, answer] = [single, queue].map(({ value }) => JSON.stringify(value.losses));
    if (answer !== right) throw new Error(`not the same bits: ${answer}, ${right}`);
    // The first round warms up.
    if (round < 0) continue;
    times.single.push(single);
    times.queue.push(queue);
  }
  return { single: medianOf(times.single), queue: medianOf(times.queue) };
}

async function measure(rounds: number): Promise<void> {
  setNumThreads(1);
  const port = await freePort();
  const queue = `redis://127.0.0.1:${port}`;
  const own = ["--port", `${port}`, "--bind", "127.0.0.1", "--appendonly", "yes", "--save", ""];
  await start("redis-server", own, "Ready to accept connections");
  const worker = await startWorker(queue);

  const count = 8;
  const names = Array.from({ length: count }, (_, i) => `long-${i}`);
  const tables: string[] = [];
  for (const name of names) tables.push(await writeParquet(name, 12e6));
  show(`${count} Parquet files, one worker`, count, await race(queue, tables, 2 ** 26, rounds));
  const arrays = names.map((name) => writeArrays(name, 4e7, true));
  show(`${count} compressed .npy files, one worker`, count, await race(queue, arrays, 1, rounds));

  const shards = 5000;
  const rows = shards * 8192;
  const tiny = [writeArrays("tiny", rows, false)];
  const bytes = Math.ceil((5 * rows + 512) / shards);
  const title = `${shards} shards of 8192 rows, one worker`;
  show(`${title}, one at a time`, shards, await race(queue, tiny, bytes, rounds));
  worker.kill("SIGTERM");
  await once(worker, "exit");
  await startWorker(queue, 8);
  // Another cut has another name.
  show(`${title}, 8 at once`, shards, await race(queue, tiny, bytes + 1, rounds));
}

const { values } = parseArgs({ options: { rounds: { type: "string", default: "3" } } });
try {
  await measure(Number(values.rounds));
} finally {
  for (const child of [...children]) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
