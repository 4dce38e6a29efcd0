import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

const WORTH = 1000; // bytes
const TEXT = /\.(?:js|css|svg|html)$/;

/** Writes FILE.br and FILE.gz beside each text of the built page: the server sends these, and compresses nothing. */
export function compress(): Plugin {
  return {
    name: "compress",
    apply: "build",
    async writeBundle({ dir = "." }, bundle) {
      const names = Object.keys(bundle).filter((name) => TEXT.test(name));
      await Promise.all(
        names.map(async (name) => {
          const file = bundle[name];
          const content = Buffer.from((file?.type === "chunk" ? file.code : file?.source) ?? "");
          if (content.length < WORTH) return;
          const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
          await writeFile(join(dir, `${name}.br`), await promisify(brotliCompress)(content, quality));
          await writeFile(join(dir, `${name}.gz`), await promisify(gzip)(content, { level: 9 }));
        }),
      );
    },
  };
}
