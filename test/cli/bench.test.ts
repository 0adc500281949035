// The benchmark of the command: its answers, its tables and its chart. No figure is compared.
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type * as BatchModule from "../../lib/cli/bench/batch.js";
import type * as CasesModule from "../../lib/cli/bench/cases.js";
import type * as ChartModule from "../../lib/cli/bench/chart.js";
import type * as CheckModule from "../../lib/cli/bench/check.js";
import type * as ContestantsModule from "../../lib/cli/bench/contestants.js";
import type * as ReportModule from "../../lib/cli/bench/report.js";
import type { Measured } from "../../lib/cli/bench/run.js";
import type * as TimingModule from "../../lib/cli/bench/timing.js";
import { temporaryFolder } from "../files/support.js";
import { root, run } from "./support.js";

// The build, as it has backends.
const load = createRequire(import.meta.url);
const part = <T>(name: string) => load(`${root}dist/cjs/cli/bench/${name}.js`) as T;
load(`${root}dist/cjs/start.js`);
const { setBackend } = load("maxmargin") as typeof import("maxmargin");
const { makeBatch } = part<typeof BatchModule>("batch");
const { cases } = part<typeof CasesModule>("cases");
const { benchChart } = part<typeof ChartModule>("chart");
const { checkCase, mistakes } = part<typeof CheckModule>("check");
const { contestantNames, takesPart } = part<typeof ContestantsModule>("contestants");
const { benchTable } = part<typeof ReportModule>("report");
const { race } = part<typeof TimingModule>("timing");

const folder = temporaryFolder();

type Contestant = ContestantsModule.Contestant;
type Answer = ReturnType<Contestant["run"]>;

const contestant = (name: Contestant["name"], answer: Answer): Contestant => ({
  name,
  prepare() {},
  run: () => answer,
});

describe("the check of answers", () => {
  afterEach(() => setBackend("auto"));

  test.each(cases)("accepts $name, in rows of any width", (one) => {
    const names = contestantNames();
    expect(names).toEqual(["native", "wasm", "js", "loop", "mapReduce"]);
    for (const width of [2, 3, 7, one.width]) {
      expect(checkCase({ ...one, width }, 5 * width, names)).toEqual([]);
    }
  });

  test.each(cases)("finds a wrong loop for $name", (one) => {
    for (const way of ["loop", "mapReduce"] as const) {
      // One label too many is like another.
      const wrong = {
        ...one,
        [way]: (batch: BatchModule.Batch) =>
          one[way]({ ...batch, labels: batch.labels.slice().fill(1) }),
      };
      const found = checkCase(wrong, 1280, contestantNames());
      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(new RegExp(`, 1,280 values: ${way} computes .* as native does$`));
    }
  });

  test.each<[string, Contestant[], string[]]>([
    ["equal answers", [contestant("native", 0.5), contestant("js", 0.5)], []],
    [
      "other bits of a backend",
      [contestant("native", 0.5), contestant("js", 0.5 + 2 ** -53)],
      ["js computes 0.5000000000000001, not 0.5 as native does"],
    ],
    ["a loop within a millionth", [contestant("wasm", 0.5), contestant("loop", 0.5000004)], []],
    [
      "a loop beyond a millionth",
      [contestant("wasm", 0.5), contestant("loop", 0.500001)],
      ["loop computes 0.500001, not 0.5 as wasm does"],
    ],
    [
      "NaN",
      [contestant("js", 0.5), contestant("mapReduce", Number.NaN)],
      ["mapReduce computes NaN, not 0.5 as js does"],
    ],
    [
      "one of many values",
      [contestant("js", Float32Array.of(1, 2, 3)), contestant("mapReduce", [[1], [2, 4]])],
      ["mapReduce computes 4 at 2, not 3 as js does"],
    ],
    [
      "values that are missing",
      [contestant("js", Float32Array.of(1, 2)), contestant("loop", [1])],
      ["loop computes 1 values, not 2 as js does"],
    ],
  ])("judges %s", (_, contestants, expected) => {
    expect(mistakes(contestants)).toEqual(expected);
  });

  test("large arrays of rows do not take part", () => {
    expect(takesPart("mapReduce", 2e6)).toBe(true);
    expect(takesPart("mapReduce", 2e6 + 1)).toBe(false);
    expect(takesPart("loop", 1e9)).toBe(true);
  });
});

