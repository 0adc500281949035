// Builds the documentation into site/dist: `npm run docs`, or `npm run docs -- --base /maxmargin/` for
// a host that serves it below a path.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { parseArgs } from "node:util";
import { buildBenchmark } from "./benchmark/build.mjs";
import { brokenLinks } from "./steps/anchors.mjs";
import { install } from "./steps/install.mjs";
import { writeOverview } from "./steps/overview.mjs";
import { root, site } from "./steps/paths.mjs";
import { stage } from "./steps/stage.mjs";

const pages = path.join(site, "pages");

/** Runs a program of site/node_modules. */
function run(program, args, variables = {}) {
  const script = path.join(site, "node_modules", program);
  const { status } = spawnSync(process.execPath, [script, ...args], {
    cwd: site,
    env: { ...process.env, ...variables },
    stdio: "inherit",
  });
  if (status !== 0) throw new Error(`${path.parse(program).name} failed: see above`);
}

function readBase() {
  const { values } = parseArgs({ options: { base: { type: "string", default: "/" } } });
  if (!/^\/(?:.*\/)?$/.test(values.base)) {
    throw new Error(`--base: expected a path that begins and ends with /, received ${values.base}`);
  }
  return values.base;
}

async function build() {
  const base = readBase();
  install(site);
  stage({ root, content: path.join(site, "content"), pages });
  await buildBenchmark(path.join(pages, "public"));
  run("typedoc/bin/typedoc", ["--options", "reference/options.mjs"]);
  writeOverview(pages);
  run("vitepress/bin/vitepress.js", ["build", "."], { SITE_BASE: base });
  const broken = brokenLinks(path.join(site, "dist"), base);
  if (broken.length > 0) throw new Error(`Broken links:\n  ${broken.join("\n  ")}`);
}

try {
  await build();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
