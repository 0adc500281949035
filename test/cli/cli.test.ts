// The command, in processes of its own, as users run it.
import { cpSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import zlib from "node:zlib";
import { evaluateFiles } from "maxmargin/files";
import { describe, expect, test } from "vitest";
import { csv, dataSet, npy, temporaryFolder } from "../files/support.js";
import { root, run } from "./support.js";

const require = createRequire(import.meta.url);
const { progressText } =
  require("../../dist/cjs/cli/progress.js") as typeof import("../../lib/cli/progress.js");
const { tableOf } =
  require("../../dist/cjs/cli/table.js") as typeof import("../../lib/cli/table.js");

const folder = temporaryFolder();
const data = dataSet(20_000, 3);
const table = folder.write("table.csv", csv(data));
const ids = folder.write("ids.npy", npy(data.ids));
const scores = folder.write("scores.npy", npy(data.scores, { shape: [data.rows, 3] }));
const columns = ["--labels", "label", "--predictions", "logit_*"];
const names = ["crammer_singer", "hinge"];
const losses = ["--loss", names.join()];
const expected = await evaluateFiles(table, {
  labels: "label",
  predictions: "logit_*",
  losses: names,
  by: "segment",
});

describe("evaluate", () => {
  test("prints JSON for programs", async () => {
    const args = ["evaluate", table, ...columns, ...losses, "--by", "segment", "--json"];
    const { code, stdout, stderr } = await run(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect({ ...JSON.parse(stdout), seconds: 0 }).toEqual({ ...expected, seconds: 0 });
  });

  test("prints a table for people, without colours in a pipe", async () => {
    const args = ["evaluate", table, ...columns, ...losses, "--by", "segment"];
    const { code, stdout } = await run(args, { env: { FORCE_COLOR: "1" } });
    expect(code).toBe(0);
    const lines = stdout.split("\n");
    const value = Number(expected.losses[names[0] as string]?.toPrecision(7));
    expect(lines[0]).toBe("loss                mean  labels");
    expect(lines[1]).toMatch(new RegExp(`^crammer_singer  +${value}  class ids$`));
    expect(lines[4]).toMatch(/^segment {5} rows {2}crammer_singer {2,}hinge$/);
    expect(lines).toHaveLength(12);
    // A run of up to 0.1 s has no rate.
    const time = "(0\\.(0\\d+|1) s|.* s, .* [kM] rows/s)";
    expect(lines[10]).toMatch(new RegExp(`^20,000 rows of 3 predictions, ${time}$`));
    expect(stdout).not.toContain("\x1b");
  });

  test.each([
    [0.05, "0.05 s"],
    [2, "2 s, 10.0 k rows/s"],
  ])("tells a rate unless most of the time was start-up: %d s", (seconds, text) => {
    const lines = tableOf({ ...expected, seconds }, "segment", (_, words) => words).split("\n");
    expect(lines.at(-2)).toBe(`20,000 rows of 3 predictions, ${text}`);
  });

  test("reads .npy files, which the options name", async () => {
    const args = ["evaluate", "--labels", ids, "--predictions", scores, ...losses, "--json"];
    const { stdout } = await run(args);
    expect(JSON.parse(stdout).losses).toEqual(expected.losses);
  });

  test("reads standard input", async () => {
    const args = ["evaluate", "-", "--format", "csv", ...columns, ...losses, "--json"];
    const { stdout } = await run(args, { input: csv(data) });
    expect(JSON.parse(stdout).losses).toEqual(expected.losses);
  });

  test("passes all options on", async () => {
    const options = [
      ["--encoding", "sparse"],
      ["--margin", "0.5"],
      ["--class-weight", "1,2,0.5"],
      ["--ignore-class", "-1"],
      ["--weights", "weight"],
      ["--threads", "1"],
      ["--skip-nulls", "--quiet"],
    ].flat();
    const { stdout, stderr } = await run([
      "evaluate",
      table,
      ...columns,
      ...losses,
      ...options,
      "--json",
    ]);
    expect(stderr).toBe("");
    const answer = await evaluateFiles(table, {
      labels: "label",
      predictions: ["logit_*"],
      losses: names,
      encoding: "sparse",
      margin: 0.5,
      classWeight: [1, 2, 0.5],
      ignoreClass: -1,
      sampleWeight: "weight",
    });
    expect(JSON.parse(stdout).losses).toEqual(answer.losses);
  });

  test("says that a late label decided, unless it has to be quiet", async () => {
    const file = folder.write("late.csv", "y,p\n0,1\n1,1\n-1,1\n");
    const args = ["evaluate", file, "--labels", "y", "--predictions", "p", "--loss", "hinge"];
    const { code, stderr } = await run(args);
    expect(code).toBe(0);
    expect(stderr).toBe(
      `note: labels are read unchanged, and 0 stays 0: ${file}, row 3, has label -1 (--encoding binary makes this an error)\n`,
    );
    expect((await run([...args, "--quiet"])).stderr).toBe("");
  });
});

describe("failures print nothing to standard output", () => {
  const broken = folder.write("broken.csv", "y,p\n1,0.5\n1,abc\n");
  const one = ["--labels", "y", "--predictions", "p", "--loss", "hinge"];
  test.each([
    [
      1,
      ["evaluate", broken, ...one],
      `${broken}: column "p", line 3: expected a number, received "abc"`,
    ],
    [
      1,
      ["evaluate", folder.write("nulls.csv", "y,p\n1,\n"), ...one],
      `${folder.path("nulls.csv")}: column "p", line 2: expected a value (to leave out rows without one, set --skip-nulls), received an empty field`,
    ],
    [
      1,
      ["evaluate", table, ...one],
      `${table}: no column "y" (it has "label", "segment", "weight", "logit_0", "logit_1", "logit_2")`,
    ],
    [1, ["evaluate", folder.path("none.csv"), ...one], `${folder.path("none.csv")}: no such file`],
    [1, ["merge", table], `${table}: expected the output of maxmargin shard, received no JSON`],
    [2, ["evaluate", table, ...columns], "--loss: expected a loss, such as hinge"],
    [2, ["evaluate", table, "--labels", "label", ...losses], "--predictions: expected a column"],
    [
      2,
      ["evaluate", ...losses],
      "expected files with columns --labels and --predictions, or two .npy files as --labels and --predictions",
    ],
    [
      2,
      ["evaluate", table, ...columns, ...losses, "--weight", "w"],
      "unknown option --weight; did you mean --weights?",
    ],
    [
      2,
      ["evaluate", table, ...columns, "--loss", "hing"],
      /^--loss: expected .*; did you mean "hinge"\?$/,
    ],
    [
      2,
      ["evaluate", table, ...columns, ...losses, "--margin", "x"],
      '--margin: expected a number, received "x"',
    ],
    [
      2,
      ["evaluate", table, ...columns, ...losses, "--margin", "-1"],
      "--margin: expected a finite number from 0, received -1",
    ],
    [2, ["evaluate", table, ...columns, ...losses, "--threads", "0"], /^--threads: expected /],
    [
      2,
      ["evaluate", "-", ...columns, ...losses],
      /^--format: expected .*, received none, for a stream$/,
    ],
    [2, ["evaluat"], 'unknown command "evaluat"; did you mean evaluate?'],
    [2, [], "expected a command: maxmargin --help lists them"],
    [2, ["shard", table, ...columns, ...losses, "--index", "0"], "--of: expected a number"],
    [2, ["merge"], "expected files of maxmargin shard"],
    [2, ["worker"], "--queue: expected the URL of a queue, such as redis://host:6379"],
    [2, ["evaluate", table, ...columns, ...losses, "--run", "a"], "--run: expected --queue too"],
    [
      2,
      ["evaluate", table, ...columns, ...losses, "--queue", "redis//:secret@host"],
      "--queue: expected a URL such as redis://host:6379 or postgres://host/database, received text that is none (special characters need %XX)",
    ],
    [
      2,
      ["evaluate", table, ...columns, ...losses, "--queue", "redis://host", "--shard-bytes", "0"],
      "--shard-bytes: expected an integer from 1, received 0",
    ],
  ] as const)("code %i for %j", async (code, args, message) => {
    const ended = await run(args, { input: "" });
    expect(ended).toMatchObject({ code, stdout: "" });
    const text = ended.stderr.replace(/^maxmargin: /, "").trimEnd();
    if (typeof message === "string") expect(text).toBe(message);
    else expect(text).toMatch(message);
  });

  test("a package that is not installed is named", async () => {
    // A copy that has no packages beside it.
    const copy = folder.path("installed");
    cpSync(path.join(root, "dist/cjs"), path.join(copy, "dist/cjs"), { recursive: true });
    cpSync(path.join(root, "package.json"), path.join(copy, "package.json"));
    for (const [name, wanted, format] of [
      ["x.parquet", "@duckdb/node-api", "Parquet"],
      ["x.arrow", "@uwdata/flechette", "Arrow"],
    ] as const) {
      const file = folder.write(name, "");
      const args = ["evaluate", file, ...one];
      const ended = await run(args, { main: path.join(copy, "dist/cjs/cli/main.js") });
      expect(ended).toEqual({
        code: 2,
        stdout: "",
        stderr: `maxmargin: ${format} files need the package ${wanted}, which is not installed; npm install ${wanted}\n`,
      });
    }
  });

  // Newer versions decompress ZSTD themselves.
  test.skipIf("zstdDecompressSync" in zlib)("a codec that is not installed is named", async () => {
    const copy = folder.path("without-codec");
    cpSync(path.join(root, "dist/cjs"), path.join(copy, "dist/cjs"), { recursive: true });
    cpSync(path.join(root, "package.json"), path.join(copy, "package.json"));
    const flechette = "node_modules/@uwdata/flechette";
    cpSync(path.join(root, flechette), path.join(copy, flechette), { recursive: true });
    const main = path.join(copy, "dist/cjs/cli/main.js");
    const fileOf = (codec: string) => path.join(root, `test/files/feather/${codec}.feather`);
    const missing = await run(["evaluate", fileOf("zstd"), ...columns, ...losses], { main });
    expect(missing).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "maxmargin: Arrow files that ZSTD compresses, with Node.js before 22.15, need the package zstddec, which is not installed; npm install zstddec\n",
    });
    const { code } = await run(["evaluate", fileOf("lz4"), ...columns, ...losses], { main });
    expect(code).toBe(0);
  });

  test("Ctrl-C stops a run that waits for its input", async () => {
    const args = ["evaluate", "-", "--format", "csv", ...columns, ...losses];
    const ended = await run(args, {
      onStart(kill, { stdin }) {
        // More than a pipe holds, so that it has been read in part when it has been written.
        stdin.write(`label,logit_0,logit_1\n${"1,0.5,2\n".repeat(100_000)}`, kill);
      },
    });
    expect(ended).toEqual({ code: 130, stdout: "", stderr: "maxmargin: stopped\n" });
  });
});

