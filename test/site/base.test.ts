// The site below a path, as on Pages of a project.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { chromium } from "../support/chromium.js";
import { dist, pagesIn, Visitor, wide } from "./browsing.js";

const build = fileURLToPath(new URL("../../site/build.mjs", import.meta.url));
const run = (args: readonly string[]) =>
  spawnSync(process.execPath, [build, ...args], { encoding: "utf8" });

test("is built for a path, below which it works", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "maxmargin-site-"));
  const base = "/maxmargin/";
  try {
    const { status, stderr } = run(["--base", base, "--out", folder]);
    expect(status, stderr).toBe(0);
    expect(pagesIn(folder)).toEqual(pagesIn(dist));
    if (chromium === undefined) return;
    const visitor = await Visitor.arrive(folder, base);
    await visitor.look(wide);
    await visitor.open("");
    await visitor.tab.evaluate("document.querySelector('.VPFeature').click()");
    await visitor.tab.until("document.querySelector('.vp-doc')");
    expect(visitor.tab.complaints).toEqual([]);
    expect(visitor.requestsElsewhere).toEqual([]);
    await visitor.leave();
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 300_000);

test("a path without slashes around it is an error", () => {
  expect(run(["--base", "maxmargin"])).toMatchObject({
    status: 1,
    stderr: "--base: expected a path that begins and ends with /, received maxmargin\n",
  });
});