test("batches repeat their values in whole rows", () => {
  const { predictions, labels, rows } = makeBatch("onehot", 100, 1_100_007);
  expect([rows, predictions.length, labels.length]).toEqual([11_000, 1_100_000, 1_100_000]);
  const period = 1_000_100;
  expect(predictions.slice(period)).toEqual(predictions.slice(0, predictions.length - period));
  const sums = Array.from({ length: rows }, (_, row) =>
    Array.from(labels.subarray(100 * row, 100 * row + 100)).reduce((sum, label) => sum + label, 0),
  );
  expect(sums.every((sum) => sum === 1)).toBe(true);
});

test("a race takes turns, and has the median of each", async () => {
  const order: string[] = [];
  const sampler = (name: string, values: readonly number[]) => {
    let i = 0;
    return async () => {
      order.push(name);
      return values[i++ % values.length] as number;
    };
  };
  expect(await race([sampler("a", [3, 1, 2]), sampler("b", [7])])).toEqual([2, 7]);
  expect(order.length).toBeGreaterThanOrEqual(10);
  expect(order.every((name, i) => name === (i % 2 === 0 ? "a" : "b"))).toBe(true);
});

const base = { case: "first", title: "first case", width: 10 };
const measured: Measured[] = [
  {
    ...base,
    values: 1280,
    nsPerValue: { native: 0.25, wasm: 0.5, js: 3, loop: 1, mapReduce: 123.4 },
  },
  { ...base, values: 6_400_000, nsPerValue: { native: 0.0625, wasm: 0.4, js: 2.5, loop: 1 } },
  {
    ...base,
    case: "second",
    title: "second case",
    values: 1280,
    nsPerValue: { native: 2, wasm: 40, js: 3, loop: 1, mapReduce: 12 },
  },
];

describe("the table", () => {
  test("has a line for each size, and a dash for what was not timed", () => {
    expect(benchTable(measured, (_, text) => text).split("\n")).toEqual([
      "Nanoseconds per value, medians",
      "   values  native   wasm    js  loop  map, reduce  loop/native",
      "",
      "first case",
      "    1,280   0.250  0.500  3.00  1.00          123         4.00",
      "6,400,000   0.063  0.400  2.50  1.00            -         16.0",
      "",
      "second case",
      "    1,280    2.00   40.0  3.00  1.00         12.0        0.500",
      "",
      "native, wasm, js: the backends of this library, which return the same bits",
      "loop: a fast plain loop over the same typed arrays; map, reduce: over arrays of rows",
    ]);
  });

  test("compares the best backend that there is", () => {
    const without = measured.map((one) => {
      const { native: _, ...nsPerValue } = one.nsPerValue;
      return { ...one, nsPerValue };
    });
    const [, header, , , first] = benchTable(without, (_, text) => text).split("\n");
    expect(header).toBe("   values   wasm    js  loop  map, reduce  loop/wasm");
    expect(first).toMatch(/ 2\.00$/);
  });
});

