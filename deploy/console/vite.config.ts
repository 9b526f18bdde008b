import { defineConfig } from "vite";

export default defineConfig({
  base: "./", // services serve it at /console/
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: false, cssCodeSplit: false },
});
