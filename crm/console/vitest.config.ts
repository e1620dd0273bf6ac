import { fileURLToPath, URL } from "node:url";

import { defineConfig } from "vitest/config";

// Pure logic only: no browser, no components. What a person sees is tested in a real browser (tests/e2e).
export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
