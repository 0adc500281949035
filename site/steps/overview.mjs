// The first page of the reference: all topics, by entry point.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { referenceIn } from "../navigation.mjs";

/** Writes the overview of the topics in a folder of pages. */
export function writeOverview(pages) {
  const lineOf = ({ text, link }) => {
    const page = readFileSync(path.join(pages, `${link}.md`), "utf8");
    const names = [...page.matchAll(/^## (.+?) \{#(.+)\}$/gm)].map(
      ([, title, anchor]) => `[\`${title}\`](${link}.md#${anchor})`,
    );
    return `- [${text}](${link}.md)${names.length === 0 ? "" : `: ${names.join(", ")}`}`;
  };
  const groups = referenceIn(pages).map(
    ({ text, items }) => `## ${text}\n\n${items.map(lineOf).join("\n")}\n`,
  );
  writeFileSync(path.join(pages, "api/index.md"), ["# API reference", ...groups].join("\n\n"));
}
