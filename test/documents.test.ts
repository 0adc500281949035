// Every block of code in README.md and docs/ is checked: TypeScript by readme.test.ts, recipes by recipes.test.ts and
// `npm run test:recipes`, all others here.
import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { answerOf } from "./support/browser.js";
import { chromium } from "./support/chromium.js";
import { commandsOf, filesOf, folderOf, outputOf, pages, patternOf } from "./support/documents.js";
import { blocksOf, proseOf } from "./support/examples.js";
import { recipePages } from "./support/recipes.js";

/** Commands that are not run, each with the test that runs something like it. */
const notRun: readonly (readonly [RegExp, string])[] = [
  [/^npm install /, "installs from a registry: test/install"],
  [/^npm ci /, "builds the binaries of all platforms: test/install"],
  [/^node -p 'require.resolve/, "needs these binaries: test/package.test.ts"],
  [/^python3 -m http.server/, "does not end; the page below is loaded from another server"],
  [/^npx maxmargin bench/, "takes half a minute: test/cli/bench.test.ts"],
  [/ --queue /, "needs a queue: test/distributed"],
];

const isRun = (command: string) => !notRun.some(([pattern]) => pattern.test(command));

const blocks = pages.flatMap((page) => blocksOf(page).map((block) => ({ ...block, page })));
const inLanguage = (name: string) => blocks.filter(({ language }) => language === name);

/** The arguments of commands in a configuration, which may be one text or a list. */
function argumentsIn(value: unknown): string[][] {
  const list = typeof value === "string" ? value.split(" ") : value;
  if (typeof list !== "object" || list === null) return [];
  if (!Array.isArray(list)) return Object.values(list).flatMap(argumentsIn);
  const at = list.findIndex((word) => /(^|\/)maxmargin$/.test(`${word}`));
  return at >= 0 && list.length > at + 1
    ? [list.slice(at + 1)]
    : list.filter((each) => typeof each === "object").flatMap(argumentsIn);
}

/** The sections of a file of systemd. */
function parseIni(text: string): Record<string, string> {
  const lines = text.split("\n").filter((line) => line !== "" && !/^\[\w+\]$/.test(line));
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
      if (name === undefined) throw new Error(`expected NAME=VALUE, received ${line}`);
      return [name, value];
    }),
  );
}

test("there is a check for every language", () => {
  const checked = ["console", "csv", "html", "ini", "js", "ts", "yaml"];
  expect([...new Set(blocks.map(({ language }) => language))].sort()).toEqual(checked);
});

test("every fence belongs to a block", () => {
  for (const page of pages) {
    expect(proseOf(page), page).not.toMatch(/^\s*(```|~~~)/m);
  }
});

test("blocks of JavaScript are files or recipes", () => {
  const others = inLanguage("js").filter(({ file }) => file === undefined);
  expect(others.filter(({ page }) => !recipePages.includes(page))).toEqual([]);
});

test("files are used by a command of their page, or are pages", () => {
  for (const page of pages) {
    const commands = commandsOf(page).map(({ command }) => command.split("#", 1)[0]);
    for (const { file, language, place } of filesOf(page)) {
      // Parquet files are written from CSV files.
      const name = `${file}`.replace(/csv$/, "");
      const isUsed = language === "html" || commands.some((command) => command.includes(name));
      expect(isUsed, place).toBe(true);
    }
  }
});

test("every exception is needed", () => {
  const commands = pages.flatMap(commandsOf).map(({ command }) => command);
  for (const [pattern] of notRun) {
    expect(
      commands.some((command) => pattern.test(command)),
      `${pattern}`,
    ).toBe(true);
  }
});

const commandPages = pages.filter((page) => commandsOf(page).some(({ command }) => isRun(command)));

// The commands are those of a POSIX shell.
describe.skipIf(process.platform === "win32").each(commandPages)("the commands of %s", (page) => {
  let folder: string;
  beforeAll(async () => {
    folder = await folderOf(page);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  // In their order, because commands read the files that others write.
  test.each(commandsOf(page).filter(({ command }) => isRun(command)))(
    "$command prints what $place shows",
    ({ command, output }) => {
      const printed = outputOf(command, folder);
      // The values are those of one machine.
      const shown = (text: string) =>
        command.includes("backend()") ? text.replaceAll(/: .*$/gm, ": …") : text;
      if (output !== "") expect(shown(printed)).toMatch(patternOf(shown(output)));
    },
  );
});

describe.skipIf(process.platform === "win32")("what is not run", () => {
  const configurations = [
    ...inLanguage("ini").map(({ place, code }) => ({ place, value: parseIni(code) as unknown })),
    ...inLanguage("yaml").map(({ place, code }) => ({ place, value: parse(code) as unknown })),
  ].map(({ place, value }) => ({
    place,
    commands: argumentsIn(value).map((own) => own.join(" ")),
  }));
  const commands = pages
    .flatMap(commandsOf)
    .filter(({ command }) => command.startsWith("npx maxmargin ") && !isRun(command))
    .map(({ place, command }) => ({
      place,
      commands: [command.replace("npx maxmargin ", "").replace(/ #.*$/, "")],
    }));
  let folder: string;
  beforeAll(async () => {
    folder = await folderOf("README.md");
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([...configurations, ...commands])("$place has options that exist", ({ commands }) => {
    expect(commands).not.toEqual([]);
    for (const command of commands) {
      expect(outputOf(`maxmargin ${command} --help`, folder)).toMatch(/^maxmargin \w+: /);
    }
  });
});

// Without a browser there is nothing to test.
describe.skipIf(chromium === undefined)("pages", () => {
  test.each(inLanguage("html"))("$place shows what it claims", async ({ page, file, code }) => {
    const claim = /textContent = .*; \/\/=> "(.*)"$/m.exec(code)?.[1];
    const folder = await folderOf(page);
    try {
      const program = `
        const frame = document.createElement("iframe");
        frame.src = "/${file}";
        document.body.append(frame);
        setInterval(() => {
          const text = frame.contentDocument.querySelector("output")?.textContent;
          if (text) report(text);
        }, 20);
      `;
      expect(await answerOf({ folder, program })).toBe(claim);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("the check of outputs", () => {
  test.each([
    ["a  1.5\n", "a  1.5\n"],
    ["4 rows, 0.067 s\n", "4 rows, 12.5 s\n"],
    ["only x, …\n", "only x, y, z\n"],
  ])("accepts %j for %j", (output, printed) => {
    expect(printed).toMatch(patternOf(output));
  });

  test.each([
    ["a  1.5\n", "a  1.25\n"],
    ["a  1.5\n", "a  1.5\nb  1\n"],
    ["a  1.5\n", "a  1x5\n"],
    ["4 rows, 0.067 s\n", "5 rows, 0.067 s\n"],
    ["only x, …\n", "only x, y\nz\n"],
  ])("rejects %j for %j", (output, printed) => {
    expect(printed).not.toMatch(patternOf(output));
  });
});
