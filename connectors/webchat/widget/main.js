// The chat of a company's site. One script tag:
//
//   <script src="https://crm.example.kz/widget.js" data-connection="…" async></script>
//
// Optional: data-language (ru, kk, en; else the page's, else the browser's), data-theme (light,
// dark), data-position, data-accent, data-title, data-suggestions-ru="Доставка|Оплата" (kk, en).
// The page may call AitysChat.open({ text }), AitysChat.close() and AitysChat.toggle().

import { Line } from "./line.js";
import { Outbox } from "./outbox.js";
import { Panel } from "./panel.js";
import { newId, Store } from "./store.js";
import { LANGUAGES, spokenLanguage, wordsOf } from "./words.js";

const script = document.currentScript ?? document.querySelector("script[data-connection]");
const TYPING_EVERY_MS = 3_000;

class Widget {
  #connection;
  #config;
  #store;
  #line;
  #outbox;
  #panel;
  #language;
  #typedAt = 0;
  #hasHistory = false;

  constructor({ base, connection, config, options }) {
    this.#connection = connection;
    this.#config = config;
    this.options = options;
    this.#store = new Store(connection);
    this.#panel = new Panel({
      config,
      on: {
        open: () => this.#opened(),
        close: () => sessionOpen(this.#connection, false),
        send: (text) => this.#say({ type: "message", text }, text),
        tap: ({ title, payload }) => this.#say({ type: "tap", title, payload }, title),
        typing: () => this.#typing(),
        lost: () => this.#showWaiting(),
      },
    });
    this.#line = new Line({
      url: `${base.replace(/^http/, "ws")}/webchat/${connection}/socket`,
      hello: () => ({
        token: this.#store.get("token"),
        language: this.#language,
        after: this.#hasHistory ? this.#panel.thread.newestId : null,
        page: location.href.slice(0, 500),
      }),
      onFrame: (frame) => this.#take(frame),
      onState: (isThere) => this.#lineChanged(isThere),
    });
    this.#outbox = new Outbox({
      store: this.#store,
      line: this.#line,
      onSent: (id) => this.#panel.thread.mark(id, "sent"),
      onFailed: (id) => this.#panel.thread.mark(id, "failed"),
    });
    this.#speak();
    this.#panel.showGreeting(true);
    new MutationObserver(() => this.#speak()).observe(document.documentElement, {
      attributeFilter: ["lang"],
    });
    document.addEventListener("visibilitychange", () => this.#noteSeen());
    // Who wrote here before may have an answer waiting.
    if (this.#store.get("token")) this.#line.start();
    if (sessionOpen(connection) && !isPhone()) this.#panel.open({ focus: false });
  }

  open({ text } = {}) {
    this.#panel.open();
    if (text) this.#panel.draft(String(text));
  }

  close() {
    this.#panel.close();
  }

  toggle() {
    if (this.#panel.isOpen) this.#panel.close();
    else this.#panel.open();
  }

  #opened() {
    sessionOpen(this.#connection, true);
    this.#line.start();
    this.#noteSeen();
  }

  #speak() {
    const language =
      spokenLanguage(
        this.options.language,
        document.documentElement.lang,
        ...(navigator.languages ?? []),
        this.#config.language,
      ) ?? "ru";
    if (language === this.#language) return;
    this.#language = language;
    const words = wordsOf(language);
    this.#panel.speak(language, words, {
      greeting: this.#config.greeting[language] || words.greeting,
      suggestions: this.options.suggestions[language] ?? [],
    });
    this.#line?.send({ type: "language", language });
  }

  #say(frame, text) {
    const id = newId();
    this.#panel.thread.put(waitingMessage({ ...this.#outbox.put({ ...frame, id }), text }));
    this.#panel.showGreeting(false);
    this.#line.start();
    this.#panel.toEnd();
  }

  #showWaiting() {
    for (const frame of this.#outbox.waiting()) {
      this.#panel.thread.put(waitingMessage({ ...frame, text: frame.text ?? frame.title }));
    }
    if (this.#panel.thread.length > 0) this.#panel.showGreeting(false);
  }

  #typing() {
    const now = Date.now();
    if (now - this.#typedAt > TYPING_EVERY_MS && this.#line.send({ type: "typing" })) {
      this.#typedAt = now;
    }
  }

  #take(frame) {
    switch (frame.type) {
      case "welcome":
        this.#welcome(frame);
        break;
      case "message":
        this.#show(frame.message);
        break;
      case "typing":
        this.#panel.showTyping(true);
        break;
      case "ack":
        this.#outbox.acknowledged(frame.id);
        break;
      case "error":
        if (frame.id) this.#outbox.refused(frame);
        break;
      default: // A newer server says more than this widget knows.
    }
  }

  #welcome({ token, history, resumed }) {
    // Another token than ours: the server did not know it, so this is a new chat.
    if (this.#hasHistory && !resumed) this.#panel.thread.clear();
    this.#store.set("token", token);
    this.#panel.log.setAttribute("aria-busy", "true"); // History is not news to be read out.
    for (const message of history) this.#show(message);
    this.#panel.log.setAttribute("aria-busy", "false");
    this.#hasHistory = true;
    this.#showWaiting();
    this.#panel.toEnd();
  }

  #show(message) {
    const { client_id: clientId, ...rest } = message;
    const wasAtEnd = this.#panel.isAtEnd;
    this.#panel.thread.put({ ...rest, clientId, state: "sent" });
    this.#panel.showGreeting(false);
    if (message.author !== "contact") this.#panel.showTyping(false);
    if (message.author === "operator") this.#panel.showPerson(message.name || wordsOf(this.#language).operator);
    if (message.author === "bot") this.#panel.showPerson(null);
    if (wasAtEnd) this.#panel.toEnd();
    this.#noteSeen();
  }

  /** What the visitor has on the screen is told to our side; the rest is counted on the launcher. */
  #noteSeen() {
    const unseen = this.#panel.thread.after(this.#store.get("seen"));
    if (!this.#panel.isSeen) {
      this.#panel.showUnread(unseen.length);
      return;
    }
    this.#panel.showUnread(0);
    for (const { id } of unseen) {
      this.#store.set("seen", id);
      this.#line.send({ type: "seen", id });
    }
  }

  #lineChanged(isThere) {
    this.#panel.showLine(isThere);
    if (isThere) {
      this.#outbox.flush();
      this.#noteSeen();
    } else {
      this.#outbox.lost();
    }
  }
}

