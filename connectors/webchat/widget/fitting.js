// How the chat fits into somebody's page: its style, font and colours, the phone's keyboard, dragged files.

import { make } from "./elements.js";
import { LOOK } from "./look.js";
import { palette } from "./theme.js";

const PLAIN_FONTS = /^("?times new roman"?|times|serif|initial|)$/i;

/** A constructed sheet needs no permission of the page's content security policy. */
export function dress(shadow, nonce) {
  if ("adoptedStyleSheets" in shadow) {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(LOOK);
      shadow.adoptedStyleSheets = [sheet];
      return;
    } catch {
      // An old browser that has the name, but cannot construct one.
    }
  }
  const element = make("style", {}, LOOK);
  if (nonce) element.nonce = nonce;
  shadow.append(element);
}

/** Light or dark as the page asks, else as the visitor's system. */
export function followTheme(host, { theme, accent }) {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const isDark = theme === "dark" || (theme !== "light" && system.matches);
    host.dataset.theme = isDark ? "dark" : "light";
    for (const [name, value] of Object.entries(palette(accent, isDark))) host.style.setProperty(name, value);
  };
  if (system.addEventListener) system.addEventListener("change", apply);
  apply();
}

/** On a phone the window ends where the on-screen keyboard begins. */
export function followKeyboard(host) {
  const view = window.visualViewport;
  if (!view) return;
  const apply = () => {
    host.style.setProperty("--view-height", `${Math.round(view.height)}px`);
    host.style.setProperty("--view-top", `${Math.round(Math.max(0, view.offsetTop))}px`);
  };
  view.addEventListener("resize", apply);
  view.addEventListener("scroll", apply);
  apply();
}

/** The page's own font, unless it has chosen none. */
export function takeFont(host) {
  const family = getComputedStyle(document.body).fontFamily || "";
  if (!PLAIN_FONTS.test(family.split(",")[0].trim())) host.style.setProperty("--page-font", family);
}

/** Files dragged onto an element: `onOver(isOver)`, `onDrop(files)`. */
export function takeDrops(element, { onOver, onDrop }) {
  let depth = 0;
  const hasFiles = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
  const listen = (name, work) =>
    element.addEventListener(name, (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      work(event);
      onOver(depth > 0);
    });
  listen("dragenter", () => (depth += 1));
  listen("dragover", () => {});
  listen("dragleave", () => (depth -= 1));
  listen("drop", ({ dataTransfer }) => {
    depth = 0;
    onDrop(dataTransfer.files);
  });
}
