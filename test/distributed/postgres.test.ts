// The same on PostgreSQL, where Debian's package is installed: apt-get install postgresql.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { Hinge, SquaredHinge } from "maxmargin";
import { distribute, type RunProgress } from "maxmargin/distributed";
import { evaluateFiles } from "maxmargin/files";
import { describe, expect, test, vi } from "vitest";
import { npy, temporaryFolder } from "../files/support.js";
import { Cleanup, freePort, spawnProgram, startWorker } from "./support.js";

const installed = "/usr/lib/postgresql";
const [version] = existsSync(installed) ? readdirSync(installed).sort().reverse() : [];
const binaries = path.join(installed, version ?? "", "bin");

/** Its server refuses to run as root. */
const user = (() => {
  if (version === undefined || process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"]));
  return { uid: id("-u"), gid: id("-g") };
})();

async function startPostgres(cleanup: Cleanup): Promise<string> {
  const folder = cleanup.folder();
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const data = path.join(folder, "data");
  const own = { ...user, cwd: folder, stdio: "pipe" } as const;
  execFileSync(`${binaries}/initdb`, ["-D", data, "-U", "tester", "-A", "trust", "--no-sync"], own);
  const port = await freePort();
  const options = ["-h", "127.0.0.1", "-p", `${port}`, "-k", folder];
  const server: ChildProcess = spawn(`${binaries}/postgres`, ["-D", data, ...options], own);
  cleanup.add(async () => {
    // It ends all connections, and its processes.
    server.kill("SIGINT");
    if (server.exitCode === null) await once(server, "exit");
  });
  for await (const text of server.stderr as NodeJS.ReadableStream) {
    if (`${text}`.includes("ready to accept connections")) break;
  }
  server.stderr?.resume();
  return `postgres://tester:secret@127.0.0.1:${port}/postgres`;
}

// Locks expire after seconds, and machines that are busy take their time.
vi.setConfig({ testTimeout: 300_000 });

const folder = temporaryFolder();
const rows = 400_000;
const labels = Int8Array.from({ length: rows }, (_, i) => (i % 3 === 0 ? 1 : 0));
const source = {
  labels: folder.write("y.npy", npy(labels)),
  predictions: folder.write("p.npy", npy(Float32Array.from(labels, (_, i) => 3 * Math.sin(i)))),
};
const losses = [new Hinge({ dtype: "float64" }), new SquaredHinge({ dtype: "float64" })];
const single = { ...(await evaluateFiles(source, { losses })), seconds: 0 };

describe.skipIf(version === undefined)("PostgreSQL", () => {
  test("gives the same bits after a worker was killed, and for two drivers at once", async ({
    onTestFinished,
  }) => {
    const cleanup = new Cleanup(onTestFinished);
    const url = await startPostgres(cleanup);
    const killed = await startWorker(cleanup, url, { DIE_AT_OPEN: "15" });
    await startWorker(cleanup, url, { SLOW_OPEN: "5" });
    await startWorker(cleanup, url, { SLOW_OPEN: "5" });
    const seen: RunProgress[] = [];
    const answers = await Promise.all(
      [0, 1].map(() =>
        distribute(source, {
          losses,
          connection: url,
          shardBytes: Math.ceil((rows * 5 + 256) / 50),
          onProgress: (progress) => seen.push(progress),
        }),
      ),
    );
    expect(answers.map((answer) => ({ ...answer, seconds: 0 }))).toEqual([single, single]);
    expect(killed.child.signalCode).toBe("SIGKILL");
    expect(seen.some(({ workers }) => workers === 3)).toBe(true);
    expect(seen.at(-1)).toMatchObject({ step: "shard", done: 50, of: 50 });
  });

  test("is not reached without its server, which is said", async ({ onTestFinished }) => {
    const cleanup = new Cleanup(onTestFinished);
    const url = `postgres://tester:secret@127.0.0.1:${await freePort()}/postgres`;
    const { ended } = spawnProgram(cleanup, ["worker", "--queue", url]);
    expect(await ended).toEqual({
      code: 3,
      stdout: "",
      stderr: `maxmargin: ${url.replace(":secret", "")}: connection refused: is it running?\n`,
    });
  });
});
