// The chat of a company's site. One script tag:
//
//   <script src="https://crm.example.kz/widget.js" data-connection="…" async></script>
//
// What the tag and `window.Aitys` understand stands in the README.

import { identityOf } from "./visitor.js";
import { Widget } from "./widget.js";
import { LANGUAGES } from "./words.js";

const script = document.currentScript || document.querySelector("script[data-connection]");
const ASKED = ["open", "close", "toggle", "show", "hide", "identify", "logout", "language"];
const EVENTS = ["ready", "open", "close", "message", "unread", "invitation"];

/** `window.Aitys`: what is asked before the chat is there is done when it is. */
class Door {
  #widget = null;
  #waiting = [];
  #listeners = new Map(EVENTS.map((name) => [name, new Set()]));

  constructor() {
    for (const name of ASKED) this[name] = (...given) => this.#ask(name, given);
  }

  /** Call `work` at every such event; returns how to stop it. */
  on(event, work) {
    const works = this.#listeners.get(event);
    if (!works) throw new Error(`Aitys.on: ${EVENTS.join(", ")}`);
    works.add(work);
    return () => works.delete(work);
  }

  tell(event, value) {
    for (const work of this.#listeners.get(event)) {
      try {
        work(value);
      } catch (error) {
        setTimeout(() => { throw error; }); // The page's own fault is the page's to see.
      }
    }
  }

  lead(widget) {
    this.#widget = widget;
    for (const [name, given] of this.#waiting) widget[name](...given);
    this.#waiting = [];
  }

  #ask(name, given) {
    if (this.#widget) this.#widget[name](...given);
    else this.#waiting.push([name, given]);
  }
}

/** What the script tag says. */
function readOptions(data) {
  const suggestions = {};
  for (const language of LANGUAGES) {
    const told = data[`suggestions${language[0].toUpperCase()}${language.slice(1)}`];
    suggestions[language] = (told || "").split("|").map((text) => text.trim()).filter(Boolean);
  }
  return {
    language: data.language,
    launcher: data.launcher,
    nonce: script.nonce,
    invites: data.proactive !== "off",
    identity: identityOf({
      id: data.userId,
      signature: data.userSignature,
      name: data.userName,
      email: data.userEmail,
      phone: data.userPhone,
    }),
    suggestions,
  };
}

function readConfig(told, data) {
  const theme = data.theme || told.theme;
  return {
    ...told,
    title: data.title || told.title,
    accent: /^#[0-9a-f]{6}$/i.test(data.accent || "") ? data.accent : told.accent,
    position: (data.position || told.position) === "left" ? "left" : "right",
    theme,
  };
}

/** The answer, or null when the server cannot be reached for a while. */
async function fetchPatiently(url) {
  for (const pause of [1_000, 4_000, 15_000, 0]) {
    try {
      return await fetch(url, { credentials: "omit" });
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  return null;
}

async function begin() {
  const source = new URL(script.src, location.href);
  const [base, inPath] = source.href.split(/\/(?:webchat\/([^/]+)\/)?widget\.js/);
  const data = script.dataset;
  const connection = data.connection || inPath;
  const early = Array.isArray(window.Aitys) ? window.Aitys : [];
  if (!connection || (window.Aitys && !Array.isArray(window.Aitys))) return;
  const door = new Door();
  window.Aitys = Object.fromEntries([...ASKED, "on"].map((name) => [name, (...given) => door[name](...given)]));
  for (const [name, ...given] of early) if (window.Aitys[name]) window.Aitys[name](...given);
  const answer = await fetchPatiently(`${base}/webchat/${connection}/config`);
  if (!answer || !answer.ok) {
    delete window.Aitys;
    return; // Paused, removed, or not for this site: the page stays as it is.
  }
  const config = readConfig(await answer.json(), data);
  const tell = (event, value) => door.tell(event, value);
  door.lead(new Widget({ base, connection, config, options: readOptions(data), tell }));
}

if (document.body) begin();
else document.addEventListener("DOMContentLoaded", begin);