describe("shard and merge", () => {
  test("have the bits of the single run", async () => {
    const parts = await Promise.all(
      [0, 1, 2].map(async (index) => {
        const own = ["--index", `${index}`, "--of", "3", "--by", "segment", "--json"];
        const { stdout } = await run(["shard", table, ...columns, ...losses, ...own]);
        return folder.write(`part${index}.json`, stdout);
      }),
    );
    const { stdout } = await run(["merge", "--json", ...parts.reverse()]);
    expect({ ...JSON.parse(stdout), seconds: 0 }).toEqual({ ...expected, seconds: 0 });
    expect((await run(["merge", ...parts])).stdout).toMatch(/^loss {2,}mean {2}labels\n/);
    expect(await run(["merge", parts[0] as string])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: "maxmargin: shards: expected all of 3 shards, received none of index 0, 1\n",
    });
  });
});

describe("info, help and version", () => {
  const { version } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  ) as { version: string };

  test("info has what a bug report needs", async () => {
    const { code, stdout } = await run(["info", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      maxmargin: version,
      node: process.versions.node,
      backend: { name: "native" },
      packages: {
        "@duckdb/node-api": "1.5.6-r.1",
        "@uwdata/flechette": "2.6.0",
        zstddec: "0.3.4",
      },
    });
    expect((await run(["info"])).stdout).toMatch(/^maxmargin +\d/);
  });

  test.each([
    ["--version", `${version}\n`],
    ["--help", /^Usage: maxmargin COMMAND/],
  ])("%s", async (option, text) => {
    const { code, stdout } = await run([option]);
    expect(code).toBe(0);
    if (typeof text === "string") expect(stdout).toBe(text);
    else expect(stdout).toMatch(text);
  });

  test.each([
    [0, "0"],
    [18.2, "18"],
    [999.4, "999"],
    [999.6, "1.00 k"],
    [20_000, "20.0 k"],
    [999_999, "1.00 M"],
    [123_456_789, "123 M"],
    [2.5e12, "2.50 T"],
  ])("%d rows are %s", (rows, text) => {
    expect(progressText({ rows, fraction: undefined }, 1)).toBe(`${text} rows  ${text} rows/s`);
  });

  test("the progress of a run has shards and workers", () => {
    const seen = { run: "r", step: "shard", rows: 3e6, fraction: 0.5, done: 7, of: 14, workers: 3 };
    expect(progressText(seen as never, 2)).toBe(
      " 50%  3.00 M rows  1.50 M rows/s  2 s left  7 of 14 shards  3 workers",
    );
    const counting = { ...seen, step: "count", rows: 0, workers: 1 };
    expect(progressText(counting as never, 2)).toBe("counting rows  7 of 14  1 worker");
  });

  test.each(["evaluate", "shard", "merge", "bench", "info"])(
    "%s --help shows its options",
    async (name) => {
      const { code, stdout } = await run([name, "--help"]);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^maxmargin ${name}: `));
      expect(stdout).toContain("--json");
    },
  );
});
