// Links of documents, from where they are in the project to where they are on the site.
import { existsSync } from "node:fs";
import path from "node:path";

/** A link or an image, whose text can have brackets of its own. */
const linkPattern = /(!?)\[((?:[^[\]]|\[[^[\]]*\])*)\]\(([^()\s]+)\)/g;
const assetPattern = /\.(?:svg|png|csv)$/;

/**
 * Rewrites the links of a document.
 *
 * @param {string} text - Markdown.
 * @param {object} options - `file`, the path of the document in the project `root`; `pages`, the
 *   names of the pages by the paths of their documents; `repository`, its URL, if there is one.
 * @returns the text, and the paths of the pictures and data that it shows or links to.
 * @throws if there is no file at the end of a link.
 */
export function rewriteLinks(text, options) {
  const assets = new Set();
  const parts = text.split(/^(```.*?^```$)/ms);
  const rewritten = parts.map((part, i) => {
    if (i % 2 === 1) return part;
    return part.replaceAll(linkPattern, (link, mark, title, target) => {
      if (/^(?:[a-z]+:|#)/.test(target)) return link;
      const place = placeOf(target, options);
      if (place.asset !== undefined) assets.add(place.asset);
      return place.url === undefined ? title : `${mark}[${title}](${place.url})`;
    });
  });
  return { text: rewritten.join(""), assets };
}

/** Returns where a relative link leads on the site: nowhere if it leads to a file of the sources. */
function placeOf(target, { file, root, pages, repository }) {
  const [relative, anchor] = target.split("#");
  const linked = path.posix.join(path.posix.dirname(file), relative);
  if (!existsSync(path.join(root, linked))) {
    throw new Error(`${file}: there is no ${linked}, to which the link ${target} leads`);
  }
  const page = pages.get(linked);
  if (page !== undefined) return { url: `./${page}.md${anchor === undefined ? "" : `#${anchor}`}` };
  if (assetPattern.test(linked)) return { url: `/${linked}`, asset: linked };
  return { url: repository && `${repository}/blob/main/${linked}` };
}
