// Copies all Markdown into pages/, from which VitePress builds the site.
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { documentsOf } from "./documents.mjs";
import { rewriteLinks } from "./links.mjs";
import { repository } from "./repository.mjs";

/** `<!-- README.md: Speed -->`, in place of which a page shows that section. */
const sectionPattern = /^<!-- (\S+\.md): (.+) -->$/gm;

/** Returns the text below a heading of the second level. */
function sectionOf(text, file, title) {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
  if (section === undefined) throw new Error(`${file} has no section "${title}"`);
  return section.slice(title.length).trim();
}

/**
 * Writes the pages of a project.
 *
 * @param {{ root: string, content: string, pages: string }} folders - the project, the pages that
 *   only the site has, and where to write.
 */
export function stage({ root, content, pages }) {
  rmSync(pages, { recursive: true, force: true });
  cpSync(content, pages, { recursive: true });
  const documents = documentsOf(root);
  const rewritten = new Map();
  for (const [file, name] of documents) {
    const text = readFileSync(path.join(root, file), "utf8");
    const own = rewriteLinks(text, { file, root, pages: documents, repository });
    rewritten.set(file, own.text);
    writeFileSync(path.join(pages, `${name}.md`), own.text);
    for (const asset of own.assets) {
      cpSync(path.join(root, asset), path.join(pages, "public", asset));
    }
  }
  for (const name of readdirSync(content).filter((each) => each.endsWith(".md"))) {
    const text = readFileSync(path.join(content, name), "utf8");
    const whole = text.replaceAll(sectionPattern, (_, file, title) =>
      sectionOf(rewritten.get(file), file, title),
    );
    writeFileSync(path.join(pages, name), whole);
  }
}
