// Runs on a real Redis, by workers that are processes in folders of their own: nothing passes but
// through Redis and the files.
import { statSync, utimesSync } from "node:fs";
import { Hinge, SquaredHinge } from "maxmargin";
import { type DistributeOptions, distribute, type RunProgress } from "maxmargin/distributed";
import { evaluateFiles } from "maxmargin/files";
import { describe, expect, test, vi } from "vitest";
import { npy, temporaryFolder } from "../files/support.js";
import { Cleanup, hasRedis, RedisServer, spawnProgram, startWorker } from "./support.js";

// Locks expire after seconds, and machines that are busy take their time.
vi.setConfig({ testTimeout: 300_000 });

const folder = temporaryFolder();
const rows = 1_700_000;
const labels = Int8Array.from({ length: rows }, (_, i) => (i % 3 === 0 ? 1 : 0));
labels[rows - 2] = -1;
const source = {
  labels: folder.write("y.npy", npy(labels)),
  predictions: folder.write("p.npy", npy(Float32Array.from(labels, (_, i) => 3 * Math.sin(i)))),
};
// Every bit of the sums shows in float64, and a late label decides how all are read.
const losses = [new Hinge({ dtype: "float64" }), new SquaredHinge({ dtype: "float64" })];
const single = { ...(await evaluateFiles(source, { losses })), seconds: 0 };
const shards = 200;
const shardBytes = Math.ceil((rows * 5 + 256) / shards);
/** Slow enough for things to happen in the middle. */
const slow = { SLOW_OPEN: "10" };

// At once, because most of the time is spent waiting: for locks that expire, for processes that start.
const onRedis = hasRedis ? describe.concurrent : describe.skip;
/** Submits the run, and returns its answer in the form of {@link single}. */
async function answerOf(redis: RedisServer, options: Partial<DistributeOptions> = {}) {
  const answer = await distribute(source, {
    losses,
    connection: redis.url,
    shardBytes,
    ...options,
  });
  return { ...answer, seconds: 0 };
}

/** Calls a function once, when some of the shards are done. */
function atShard(count: number, act: () => void) {
  let hasActed = false;
  return ({ step, done, of }: RunProgress) => {
    if (step !== "shard" || done < count || hasActed) return;
    expect(of).toBe(shards);
    hasActed = true;
    act();
  };
}

onRedis("the bits of the single process, if", () => {
  test("a worker is killed in the middle of a shard, and another one stopped", async ({
    onTestFinished,
  }) => {
    const cleanup = new Cleanup(onTestFinished);
    const redis = await RedisServer.start(cleanup);
    const killed = await startWorker(cleanup, redis.url, { ...slow, DIE_AT_OPEN: "41" });
    const stopped = await startWorker(cleanup, redis.url, slow);
    await startWorker(cleanup, redis.url, slow);
    const onProgress = atShard(40, () => stopped.child.kill("SIGTERM"));
    expect(await answerOf(redis, { onProgress })).toEqual(single);
    expect(killed.child.signalCode).toBe("SIGKILL");
    const { code, stderr } = await stopped.ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(/finishing the shards that have been begun\n/);
  });

  test("Redis is killed and started again", async ({ onTestFinished }) => {
    const cleanup = new Cleanup(onTestFinished);
    const redis = await RedisServer.start(cleanup);
    for (let i = 0; i < 3; i++) await startWorker(cleanup, redis.url, slow);
    let restarted: Promise<void> | undefined;
    const onProgress = atShard(40, () => {
      restarted = redis.kill().then(() => redis.start());
    });
    expect(await answerOf(redis, { onProgress })).toEqual(single);
    expect(restarted).toBeDefined();
    await restarted;
  });

  test("the same run is submitted twice at once, and again", async ({ onTestFinished }) => {
    const cleanup = new Cleanup(onTestFinished);
    const redis = await RedisServer.start(cleanup);
    const workers = [];
    for (let i = 0; i < 3; i++) workers.push(await startWorker(cleanup, redis.url, slow));
    const both = await Promise.all([answerOf(redis), answerOf(redis)]);
    expect([...both, await answerOf(redis)]).toEqual([single, single, single]);
    // Each shard has been evaluated once.
    for (const { child } of workers) child.kill("SIGTERM");
    const texts = await Promise.all(workers.map(({ ended }) => ended));
    const done = texts.flatMap(({ stderr }) => stderr.match(/^\S+\.shard\.\d+: done$/gm) ?? []);
    expect(done).toHaveLength(shards);
    expect(new Set(done).size).toBe(shards);
  });
});

/** Runs the command on the queue. */
const evaluate = (cleanup: Cleanup, redis: RedisServer, args: readonly string[]) =>
  spawnProgram(cleanup, ["evaluate", ...args, "--queue", redis.url]).ended;

const columns = ["--labels", "y", "--predictions", "p", "--loss", "hinge", "--encoding", "binary"];

