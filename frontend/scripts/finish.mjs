// After the builds: Inter as TrueType for drawing without a browser, and a gzip and a brotli copy of each text asset.
import { readFile, readdir, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { createRequire } from "node:module";

const { decompress } = createRequire(import.meta.url)("wawoff2");
const dist = new URL("../../src/upshot/web/static/dist/", import.meta.url).pathname;
const font = new URL("../node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2", import.meta.url);

await writeFile(join(dist, "render", "inter.ttf"), await decompress(await readFile(font)));

const packed = new Set([".js", ".css", ".svg"]);
const folders = ["assets", "tracker"];
const files = await Promise.all(folders.map(async (folder) => (await readdir(join(dist, folder))).map((name) => join(dist, folder, name))));
for (const path of files.flat()) {
  if (!packed.has(extname(path))) continue;
  const text = await readFile(path);
  await writeFile(`${path}.gz`, gzipSync(text, { level: 9 }));
  await writeFile(
    `${path}.br`,
    brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
  );
}
