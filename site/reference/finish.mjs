// The last changes of a generated page.
import path from "node:path";
import { ReflectionKind } from "typedoc";

/** Parts of the documentation of an export, which would be too many headings. */
const parts = "Parameters|Throws|Examples?|See|Extends|Type Declaration|Default Value";
const groups = "Accessors|Constructors|Methods|Properties";

const types = ReflectionKind.Interface | ReflectionKind.TypeAlias;

/** Returns the statement that imports all exports of a topic. */
function importOf({ url, model }) {
  const folder = path.dirname(url);
  const entry = folder === "maxmargin" ? folder : `maxmargin/${folder}`;
  const isType = (child) => child.kindOf(types);
  const namesOf = (children) => children.map(({ name }) => name);
  const values = namesOf(model.children.filter((child) => !isType(child)));
  const ownTypes = namesOf(model.children.filter(isType));
  const keyword = values.length === 0 ? "import type" : "import";
  const names =
    values.length === 0 ? ownTypes : [...values, ...ownTypes.map((name) => `type ${name}`)];
  const line = `${keyword} { ${names.join(", ")} } from "${entry}";`;
  if (line.length <= 80) return line;
  return `${keyword} {\n${names.map((name) => `  ${name},\n`).join("")}} from "${entry}";`;
}

/** @param {import("typedoc-plugin-markdown").MarkdownPageEvent} page */
export function finish(page) {
  page.contents = page.contents
    // Exports have the anchors of their names.
    .replace(/^# .*/, "$& {#page}")
    .replaceAll(/^#+ Type Parameters\n+/gm, "")
    .replaceAll(/^#+ Extended by\n\n(?:- .*\n)+/gm, "")
    .replaceAll(/^#+ (?:Overrides|Inherited from)\n\n.*\n/gm, "")
    .replaceAll(/^\*\*\*\n\n/gm, "")
    .replaceAll(/^(#+) `abstract` /gm, "$1 ")
    .replaceAll(/^#+ Get Signature\n\n/gm, "")
    .replaceAll(new RegExp(`^#+ (${parts})$`, "gm"), "**$1**")
    .replaceAll(new RegExp(`^### (?:${groups})\n\n`, "gm"), "")
    .replaceAll(/^#(?=####? )/gm, "")
    .replaceAll(/\n{3,}/g, "\n\n");
  if (page.model.kindOf(ReflectionKind.Module) && page.model.children) {
    page.contents = page.contents.replace("\n## ", `\n\`\`\`ts\n${importOf(page)}\n\`\`\`\n\n## `);
  }
}
