// What the build of the site does not let pass: each fault is planted once.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { guidesIn } from "../../site/navigation.mjs";
import { brokenLinks } from "../../site/steps/anchors.mjs";
import { rewriteLinks } from "../../site/steps/links.mjs";
import { stage } from "../../site/steps/stage.mjs";

const site = fileURLToPath(new URL("../../site/", import.meta.url));

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "maxmargin-site-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes files into the folder. */
function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
}

describe("the reference", () => {
  const comment = "/** Documented. */";
  const sound = {
    export: `${comment}\nexport interface Thing {\n  ${comment}\n  readonly size: number;\n}`,
    option: `${comment}\nexport interface Options {\n  ${comment}\n  readonly margin?: number;\n}`,
    method: `${comment}\nexport class Loss {\n  ${comment}\n  value(): void {}\n}`,
    parameter:
      "/**\n * Computes.\n *\n * @param x - documented. See {@link Thing.size}.\n */\nexport function compute(x: number) { return x; }",
  };
  const member = `  ${comment}\n`;

  /** Documents a library of these exports, with the options of the site. */
  function document(
    library: Readonly<Record<string, string>>,
    topic = 'export * from "../../library.js";',
  ) {
    write({
      "package.json": '{ "name": "maxmargin", "type": "module" }',
      "library.ts": Object.values(library).join("\n"),
      "api/tsconfig.json": '{ "compilerOptions": { "module": "node20" } }',
      // typedoc would show one topic as the whole project.
      "api/topics/empty.ts": "/**\n * Empty.\n *\n * @module Empty\n */\nexport {};\n",
      "api/topics/topic.ts": `/**\n * Documented.\n *\n * @module Topic\n */\n${topic}\n`,
      "options.mjs": `
        import own from ${JSON.stringify(path.join(site, "reference/options.mjs"))};
        export default {
          ...own,
          basePath: ${JSON.stringify(folder)},
          entryPoints: [${JSON.stringify(path.join(folder, "api/*/*.ts"))}],
          tsconfig: ${JSON.stringify(path.join(folder, "api/tsconfig.json"))},
          out: ${JSON.stringify(path.join(folder, "pages"))},
          intentionallyNotDocumented: [],
        };
      `,
    });
    const typedoc = path.join(site, "node_modules/typedoc/bin/typedoc");
    const args = [typedoc, "--options", path.join(folder, "options.mjs")];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: site,
      encoding: "utf8",
    });
    return { isBuilt: status === 0, output: stdout + stderr };
  }

  test("is built without faults", () => {
    expect(document(sound)).toMatchObject({ isBuilt: true });
    const page = readFileSync(path.join(folder, "pages/topics/topic.md"), "utf8");
    expect(page).toContain("- **`x`** (number): documented. See [Thing.size](#Thing.size).");
  });

  test.each([
    ["an export without a comment", { export: sound.export.replace(comment, "") }, "Topic.Thing"],
    [
      "an option without a description",
      { option: sound.option.replace(member, "") },
      "Topic.Options.margin",
    ],
    [
      "a method without a description",
      { method: sound.method.replace(member, "") },
      "Topic.Loss.value",
    ],
    [
      "a parameter without a description",
      { parameter: sound.parameter.replace(/@param.*/, "{@link Thing}") },
      "Topic.compute.x",
    ],
    [
      "a link to a member that is missing",
      { parameter: sound.parameter.replace("Thing.size", "Thing.length") },
      "Thing.length",
    ],
  ])("is not built with %s", (_, fault, named) => {
    const { isBuilt, output } = document({ ...sound, ...fault });
    expect({ isBuilt, output }).toEqual({ isBuilt: false, output: expect.stringContaining(named) });
  });

  test("is not built with an export that no topic has", () => {
    const topic = 'export { compute, type Thing } from "../../library.js";';
    const { isBuilt, output } = document(sound, topic);
    expect({ isBuilt, output }).toEqual({
      isBuilt: false,
      output: expect.stringContaining("Options is exported, but no topic in site/api/ has it"),
    });
  });
});

describe("a document", () => {
  const rewritten = (text: string) => {
    write({ "docs/losses.md": "", "examples/demo.ts": "", "pictures/a.svg": "" });
    const pages = new Map([["docs/losses.md", "losses"]]);
    return rewriteLinks(text, {
      file: "docs/start.md",
      root: folder,
      pages,
      repository: undefined,
    });
  };

  test("keeps links to pages, and the texts of links to sources", () => {
    const { text, assets } = rewritten(
      "[a\nb](losses.md#x) [demo](../examples/demo.ts) ![A [b]](../pictures/a.svg) [c](#d) <b>\n```md\n[e](none.md)\n```\n",
    );
    expect(text).toBe(
      "[a\nb](./losses.md#x) demo ![A [b]](/pictures/a.svg) [c](#d) <b>\n```md\n[e](none.md)\n```\n",
    );
    expect([...assets]).toEqual(["pictures/a.svg"]);
  });

  test("must not link to a file that does not exist", () => {
    expect(() => rewritten("[a](loses.md)")).toThrow(
      "docs/start.md: there is no docs/loses.md, to which the link loses.md leads",
    );
  });
});

test("a page must not ask for a section that a document lacks", () => {
  write({ "content/index.md": "<!-- README.md: Spead -->\n" });
  const project = fileURLToPath(new URL("../../", import.meta.url));
  const pages = path.join(folder, "pages");
  expect(() => stage({ root: project, content: path.join(folder, "content"), pages })).toThrow(
    'README.md has no section "Spead"',
  );
});

test("the navigation must have every page", () => {
  write({ "another.md": "# Another\n" });
  expect(() => guidesIn(folder)).toThrow(/another\.md is missing in site\/navigation\.mjs/);
});

test("the navigation must have no page that does not exist", () => {
  expect(() => guidesIn(folder)).toThrow(/has a page \w+, which does not exist/);
});

describe("a built site", () => {
  const page = (body: string) => `<!doctype html><body id="top">${body}</body>`;

  test("must have no broken links", () => {
    write({
      "index.html": page(
        '<a href="/base/api/a.html#Loss.value">a</a> <a href="api/a.html#none">b</a> <a href="/base/">c</a>',
      ),
      "api/a.html": page(
        '<h2 id="Loss.value">x</h2> <a href="#top">a</a> <a href="#loss.value">b</a> <a href="../b.html">c</a> <img src="/base/x.svg"> <a href="/api/a.html">d</a> <a href="https://example.org/#x">e</a>',
      ),
    });
    expect(brokenLinks(folder, "/base/").sort()).toEqual([
      "api/a.html: #loss.value leads to no place in api/a.html",
      "api/a.html: ../b.html leads to no file",
      "api/a.html: /api/a.html leads to no file",
      "api/a.html: /base/x.svg leads to no file",
      "index.html: api/a.html#none leads to no place in api/a.html",
    ]);
  });
});
