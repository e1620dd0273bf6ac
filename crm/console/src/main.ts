import "@fontsource-variable/inter";
import "./style.css";

import { _api as iconSource } from "@iconify/vue";
import ui from "@nuxt/ui/vue-plugin";
import { VueQueryPlugin } from "@tanstack/vue-query";
import { createApp } from "vue";

import { queryClient } from "@/api/query";
import { i18n } from "@/i18n";

import App from "./App.vue";
import { router } from "./router";

// An icon missing from the bundle stays empty: it is never asked of another host.
iconSource.setFetch(() => Promise.reject(new Error("This icon is not in the bundle.")));

createApp(App).use(router).use(i18n).use(VueQueryPlugin, { queryClient }).use(ui).mount("#app");
