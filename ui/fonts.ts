import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "vite";

const FONTS = ["@fontsource-variable/geist", "@fontsource-variable/geist-mono"];

/** Adds the fonts' licences, which belong to no module, to the file `name`, in which the bundler gathers those of all. */
export function licencesOfFonts(name: string): Plugin {
  return {
    name: "licences-of-fonts",
    apply: "build",
    async writeBundle({ dir = "." }) {
      for (const font of FONTS) {
        const text = await readFile(new URL(`node_modules/${font}/LICENSE`, import.meta.url), "utf8");
        await appendFile(join(dir, name), `\n## ${font} (OFL-1.1)\n\n${text}`);
      }
    },
  };
}