function waitingMessage({ id, at, text }) {
  return { clientId: id, author: "contact", text, at: new Date(at).toISOString(), state: "waiting" };
}

function isPhone() {
  return window.matchMedia("(max-width: 520px)").matches;
}

/** Whether the chat stands open while the visitor goes from page to page in this tab. */
function sessionOpen(connection, value) {
  const name = `aitys:${connection}:open`;
  try {
    if (value === undefined) return window.sessionStorage.getItem(name) === "1";
    window.sessionStorage.setItem(name, value ? "1" : "0");
  } catch {
    // Forbidden by the browser's settings.
  }
  return false;
}

/** What the script tag says. */
function readOptions(data) {
  const suggestions = {};
  for (const language of LANGUAGES) {
    const told = data[`suggestions${language[0].toUpperCase()}${language.slice(1)}`];
    suggestions[language] = (told ?? "").split("|").map((text) => text.trim()).filter(Boolean);
  }
  return { language: data.language, suggestions };
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
  const connection = data.connection ?? inPath;
  if (!connection || window.AitysChat) return;
  const waiting = [];
  window.AitysChat = Object.fromEntries(
    ["open", "close", "toggle"].map((name) => [name, (...given) => waiting.push([name, given])]),
  );
  const answer = await fetchPatiently(`${base}/webchat/${connection}/config`);
  if (!answer?.ok) {
    delete window.AitysChat;
    return; // Paused, removed, or not for this site: the page stays as it is.
  }
  const told = await answer.json();
  const config = {
    ...told,
    title: data.title || told.title,
    accent: /^#[0-9a-f]{6}$/i.test(data.accent ?? "") ? data.accent : told.accent,
    position: (data.position ?? told.position) === "left" ? "left" : "right",
    theme: data.theme,
  };
  const widget = new Widget({ base, connection, config, options: readOptions(data) });
  for (const name of Object.keys(window.AitysChat)) {
    window.AitysChat[name] = (...given) => widget[name](...given);
  }
  for (const [name, given] of waiting) widget[name](...given);
}

if (document.body) begin();
else document.addEventListener("DOMContentLoaded", begin);
