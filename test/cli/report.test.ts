// The page that --report writes, in a real browser, and the histogram of the terminal.
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { type EvaluateOptions, evaluateFiles, type Summary } from "maxmargin/files";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { csv, dataSet, temporaryFolder } from "../files/support.js";
import { chromium, Tab } from "../support/chromium.js";
import { run } from "./support.js";

const folder = temporaryFolder();
const hostile = '<script>alert("1")</script> & <b>';
const data = dataSet(5000, 4);
const segments = data.segments.map((name) => (name === "north" ? hostile : name));
// A name that would be a script in a page, and has no character that a file system forbids.
const table = folder.write("a&lt;b> <i>.csv", csv({ ...data, segments }));
const names = ["crammer_singer", "hinge"];
const columns = ["--labels", "label", "--predictions", "logit_*", "--loss", names.join()];
const options: EvaluateOptions = {
  labels: "label",
  predictions: "logit_*",
  losses: names,
  by: "segment",
  summary: true,
};
const short = (value: number) => `${Number(value.toPrecision(7))}`;
const thousands = (count: number) => count.toLocaleString("en-US");

/** Reads the cells of a table of a section, row by row. */
const cellsOf = (section: string) =>
  `[...document.querySelectorAll("#${section} tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent))`;

describe.skipIf(chromium === undefined)("the page", () => {
  let tab: Tab;

  beforeAll(async () => {
    tab = await Tab.open(chromium as string);
  }, 60_000);
  afterAll(() => tab?.close());

  const plain = ["evaluate", table, ...columns, "--by", "segment"];
  const written = new Map<string, string>();

  /** Writes a report, unless it has been written, and opens it. */
  async function open(args: readonly string[]): Promise<string> {
    const key = args.join(" ");
    const file = written.get(key) ?? folder.path(`page ${written.size}.html`);
    if (!written.has(key)) {
      const ended = await run([...args, "--report", file]);
      expect(ended).toMatchObject({ code: 0, stderr: "" });
      expect(ended.stdout).toMatch(/^loss {2,}mean/);
      written.set(key, file);
    }
    await tab.send("Page.navigate", { url: pathToFileURL(file).href });
    await tab.until('document.readyState === "complete" && document.querySelector("h1")');
    return file;
  }

  test("has the numbers of the evaluation", async () => {
    await open(plain);
    const answer = await evaluateFiles(table, options);
    const { margins, classes, worst } = answer.summary as Summary;
    expect(await tab.evaluate(cellsOf("losses"))).toEqual(
      names.map((name) => [name, short(answer.losses[name] as number), "class ids"]),
    );
    const { all, inside, misclassified } = margins.counts;
    const counts = [misclassified, inside - misclassified, all - inside, inside, all];
    const shown = (await tab.evaluate(cellsOf("margins"))) as string[][];
    expect(shown.map(([, count]) => count)).toEqual(counts.map(thousands));
    expect(shown[3]?.[2]).toBe(`${Number(((100 * inside) / all).toPrecision(3))}%`);
    const losses = (own: Readonly<Record<string, number>>) =>
      names.map((name) => short(own[name] as number));
    expect(await tab.evaluate(cellsOf("classes"))).toEqual(
      classes?.map((own) => [`${own.label}`, thousands(own.rows), ...losses(own.losses), ""]),
    );
    expect(await tab.evaluate(cellsOf("groups"))).toEqual(
      answer.groups?.map((own) => [own.name, thousands(own.rows), ...losses(own.losses), ""]),
    );
    expect(await tab.evaluate(cellsOf("worst"))).toEqual(
      worst.map(({ loss, file, row, label, prediction }) =>
        [short(loss), file, thousands(row), label, prediction].map(String),
      ),
    );
    expect(worst).toHaveLength(10);
  });

  test("draws a bar for each range of margins, and cuts it where its meaning changes", async () => {
    await open(plain);
    const { summary } = await evaluateFiles(table, options);
    const bars = summary?.margins.histogram.bars.filter(({ count }) => count > 0) ?? [];
    const titles = await tab.evaluate(
      `[...document.querySelectorAll(".chart g > title")].map((one) => one.textContent)`,
    );
    expect(titles).toEqual(
      bars.map(({ from, to, count }) => `${short(from)} to ${short(to)}: ${thousands(count)}`),
    );
    const heights = (await tab.evaluate(
      `[...document.querySelectorAll(".chart g > rect:first-of-type")].map((one) => Number(one.getAttribute("height")))`,
    )) as number[];
    const most = Math.max(...bars.map(({ count }) => count));
    for (const [i, { count }] of bars.entries()) {
      expect(heights[i]).toBeCloseTo(Math.max(1, (220 * count) / most), 0);
    }
    // Hinge at 1 is the right end of the second range.
    const ends = `(name) => { const own = [...document.querySelectorAll("rect." + name)].filter((one) => one.closest(".chart")).map((one) => one.getBoundingClientRect()); return [Math.min(...own.map(({ left }) => left)), Math.max(...own.map(({ right }) => right))]; }`;
    const [wrong, inside, outside] = (await tab.evaluate(
      `["misclassified", "inside", "outside"].map(${ends})`,
    )) as [number, number][];
    expect(wrong?.[1]).toBeCloseTo(inside?.[0] ?? 0, 0);
    expect(inside?.[1]).toBeCloseTo(outside?.[0] ?? 0, 0);
    const mark = await tab.evaluate(`document.querySelector(".mark").getBoundingClientRect().left`);
    expect(mark).toBeCloseTo(inside?.[1] ?? 0, 0);
  });

  test("contains names as text, runs nothing and requests nothing", async () => {
    tab.complaints.length = 0;
    tab.requests.length = 0;
    const file = await open(plain);
    expect(await tab.evaluate(`document.querySelectorAll("script, b, i, link, img").length`)).toBe(
      0,
    );
    expect(
      await tab.evaluate(`document.body.textContent.includes(${JSON.stringify(hostile)})`),
    ).toBe(true);
    expect(await tab.evaluate(`document.querySelector("code").textContent.trim()`)).toBe(
      `maxmargin evaluate '${table}' --labels label --predictions 'logit_*' --loss crammer_singer,hinge --by segment --report '${file}'`,
    );
    expect(tab.complaints).toEqual([]);
    expect(tab.requests).toEqual([pathToFileURL(file).href]);
  });

  test.each([360, 1200])("nothing is cut off in a window of %i", async (width) => {
    await open(plain);
    const metrics = { width, height: 900, deviceScaleFactor: 1, mobile: false };
    await tab.send("Emulation.setDeviceMetricsOverride", metrics);
    expect(await tab.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    const beyond = await tab.evaluate(`(() => {
      const chart = document.querySelector(".chart").getBoundingClientRect();
      return [...document.querySelectorAll(".chart text")].filter((one) => {
        const { left, right, top, bottom } = one.getBoundingClientRect();
        return left < chart.left || right > chart.right || top < chart.top || bottom > chart.bottom;
      }).map((one) => one.textContent);
    })()`);
    expect(beyond).toEqual([]);
    await tab.send("Emulation.clearDeviceMetricsOverride");
  });

  test.each(["light", "dark"])("its colours can be told apart: %s", async (scheme) => {
    await open(plain);
    const features = [{ name: "prefers-color-scheme", value: scheme }];
    await tab.send("Emulation.setEmulatedMedia", { features });
    const contrasts = (await tab.evaluate(`(() => {
      const rgb = (text) => text.match(/[\\d.]+/g).slice(0, 3).map((one) => {
        const part = one / 255;
        return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      const light = (text) => rgb(text).reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
      const page = light(getComputedStyle(document.body).backgroundColor);
      const contrast = (text) => {
        const own = light(text);
        return (Math.max(own, page) + 0.05) / (Math.min(own, page) + 0.05);
      };
      const texts = [document.body, ...document.querySelectorAll(".dim, thead th, .chart text")];
      return {
        isDark: page < 0.1,
        text: Math.min(...texts.map((one) => contrast(getComputedStyle(one)[one.tagName === "text" ? "fill" : "color"]))),
        shapes: Math.min(...[...document.querySelectorAll("rect")].map((one) => contrast(getComputedStyle(one).fill))),
      };
    })()`)) as { isDark: boolean; text: number; shapes: number };
    expect(contrasts.isDark).toBe(scheme === "dark");
    expect(contrasts.text).toBeGreaterThan(4.5);
    expect(contrasts.shapes).toBeGreaterThan(2);
    await tab.send("Emulation.setEmulatedMedia", { features: [] });
  });

  test("many classes and groups are shortened, the largest total loss first", async () => {
    const many = dataSet(3000, 120, 9);
    const file = folder.write("many.csv", csv({ ...many, segments: [...many.ids].map(String) }));
    await open(["evaluate", file, ...columns, "--by", "segment"]);
    const { summary } = await evaluateFiles(file, options);
    const shown = (await tab.evaluate(cellsOf("classes"))) as string[][];
    const total = ({ rows, losses }: { rows: number; losses: Readonly<Record<string, number>> }) =>
      rows * (losses[names[0] as string] as number);
    const sorted = [...(summary?.classes ?? [])].sort((a, b) => total(b) - total(a));
    expect(shown.slice(0, 50).map(([label]) => label)).toEqual(
      sorted.slice(0, 50).map(({ label }) => `${label}`),
    );
    const rest = sorted.slice(50);
    const rows = rest.reduce((sum, own) => sum + own.rows, 0);
    const mean = rest.reduce((sum, own) => sum + total(own), 0) / rows;
    expect(shown[50]?.slice(0, 3)).toEqual([`${rest.length} others`, thousands(rows), short(mean)]);
    expect(await tab.evaluate(cellsOf("groups"))).toHaveLength(50);
    expect(await tab.evaluate(`document.querySelector("#groups p").textContent`)).toBe(
      `These 50 have the largest total loss. ${rest.length} others are left out; --json lists all.`,
    );
  });

  test("has a page for data without a loss, and without a finite margin", async () => {
    const one = ["--labels", "y", "--predictions", "p", "--loss", "hinge"];
    const right = folder.write("right.csv", "y,p\n1,3\n-1,-4\n");
    await open(["evaluate", right, ...one]);
    expect(await tab.evaluate(`document.querySelector("#worst").textContent`)).toContain(
      "No row has a loss.",
    );
    const none = folder.write("none.csv", "y,p\n1,nan\n-1,inf\n");
    await open(["evaluate", none, ...one]);
    expect(await tab.evaluate(`document.querySelector("#margins").textContent`)).toContain(
      "No margin is finite.",
    );
    expect(((await tab.evaluate(cellsOf("margins"))) as string[][]).slice(-3)).toEqual([
      ["NaN", "1", "50%"],
      ["minus infinity, among those misclassified", "1", "50%"],
      ["all margins", "2", "100%"],
    ]);
  });

  test("merge writes the same page from shards", async () => {
    const parts = await Promise.all(
      [0, 1].map(async (index) => {
        const own = ["--index", `${index}`, "--of", "2", "--by", "segment", "--summary"];
        const { stdout } = await run(["shard", table, ...columns, ...own]);
        return folder.write(`part${index}.json`, stdout);
      }),
    );
    await open(plain);
    const text = `[...document.querySelectorAll("section")].map((one) => one.innerHTML).join().replaceAll("segment", "group")`;
    const single = await tab.evaluate(text);
    await open(["merge", ...parts]);
    expect(await tab.evaluate(text)).toBe(single);
  });
});

describe("--report", () => {
  const one = folder.write("one.csv", "y,p\n1,0.5\n0,x\n");
  const args = ["evaluate", one, "--labels", "y", "--predictions", "p", "--loss", "hinge"];

  test.each([
    [2, "data.csv", '--report: expected a file that ends in .html, received "data.csv"'],
    [
      1,
      folder.path("none/out.html"),
      `${folder.path("none/out.html")}: cannot be written, because there is no directory ${folder.path("none")}`,
    ],
    [
      1,
      folder.path("one.csv/out.html"),
      `${folder.path("one.csv/out.html")}: cannot be written, because there is no directory ${one}`,
    ],
  ])("is checked before anything is read: code %i", async (code, file, message) => {
    expect(await run([...args, "--report", file])).toEqual({
      code,
      stdout: "",
      stderr: `maxmargin: ${message}\n`,
    });
  });

  test("a directory of that name is an error", async () => {
    mkdirSync(folder.path("folder.html"));
    const ended = await run([...args, "--report", folder.path("folder.html")]);
    const message = `maxmargin: ${folder.path("folder.html")}: a directory, not a file\n`;
    expect(ended).toEqual({ code: 1, stdout: "", stderr: message });
  });

  test("writes nothing if the evaluation fails", async () => {
    const file = folder.path("failed.html");
    const { code, stderr } = await run([...args, "--report", file]);
    expect(code).toBe(1);
    expect(stderr).toContain('expected a number, received "x"');
    expect(existsSync(file)).toBe(false);
  });

  test.skipIf(!existsSync("/dev/full"))(
    "a write that fails is an error with the path",
    async () => {
      symlinkSync("/dev/full", folder.path("full.html"));
      const ended = await run([
        "evaluate",
        table,
        ...columns,
        "--report",
        folder.path("full.html"),
      ]);
      expect(ended).toMatchObject({ code: 1, stdout: "" });
      expect(ended.stderr).toContain(`maxmargin: ${folder.path("full.html")}: `);
    },
  );

  test("needs parts of shard --summary in merge", async () => {
    const { stdout } = await run(["shard", table, ...columns, "--index", "0", "--of", "1"]);
    const part = folder.write("plain.json", stdout);
    const file = folder.path("plain.html");
    expect(await run(["merge", part, "--report", file])).toEqual({
      code: 1,
      stdout: "",
      stderr: "maxmargin: expected parts of maxmargin shard --summary, received others\n",
    });
    expect(existsSync(file)).toBe(false);
  });

  test("is a complete document", async () => {
    const file = folder.path("document.html");
    await run(["evaluate", table, ...columns, "--report", file]);
    const text = readFileSync(file, "utf8");
    expect(text).toMatch(/^<!DOCTYPE html>\n<html lang="en">\n/);
    expect(text.trimEnd().endsWith("</html>")).toBe(true);
    expect(text).not.toMatch(/undefined|\[object|https?:/);
  });
});

describe("--histogram", () => {
  const args = ["evaluate", table, ...columns, "--histogram"];

  test("draws the margins, of which all are counted", async () => {
    const { stdout } = await run(args, { env: { FORCE_COLOR: "1" } });
    const { summary } = await evaluateFiles(table, options);
    const { counts, histogram } = (summary as Summary).margins;
    const lines = stdout.split("\n");
    const bars = lines.filter((line) => / to /.test(line) && /█|▏|▎|▍|▌|▋|▊|▉/.test(line));
    expect(bars.length).toBeGreaterThan(10);
    const total = bars.reduce((sum, line) => {
      const [, count = ""] = /to +\S+ +([\d,]+)/.exec(line) ?? [];
      return sum + Number(count.replaceAll(",", ""));
    }, 0);
    expect(total).toBe(counts.all - histogram.below - histogram.above);
    const hinge = lines.indexOf("--- hinge at 1 ---");
    expect(lines[hinge - 1]).toMatch(/to +1 /);
    expect(lines[hinge + 1]).toMatch(/^ *1 to /);
    const shares = `${thousands(counts.inside)}  ${Number(((100 * counts.inside) / counts.all).toPrecision(3))}%`;
    expect(stdout).toContain(`${shares}  inside the margin: below 1\n`);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(stdout).not.toContain("\x1b");
  });

  test("adds the summary to JSON", async () => {
    const { stdout } = await run([...args, "--json"]);
    const { summary } = await evaluateFiles(table, options);
    expect(JSON.parse(stdout).summary).toEqual(summary);
  });
});
