// Which files a worker reads for those who can write into its queue, and what it shows of the queue.
import { mkdirSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { startWorker } from "maxmargin/distributed";
import { describe, expect, test } from "vitest";
import { messageOf, temporaryFolder } from "../files/support.js";

const require = createRequire(import.meta.url);
const own = "../../dist/cjs/distributed";
const { Allowed } = require(`${own}/allow.js`) as typeof import("../../lib/distributed/allow.js");
const { perform } = require(`${own}/tasks.js`) as typeof import("../../lib/distributed/tasks.js");
const { readAddress } = require(
  `${own}/address.js`,
) as typeof import("../../lib/distributed/address.js");

const folder = temporaryFolder();
for (const name of ["data", "data/inner", "database", "private"]) mkdirSync(folder.path(name));
const text = "y,p\n1,0.5\n";
const inside = folder.write("data/inner/a.csv", text);
const beside = folder.write("database/a.csv", text);
const secret = folder.write("private/a.csv", text);
symlinkSync(secret, folder.path("data/link.csv"));
symlinkSync(folder.path("private"), folder.path("data/folder"));
symlinkSync(folder.path("data"), folder.path("door"));

const request = { labels: "y", predictions: "p", losses: ["hinge"], floatx: "float32" };

/** What a worker with `allow` makes of a job that names a file. */
async function outcome(file: unknown, allow: string[] = [folder.path("data")], options = {}) {
  const sources = [{ source: file as string, bytes: text.length }];
  const task = {
    kind: "count",
    version: "1",
    request: { ...request, ...options },
    sources,
  } as const;
  const conditions = { version: "1", allowed: await Allowed.read(allow), isLast: true };
  const [result] = (await perform(task, conditions)) as unknown as [{ error?: string }];
  return result.error ?? result;
}

const read = { value: { rows: 1, canSeek: false } };
const refusal = (file: string) => `${file}: this worker may not read it (--allow)`;

describe("a worker with --allow", () => {
  test("reads what is inside", async () => {
    expect(await outcome(inside)).toEqual(read);
    expect(await outcome(folder.path("door/inner/a.csv"))).toEqual(read);
    expect(await outcome(inside, [folder.path("door")])).toEqual(read);
    expect(await outcome(secret, ["/nowhere", "/"].slice(1))).toEqual(read);
  });

  test.each([
    secret,
    beside,
    folder.path("data/link.csv"),
    folder.path("data/folder/a.csv"),
    `${folder.path("data")}/../private/a.csv`,
    `${folder.path("data")}/inner/*.csv`,
    "data/inner/a.csv",
    `file://${inside}`,
    `FILE://${secret}`,
    "s3://bucket/a.parquet",
  ])("does not read %s", async (file) => {
    expect(await outcome(file)).toBe(refusal(file));
  });

  test("does not read any of several files", async () => {
    const files = { labels: inside, predictions: inside, by: secret };
    expect(await outcome(files)).toBe(refusal(secret));
  });

  test("accepts no condition, which is SQL", async () => {
    const where = "(SELECT count(*) FROM read_csv('/etc/passwd')) > 0";
    expect(await outcome(inside, undefined, { where })).toMatch(
      /^where: this worker accepts no conditions, because they can read any file/,
    );
  });

  const prefixes = ["https://host/scores/", "s3://bucket/a"];
  test.each([
    "https://host/scores.parquet",
    "https://host/scores/../secret.parquet",
    "https://host/scores/%2e%2e/secret.parquet",
    "https://host/scores/.%2E/secret.parquet",
    "https://host@other/scores/a.parquet",
    "https://host.other/scores/a.parquet",
    "http://host/scores/a.parquet",
    "s3://bucket/ab/c.parquet",
    "s3://other/a/c.parquet",
  ])("does not read the URL %s", async (url) => {
    expect(await outcome(url, prefixes)).toBe(refusal(url));
  });

  test("passes URLs inside on to the reader", async () => {
    const allowed = await Allowed.read(prefixes);
    for (const source of ["https://host/scores/a.parquet", "s3://bucket/a/b/*.parquet"]) {
      await expect(allowed?.check([{ source, bytes: null }], request)).resolves.toBeUndefined();
    }
  });

  test("has places that exist", async () => {
    expect(await messageOf(Allowed.read([folder.path("none")]))).toBe(
      `${folder.path("none")}: no such file`,
    );
    expect(await messageOf(Allowed.read([]))).toBe(
      "allow: expected at least one directory or URL, received none",
    );
    expect(await messageOf(Allowed.read("/data"))).toBe(
      'allow: expected a list of directories and URLs, received "/data"',
    );
  });
});

describe("the address of a queue", () => {
  test.each([
    ["redis://host", "redis://host"],
    ["redis://:secret@host:7000/3", "redis://host:7000/3"],
    ["rediss://user:s%40cret@[::1]:6380", "rediss://user@[::1]:6380"],
    ["postgres://user:secret@host/db?sslmode=require", "postgres://user@host/db"],
  ])("%s is shown as %s", (url, shown) => {
    expect(readAddress(url).shown).toBe(shown);
  });

  test("has all of its parts", () => {
    expect(readAddress("rediss://user:s%40cret@[::1]:6380/2").options).toMatchObject({
      host: "::1",
      port: 6380,
      username: "user",
      password: "s@cret",
      db: 2,
      tls: {},
    });
  });

  test.each([
    ["redis//:secret@host", /^connection: expected a URL such as .*, received text that is none/],
    [
      "http://:secret@host",
      /^connection: expected a URL such as .*, received one that begins with http:/,
    ],
    [
      "redis://:secret@host/x",
      'connection: expected a number as the database of Redis, received "x"',
    ],
    [6379, /^connection: expected a URL such as .*, received 6379$/],
  ])("%j is refused, without its password", async (connection, message) => {
    const received = await messageOf(startWorker({ connection: connection as string }));
    if (typeof message === "string") expect(received).toBe(message);
    else expect(received).toMatch(message);
    expect(received).not.toContain("secret");
  });
});

test("options of a worker are checked", async () => {
  const connection = "redis://127.0.0.1:1";
  expect(await messageOf(startWorker({ connection, concurrency: 0 }))).toBe(
    "concurrency: expected an integer from 1, received 0",
  );
  expect(await messageOf(startWorker({ connection, allowed: [] } as never))).toBe(
    'options: unknown key "allowed"; did you mean "allow"?',
  );
});