onRedis("the command", () => {
  test("prints what it prints without a queue", async ({ onTestFinished }) => {
    const cleanup = new Cleanup(onTestFinished);
    const redis = await RedisServer.start(cleanup);
    await startWorker(cleanup, redis.url, {}, ["--allow", folder.path("."), "--concurrency", "2"]);
    const files = ["north", "south"].map((name, i) =>
      folder.write(`${name}.csv`, `y,p,place\n${`${i},0.5,${name}\n1,0.25,east\n`.repeat(9000)}`),
    );
    const args = [...files, "--labels", "y", "--predictions", "p", "--loss", "hinge,squared_hinge"];
    const grouped = [...args, "--by", "place", "--weights", "p"];
    for (const own of [args, grouped, [...args, "--histogram"]]) {
      const plain = await spawnProgram(cleanup, ["evaluate", ...own]).ended;
      const queued = await evaluate(cleanup, redis, [...own, "--shard-bytes", "50000"]);
      const withoutTime = (text: string) => text.replace(/, [\d.]+ s.*\n$/, "");
      expect({ ...queued, stdout: withoutTime(queued.stdout) }).toEqual({
        ...plain,
        stdout: withoutTime(plain.stdout),
      });
      expect(queued.stdout).toMatch(/36,000 rows of 1 prediction, [\d.]+ s/);
    }
  });
});

onRedis("failures", () => {
  const good = folder.write("good.csv", "y,p\n1,0.5\n0,1\n");
  const wrong = folder.write("wrong.csv", "y,p\n1,0.5\n7,1\n");
  // Rows of the first 8192 would belong to the shard of another file.
  const long = folder.write("long.csv", `y,p\n${"1,0.5\n".repeat(9000)}7,1\n`);
  const words = folder.write("words.csv", "y,p\n1,0.5\n1,abc\n");

  test("of all shards are reported at once, with shard, file and reason", async ({
    onTestFinished,
  }) => {
    const cleanup = new Cleanup(onTestFinished);
    const redis = await RedisServer.start(cleanup);
    const worker = await startWorker(cleanup, redis.url);
    const args = [good, long, words, ...columns, "--shard-bytes", "1"];
    expect(await evaluate(cleanup, redis, args)).toEqual({
      code: 1,
      stdout: "",
      stderr: [
        "maxmargin: 2 failures:",
        `  counting rows: ${words}: column "p", line 3: expected a number, received "abc"`,
        `  shard 1: ${long}: labels, row 9001: expected 0 or 1, received 7`,
        "",
      ].join("\n"),
    });
    worker.child.kill("SIGTERM");
    // The others have been evaluated.
    expect((await worker.ended).stderr).toMatch(/\.shard\.0: done\n/);
  });

  test("of a truncated array, and of reading it once", async ({ onTestFinished }) => {
    const cleanup = new Cleanup(onTestFinished);
    const redis = await RedisServer.start(cleanup);
    const cut = folder.write("cut.npy", npy(labels).subarray(0, -5));
    const worker = await startWorker(cleanup, redis.url, { FAIL_ONCE: good });
    const truncated = ["--labels", cut, "--predictions", source.predictions, "--loss", "hinge"];
    expect(await evaluate(cleanup, redis, truncated)).toMatchObject({
      code: 1,
      stderr: `maxmargin: counting rows: ${cut}: expected ${rows} bytes of data for shape (${rows},), received ${rows - 5}\n`,
    });
    const again = await startWorker(cleanup, redis.url, { FAIL_ONCE: good });
    worker.child.kill("SIGTERM");
    await worker.ended;
    expect(await evaluate(cleanup, redis, [good, ...columns, "--json"])).toMatchObject({ code: 0 });
    expect(again.stderr()).toMatch(/EIO.*; it is tried again\n/);
  });

  test("that kill two workers are given up, and named", async ({ onTestFinished }) => {
    const cleanup = new Cleanup(onTestFinished);
    const redis = await RedisServer.start(cleanup);
    const dying = { DIE_AT_FILE: wrong };
    const args = [good, wrong, ...columns, "--shard-bytes", "1", "--run", "poisoned"];
    const [first, second] = [
      await startWorker(cleanup, redis.url, dying),
      await startWorker(cleanup, redis.url, dying),
    ];
    const ended = evaluate(cleanup, redis, args);
    await Promise.all([first.ended, second.ended]);
    await startWorker(cleanup, redis.url);
    expect(await ended).toEqual({
      code: 1,
      stdout: "",
      stderr: `maxmargin: counting rows: ${wrong}: its worker died twice, or lost the queue\n`,
    });
  });

  test("go away when the run is submitted again after their cause has", async ({
    onTestFinished,
  }) => {
    const cleanup = new Cleanup(onTestFinished);
    const redis = await RedisServer.start(cleanup);
    await startWorker(cleanup, redis.url);
    const late = folder.write("late.csv", "y,p\n1,x\n");
    const { atime, mtime } = statSync(late);
    const args = [good, late, ...columns, "--run", "repaired", "--json"];
    expect(await evaluate(cleanup, redis, args)).toMatchObject({ code: 1 });
    folder.write("late.csv", "y,p\n1,2\n");
    // As far as anybody can see, it is the same file.
    utimesSync(late, atime, mtime);
    const { code, stdout } = await evaluate(cleanup, redis, args);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ rows: 3 });
  });
});

