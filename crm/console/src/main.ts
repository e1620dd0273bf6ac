import "@fontsource-variable/inter";
import "./style.css";

import { _api as iconSource } from "@iconify/vue";
import ui from "@nuxt/ui/vue-plugin";
import { VueQueryPlugin } from "@tanstack/vue-query";
import { createApp } from "vue";

import { queryClient } from "@/api/query";
import { i18n, textsReady } from "@/i18n";

import App from "./App.vue";
import { router } from "./router";

// An icon missing from the bundle stays empty: it is never asked of another host.
iconSource.setFetch(() => Promise.reject(new Error("This icon is not in the bundle.")));

// A new version was put in place of the files this page was built with: the page itself is the new one.
const RELOADED = "aitys-reloaded";
window.addEventListener("vite:preloadError", (event) => {
  if (Date.now() - Number(sessionStorage.getItem(RELOADED)) < 60_000) return; // it did not help: let it be told
  sessionStorage.setItem(RELOADED, String(Date.now()));
  event.preventDefault();
  window.location.reload();
});

await textsReady;
createApp(App).use(router).use(i18n).use(VueQueryPlugin, { queryClient }).use(ui).mount("#app");
