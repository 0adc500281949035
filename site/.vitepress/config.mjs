import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import { guidesIn, referenceIn } from "../navigation.mjs";
import { repository } from "../steps/repository.mjs";

const base = process.env.SITE_BASE ?? "/";
const pages = fileURLToPath(new URL("../pages/", import.meta.url));
const guides = guidesIn(pages);
const isPage = (link) => guides.some(({ items }) => items.some((item) => item.link === link));

/** Makes an anchor of a heading as GitHub does, so that links work there and here. */
const slugify = (title) =>
  title
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "")
    .replaceAll(" ", "-");

export default defineConfig({
  base,
  lang: "en",
  title: "maxmargin",
  description: "Maximum-margin losses for Node.js and browsers",
  head: [["link", { rel: "icon", type: "image/svg+xml", href: `${base}favicon.svg` }]],

  srcDir: "pages",
  outDir: "dist",
  markdown: { anchor: { slugify } },

  themeConfig: {
    logo: "/favicon.svg",
    nav: [
      {
        text: "Guides",
        link: guides[0].items[0]?.link ?? "/losses",
        activeMatch: "^/(?!api|playground).",
      },
      { text: "API", link: "/api/", activeMatch: "^/api/" },
      ...(isPage("/playground") ? [{ text: "Playground", link: "/playground" }] : []),
    ],
    sidebar: { "/api/": referenceIn(pages), "/": guides },
    outline: [2, 3],
    search: { provider: "local" },
    ...(repository && {
      socialLinks: [{ icon: "github", link: repository }],
      editLink: { pattern: `${repository}/edit/main/docs/:path` },
    }),
  },
});
