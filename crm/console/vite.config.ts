import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, URL } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import ui from "@nuxt/ui/vite";
import vue from "@vitejs/plugin-vue";
import { defineConfig, type Plugin } from "vite";

// Where `npm run dev` finds the service; the built console is served by the service itself.
const service = process.env.AITYS_DEV_SERVICE ?? "http://localhost:8080";

/** Puts a compressed sibling beside each text: the service sends it to whoever takes it. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    writeBundle({ dir = "dist" }) {
      for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
        if (!/\.(js|css|svg|html)$/.test(name)) continue;
        const path = join(dir, name);
        const text = readFileSync(path);
        if (text.length < 1_024) continue;
        writeFileSync(`${path}.gz`, gzipSync(text, { level: 9 }));
        writeFileSync(`${path}.br`, brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }));
      }
    },
  };
}

export default defineConfig({
  plugins: [
    compressed(),
    vue(),
    ui({
      // The generated declarations are for editors only; imports are written out.
      autoImport: false,
      components: { dts: "src/components.d.ts" },
      theme: { colors: ["primary", "neutral", "success", "info", "warning", "error"] },
      ui: {
        colors: { primary: "teal", neutral: "zinc", success: "green", warning: "amber", error: "red", info: "sky" },
        button: { slots: { base: "cursor-pointer" } },
        // Faded words of a tinted box are too pale to be read.
        alert: { slots: { description: "opacity-100" } },
        slideover: { slots: { content: "sm:max-w-lg" } },
      },
      icon: {
        // Every icon travels in the bundle: the console fetches nothing from other hosts.
        clientBundle: { scan: { globInclude: ["src/**/*.{vue,ts}"] }, sizeLimitKb: 512 },
      },
    }),
  ],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: { target: "es2022", chunkSizeWarningLimit: 900 },
  server: {
    proxy: {
      // Writes and the live connection are taken from the service's own address only.
      "/api": { target: service, ws: true, changeOrigin: true, headers: { origin: service } },
      "/widget": { target: service },
    },
  },
});
