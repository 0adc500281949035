// A load test of the server, on this machine. Run it with `npm run example:load`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { quantile } from "../../bench/timing.js";
import { table } from "../table.js";
import { loadCases } from "./load-cases.js";
import { runLoad, type Tally } from "./load-clients.js";

const { values } = parseArgs({
  options: {
    clients: { type: "string", default: "8" },
    requests: { type: "string", default: "1000" },
  },
});

function count(name: keyof typeof values): number {
  const n = Number(values[name]);
  if (Number.isInteger(n) && n > 0) return n;
  throw new RangeError(`--${name}: expected a whole number from 1, received ${values[name]}`);
}

function show({ milliseconds, rows, bytes, refused, aborted }: Tally, seconds: number): void {
  const perSecond = (n: number) => Math.round(n / seconds).toLocaleString("en-US");
  const latency = (share: number) => `${quantile(milliseconds, share).toFixed(2)} ms`;
  const lines = [
    ["answered", `${milliseconds.length} in ${seconds.toFixed(1)} s`],
    ["refused, and sent again", `${refused}`],
    ["aborted halfway", `${aborted}`],
    ["requests/s", perSecond(milliseconds.length)],
    ["rows/s", perSecond(rows)],
    ["MB/s", perSecond(bytes / 1e6)],
    ["median latency", latency(0.5)],
    ["90th percentile", latency(0.9)],
    ["99th percentile", latency(0.99)],
    ["longest", latency(1)],
  ];
  console.log(table(lines));
}

const [clients, requests] = [count("clients"), count("requests")];
const main = fileURLToPath(new URL("main.js", import.meta.url));
const server = spawn(process.execPath, [main], {
  env: { ...process.env, HOST: "127.0.0.1", PORT: "0" },
  stdio: ["ignore", "pipe", "inherit"],
});
const [line] = (await once(server.stdout, "data")) as [Buffer];
const url = `${line}`.trim().replace("listening on ", "");
try {
  const cases = loadCases([10, 1000, 100_000]);
  const start = performance.now();
  const tally = await runLoad({ url, cases, clients, requests });
  show(tally, (performance.now() - start) / 1000);
  for (const each of tally.wrong) console.error(each);
  if (tally.wrong.length > 0) process.exitCode = 1;
} finally {
  server.kill("SIGTERM");
}
const [code] = await once(server, "exit");
if (code !== 0) {
  console.error(`expected the server to end with code 0, received ${code}`);
  process.exitCode = 1;
}
