import { defineConfig } from "vite";

/** The pages, as files that the daemon serves itself: no CDN, nothing inline, names by content. */
export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../../dist/dashboard",
    emptyOutDir: true,
    target: "es2024",
    modulePreload: { polyfill: false },
    // A picture inside the style sheet would need a wider policy.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
});
