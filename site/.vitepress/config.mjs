import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import { guidesIn, referenceIn } from "../navigation.mjs";
import { repository } from "../steps/repository.mjs";

const pages = fileURLToPath(new URL("../pages/", import.meta.url));
const guides = guidesIn(pages);

/** Makes an anchor of a heading as GitHub does, so that links work there and here. */
const slugify = (title) =>
  title
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "")
    .replaceAll(" ", "-");

/** Changes a token of Markdown that VitePress shows badly. */
function tidy(token, i, tokens) {
  // A screen reader has nothing to say for a header without text.
  if (token.type === "th_open" && tokens[i + 1].content === "") {
    for (const each of [token, tokens[i + 2]]) each.tag = "td";
  }
  // An indented block would reach beyond the page.
  if (token.type === "code_block") Object.assign(token, { type: "fence", info: "txt" });
}

export default defineConfig({
  lang: "en",
  title: "maxmargin",
  description: "Maximum-margin losses for Node.js and browsers",
  transformHead: ({ siteData }) => [
    ["link", { rel: "icon", type: "image/svg+xml", href: `${siteData.base}favicon.svg` }],
  ],

  srcDir: "pages",
  outDir: "dist",
  markdown: {
    anchor: { slugify },
    // Comments and keywords of the default themes have too little contrast.
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    config: (md) => md.core.ruler.push("tidy", ({ tokens }) => tokens.forEach(tidy)),
  },

  themeConfig: {
    logo: "/favicon.svg",
    nav: [
      {
        text: "Guides",
        link: "/start",
        activeMatch: "^/(?!api|playground).",
      },
      { text: "API", link: "/api/", activeMatch: "^/api/" },
      { text: "Playground", link: "/playground" },
    ],
    sidebar: { "/api/": referenceIn(pages), "/": guides },
    outline: [2, 3],
    search: { provider: "local" },
    notFound: { linkLabel: "Take me home" },
    ...(repository && {
      socialLinks: [{ icon: "github", link: repository }],
      editLink: { pattern: `${repository}/edit/main/docs/:path` },
    }),
  },
});
