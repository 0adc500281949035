// Builds the documentation: `npm run docs`. Options:
//   --base /maxmargin/   the path below which a host serves it, by default /
//   --out folder         where to write it, by default site/dist
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
function run(program, args) {
  const script = path.join(site, "node_modules", program);
  const { status } = spawnSync(process.execPath, [script, ...args], {
    cwd: site,
    stdio: "inherit",
  });
  if (status !== 0) throw new Error(`${path.parse(program).name} failed: see above`);
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      base: { type: "string", default: "/" },
      out: { type: "string", default: path.join(site, "dist") },
    },
  });
  const { base, out } = values;
  if (!/^\/(?:.*\/)?$/.test(base)) {
    throw new Error(`--base: expected a path that begins and ends with /, received ${base}`);
  }
  return { base, out: path.resolve(out) };
}

async function build() {
  const { base, out } = readOptions();
  install(site);
  stage({ root, content: path.join(site, "content"), pages });
  await buildBenchmark(path.join(pages, "public"));
  run("typedoc/bin/typedoc", ["--options", "reference/options.mjs"]);
  writeOverview(pages);
  run("vitepress/bin/vitepress.js", ["build", ".", "--base", base, "--outDir", out]);
  const broken = brokenLinks(out, base);
  if (broken.length > 0) throw new Error(`Broken links:\n  ${broken.join("\n  ")}`);
}

try {
  await build();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