describe("the chart", () => {
  const svg = benchChart(measured, ["Processor <7> & more", "maxmargin 0.1.0"]);

  test("is well-formed", () => {
    const open: string[] = [];
    for (const [, end, name, empty] of svg.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)) {
      if (end === "/") expect(open.pop()).toBe(name);
      else if (empty !== "/") open.push(name as string);
    }
    expect(open).toEqual([]);
    expect(svg).toContain(">Processor &lt;7&gt; &amp; more<");
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  test("has bars from 1 to the ratio, on a logarithmic axis", () => {
    const bars = [...svg.matchAll(/<rect x="([\d.]+)" [^>]*?width="([\d.]+)" height="8"/g)];
    const [native, wasm, js] = bars.map(([, x, width]) => [Number(x), Number(width)]);
    // 4 times as fast, twice as fast, and a third.
    expect(native[0]).toBe(wasm[0]);
    expect(native[1]).toBeCloseTo(2 * wasm[1], 0);
    expect(js[0] + js[1]).toBeCloseTo(native[0], 0);
    expect(js[1]).toBeCloseTo(Math.log2(3) * wasm[1], 0);
  });

  test("has a bar for each figure but the loop's, and every text inside", () => {
    expect(svg.match(/<rect [^>]*height="8"/g)).toHaveLength(4 + 3 + 4);
    const [width] = /(?<=width=")\d+/.exec(svg) ?? [];
    const texts = [...svg.matchAll(/<text x="([\d.-]+)" [^>]*?>([^<]*)</g)];
    expect(texts.length).toBeGreaterThan(15);
    for (const [whole, x, content] of texts) {
      // Letters are 12 pixels high at most.
      const length = 8 * (content as string).length;
      const start = whole.includes('"end"') ? Number(x) - length : Number(x);
      expect(start, whole).toBeGreaterThan(0);
      if (!whole.includes("anchor")) expect(start + length, whole).toBeLessThan(Number(width));
    }
  });
});

describe("maxmargin bench", () => {
  test("prints JSON and writes a chart, whatever backend the environment chose", async () => {
    const file = folder.path("bench.svg");
    const args = ["bench", "--sizes", "130", "--svg", file, "--json"];
    const { code, stdout, stderr } = await run(args, { env: { MAXMARGIN_BACKEND: "js" } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const answer = JSON.parse(stdout) as { backend: object; measured: Measured[] };
    expect(answer).toMatchObject({ node: process.versions.node, backend: { name: "native" } });
    expect(answer.measured.map((one) => one.case)).toEqual(cases.map(({ name }) => name));
    for (const { width, values, nsPerValue } of answer.measured) {
      expect(values).toBe(width === 64 ? 128 : 130);
      expect(Object.keys(nsPerValue)).toEqual(["native", "wasm", "js", "loop", "mapReduce"]);
      for (const figure of Object.values(nsPerValue)) expect(figure).toBeGreaterThan(0);
    }
    expect(readFileSync(file, "utf8")).toMatch(/^<svg .*<\/svg>\n$/s);
  });

  test("times nothing if an answer is wrong", async () => {
    // A copy without a binary, in which a loop is wrong.
    const copy = folder.path("copy");
    cpSync(path.join(root, "dist/cjs"), path.join(copy, "dist/cjs"), { recursive: true });
    cpSync(path.join(root, "package.json"), path.join(copy, "package.json"));
    const file = path.join(copy, "dist/cjs/cli/bench/hinge-cases.js");
    const code = readFileSync(file, "utf8");
    expect(code).toContain("/ predictions.length");
    writeFileSync(file, code.replace("/ predictions.length", "/ (predictions.length + 1)"));
    const main = path.join(copy, "dist/cjs/cli/main.js");
    const ended = await run(["bench", "--sizes", "640"], { main });
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    const lines = ended.stderr.trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toBe("maxmargin: answers differ, so nothing was timed");
    expect(lines[1]).toMatch(
      /^ {2}hinge, mean: float32 labels .*, 640 values: loop computes .*, not .* as wasm does$/,
    );
  });

  test.each([
    [["--sizes", "63"], /^--sizes: expected integers from 64 to \d+, .*, received 63$/],
    [["--sizes", "1e15"], /^--sizes: expected integers .*, received 1000000000000000$/],
    [["--sizes", "64,100.5"], /^--sizes: expected integers .*, received 100.5$/],
    [["--sizes", "x"], '--sizes: expected a number, received "x"'],
    [["scores.csv"], "expected no files, received scores.csv"],
    [
      ["--svg", folder.path("none/bench.svg")],
      /^--svg: expected a file .*\/none\/bench\.svg: ENOENT/,
    ],
    [
      ["--svg", folder.path("")],
      /^--svg: expected a file that can be written, received .*: EISDIR/,
    ],
    [["--size", "1000"], "unknown option --size; did you mean --sizes?"],
  ])("code 2 for %j", async (args, message) => {
    const ended = await run(["bench", ...args]);
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    const text = ended.stderr.replace(/^maxmargin: /, "").trimEnd();
    if (typeof message === "string") expect(text).toBe(message);
    else expect(text).toMatch(message);
  });

  test("Ctrl-C stops it", async () => {
    const file = folder.path("stopped.svg");
    const ended = await run(["bench", "--svg", file], {
      onStart(kill) {
        // The file is there as soon as the command has begun.
        const watch = setInterval(() => {
          if (!existsSync(file)) return;
          clearInterval(watch);
          kill();
        }, 20);
      },
    });
    expect(ended).toEqual({ code: 130, stdout: "", stderr: "maxmargin: stopped\n" });
  });
});
