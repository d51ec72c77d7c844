// Two builds: the pages' modules with hashed names, and (--mode render) one script that draws charts without a browser.
import { defineConfig } from "vite";

const output = "../src/upshot/web/static/dist";

export default defineConfig(({ mode }) =>
  mode === "render"
    ? {
        define: { "process.env.NODE_ENV": JSON.stringify("production") },
        build: {
          outDir: `${output}/render`,
          emptyOutDir: true,
          copyPublicDir: false,
          lib: { entry: "src/charts/render.ts", formats: ["iife"], name: "upshotCharts", fileName: () => "charts.js" },
        },
      }
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
