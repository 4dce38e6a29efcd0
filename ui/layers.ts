import type { Plugin } from "vite";

/**
 * The stylesheet that says the order of the layers stands first: a bundler puts what several chunks share before it, and
 * a layer is as strong as the place at which it is named first.
 */
export function layersFirst(): Plugin {
  const LINK = /\n\s*<link rel="stylesheet"[^>]*>/g;
  return {
    name: "layers first",
    transformIndexHtml: {
      order: "post",
      handler(html) {
        const links = html.match(LINK) ?? [];
        const first = links.filter((link) => /\/index-[^/]*\.css/.test(link));
        const sorted = [...first, ...links.filter((link) => !first.includes(link))];
        let at = 0;
        return html.replace(LINK, () => sorted[at++] ?? "");
      },
    },
  };
}