onRedis("what cannot begin is said within seconds", () => {
  const file = folder.write("one.csv", "y,p\n1,0.5\n");
  const args = [file, ...columns];

  test("no worker", async ({ onTestFinished }) => {
    const cleanup = new Cleanup(onTestFinished);
    const redis = await RedisServer.start(cleanup);
    expect(await evaluate(cleanup, redis, args)).toEqual({
      code: 3,
      stdout: "",
      stderr: `maxmargin: ${redis.url}: no worker listens; start some with maxmargin worker --queue ${redis.url}\n`,
    });
  });

  test("no Redis, for driver and worker", async ({ onTestFinished }) => {
    const cleanup = new Cleanup(onTestFinished);
    const redis = await RedisServer.start(cleanup);
    await redis.kill();
    const sentence = `maxmargin: ${redis.url}: connection refused: is it running?\n`;
    expect(await evaluate(cleanup, redis, args)).toEqual({ code: 3, stdout: "", stderr: sentence });
    const worker = spawnProgram(cleanup, ["worker", "--queue", redis.url]);
    expect(await worker.ended).toEqual({ code: 3, stdout: "", stderr: sentence });
  });

  test("a wrong password, which nothing shows; the right one can be in the environment", async ({
    onTestFinished,
  }) => {
    const cleanup = new Cleanup(onTestFinished);
    const redis = await RedisServer.start(cleanup, "--requirepass", "right-secret");
    const at = `127.0.0.1:${redis.port}`;
    const own = ["evaluate", ...args, "--json", "--queue"];
    const wrong = spawnProgram(cleanup, [...own, `redis://:wrong-secret@${at}`]);
    expect(await wrong.ended).toEqual({
      code: 3,
      stdout: "",
      stderr: `maxmargin: redis://${at}: wrong user or password\n`,
    });
    const none = await spawnProgram(cleanup, [...own, redis.url]).ended;
    expect(none.stderr).toBe(`maxmargin: redis://${at}: it needs a password\n`);
    const worker = await startWorker(cleanup, `redis://:right-secret@${at}`);
    const env = { MAXMARGIN_QUEUE_PASSWORD: "right-secret" };
    const right = await spawnProgram(cleanup, [...own, redis.url], env).ended;
    expect(right.code).toBe(0);
    expect(right.stderr + worker.stderr() + redis.storedText()).not.toContain("secret");
    expect(redis.storedText()).toContain("one.csv");
  });

  test("a worker of another version", async ({ onTestFinished }) => {
    const cleanup = new Cleanup(onTestFinished);
    const redis = await RedisServer.start(cleanup);
    await startWorker(cleanup, redis.url, { OTHER_VERSION: "9.9.9" });
    expect(await evaluate(cleanup, redis, args)).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /: the versions of maxmargin differ: [\d.]+ here, 9\.9\.9 in the worker [\w.-]+\/\d+\n$/,
      ),
    });
  });
});

onRedis("a signal", () => {
  /** Submits the run, and stops its driver in the middle. */
  async function stopped(redis: RedisServer, options: Partial<DistributeOptions>) {
    const controller = new AbortController();
    const onProgress = atShard(20, () => controller.abort(new Error("enough")));
    const own = { ...options, onProgress, signal: controller.signal };
    await expect(answerOf(redis, own)).rejects.toThrow("enough");
  }

  test("leaves a run to its workers, if so asked: the same run joins it", async ({
    onTestFinished,
  }) => {
    const cleanup = new Cleanup(onTestFinished);
    const redis = await RedisServer.start(cleanup);
    const worker = await startWorker(cleanup, redis.url, slow);
    await stopped(redis, { leave: true });
    let first: RunProgress | undefined;
    const onProgress = (progress: RunProgress) => {
      if (progress.step === "shard") first ??= progress;
    };
    expect(await answerOf(redis, { onProgress })).toEqual(single);
    expect(first?.done).toBeGreaterThanOrEqual(20);
    expect(worker.child.exitCode).toBe(null);
  });

  test("cancels a run otherwise, for all who have joined it", async ({ onTestFinished }) => {
    const cleanup = new Cleanup(onTestFinished);
    const redis = await RedisServer.start(cleanup);
    await startWorker(cleanup, redis.url, slow);
    const other = answerOf(redis).catch((error: Error) => error.message);
    await stopped(redis, {});
    expect(await other).toMatch(/^run [0-9a-f]+: it was cancelled$/);
    expect(await answerOf(redis)).toEqual(single);
  });
});
