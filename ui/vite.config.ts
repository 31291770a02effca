// Builds the window into `ui/dist`, and with `--mode browser` into `target/ui`: the same with the stand-in for the
// application, for a plain browser. Nothing is loaded from elsewhere, and nothing is inline: the CSP forbids both.
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const here = fileURLToPath(new URL(".", import.meta.url));

export default defineConfig(({ mode }) => ({
  root: here,
  plugins: [svelte({ configFile: false, compilerOptions: { runes: true } })],
  build: {
    outDir: mode === "browser" ? "../target/ui" : "dist",
    emptyOutDir: true,
    // The oldest web views that are still kept: macOS 13, WebKitGTK 2.40, WebView2.
    target: ["safari16", "chrome109"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
}));
