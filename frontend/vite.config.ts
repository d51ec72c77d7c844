// Three builds: the pages' modules with hashed names, (--mode render) one script that draws charts without a browser, and
// (--mode tracker) the script that other people's pages load.
import { defineConfig } from "vite";

const output = "../src/upshot/web/static/dist";

const script = (folder: string, entry: string, name: string, file: string, more = {}) => ({
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
  build: {
    ...more,
    outDir: `${output}/${folder}`,
    emptyOutDir: true,
    copyPublicDir: false,
    lib: { entry, formats: ["iife" as const], name, fileName: () => file },
  },
});

// terser makes it a tenth smaller than the minifier that Vite brings
const smallest = {
  minify: "terser",
  terserOptions: { ecma: 2020, module: true, compress: { passes: 4, unsafe_arrows: true, pure_getters: true } },
};

export default defineConfig(({ mode }) =>
  mode === "render"
    ? script("render", "src/charts/render.ts", "upshotCharts", "charts.js")
    : mode === "tracker"
    ? script("tracker", "src/tracker/main.ts", "upshotTracker", "upshot.js", smallest)
    : {
        base: "/static/",
        build: {
          outDir: output,
          emptyOutDir: true,
          manifest: "manifest.json",
          assetsInlineLimit: 0,
          license: { fileName: "licenses.md" },
          modulePreload: { polyfill: false },
          rollupOptions: { input: { main: "src/main.ts" } },
          chunkSizeWarningLimit: 700,
        },
      },
);
