// VitePress checks that links lead to pages. This checks that they lead to places in them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const attributes = (html, name) =>
  [...html.matchAll(new RegExp(`<[a-z][^>]*\\s${name}="([^"]*)"`, "gi"))].map(([, value]) => value);

/** Returns the file and the anchor that a link leads to; undefined for other hosts. */
function fileOf(href, page, base) {
  const url = new URL(href, `http://site${base}${page}`);
  if (url.host !== "site" || !/^https?:$/.test(url.protocol)) return undefined;
  if (!url.pathname.startsWith(base)) return { file: undefined, anchor: "" };
  const name = decodeURIComponent(url.pathname.slice(base.length));
  const file = name === "" || name.endsWith("/") ? `${name}index.html` : name;
  return { file, anchor: decodeURIComponent(url.hash.slice(1)) };
}

/** Returns the links in a built site that lead nowhere, each as a line for people. */
export function brokenLinks(dist, base) {
  const files = readdirSync(dist, { recursive: true, encoding: "utf8" });
  const pages = files
    .filter((name) => name.endsWith(".html"))
    .map((name) => name.replaceAll(path.sep, "/"));
  const idsOf = new Map();
  for (const page of pages) {
    idsOf.set(page, new Set(attributes(readFileSync(path.join(dist, page), "utf8"), "id")));
  }
  return pages.flatMap((page) => {
    const html = readFileSync(path.join(dist, page), "utf8");
    const hrefs = [...new Set([...attributes(html, "href"), ...attributes(html, "src")])];
    return hrefs.flatMap((href) => {
      const target = fileOf(href.replaceAll("&amp;", "&"), page, base);
      if (target === undefined) return [];
      const { file, anchor } = target;
      if (file === undefined || !existsSync(path.join(dist, file)))
        return [`${page}: ${href} leads to no file`];
      const ids = idsOf.get(file);
      if (anchor === "" || ids === undefined || ids.has(anchor)) return [];
      return [`${page}: ${href} leads to no place in ${file}`];
    });
  });
}
