// The widget's frame: launcher, window, header, composer. Knows nothing of the network.

import { icon, make } from "./elements.js";
import { LOOK, readableOn } from "./look.js";
import { Thread } from "./thread.js";

const TYPING_MS = 6_000;
const LOST_AFTER_MS = 1_500;
const NEAR_END = 80;

export class Panel {
  #host;
  #root;
  #words;
  #config;
  #person = null;
  #typingTimer = 0;
  #lostTimer = 0;
  #pageOverflow = "";
  #on;

  /** `on` holds what happens: open, close, send(text), typing(), tap(button), shown(). */
  constructor({ config, on }) {
    this.#config = config;
    this.#on = on;
    this.#host = document.createElement("aitys-chat");
    this.#host.style.setProperty("--accent", config.accent);
    this.#host.style.setProperty("--on-accent", readableOn(config.accent));
    const shadow = this.#host.attachShadow({ mode: "open" });
    style(shadow);
    this.#build();
    shadow.append(this.#root);
    this.thread = new Thread({ log: this.log, onTap: (button) => this.#on.tap(button) });
    this.#keepEnd();
    this.#follow(config.theme);
    document.body.append(this.#host);
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  /** Whether the visitor sees what is shown. */
  get isSeen() {
    return this.isOpen && document.visibilityState === "visible";
  }

  #build() {
    this.badge = make("span", { class: "badge", "data-testid": "aitys-unread", hidden: true });
    this.launcher = make(
      "button",
      {
        type: "button",
        class: "launcher",
        "data-testid": "aitys-launcher",
        "aria-expanded": "false",
        onclick: () => (this.isOpen ? this.close() : this.open()),
      },
      icon("chat"),
      this.badge,
    );
    this.title = make("h2", { class: "title", id: "title" }, this.#config.title);
    this.status = make("div", { class: "status", "data-testid": "aitys-status" });
    this.closing = make(
      "button",
      { type: "button", class: "close", "data-testid": "aitys-close", onclick: () => this.close() },
      icon("close"),
    );
    this.lost = make("div", { class: "lost", role: "status", "data-testid": "aitys-offline", hidden: true });
    this.log = make("div", { class: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions", "data-testid": "aitys-log" });
    this.greeting = make("div", { class: "item bot first", "data-testid": "aitys-greeting", hidden: true });
    this.dots = make(
      "div",
      { class: "dots", role: "status", "data-testid": "aitys-typing", hidden: true },
      make("i"),
      make("i"),
      make("i"),
      make("span", { class: "hidden" }),
    );
    this.scroll = make("div", { class: "scroll", tabindex: "-1" }, this.greeting, this.log, this.dots);
    this.input = make("textarea", {
      rows: "1",
      maxlength: "10000",
      enterkeyhint: "send",
      autocomplete: "off",
      "data-testid": "aitys-input",
      oninput: () => this.#typed(),
      onkeydown: (event) => this.#key(event),
    });
    this.sending = make(
      "button",
      { type: "submit", class: "send", "data-testid": "aitys-send", "aria-disabled": "true" },
      icon("send"),
    );
    const composer = make(
      "form",
      {
        class: "composer",
        onsubmit: (event) => {
          event.preventDefault();
          this.#submit();
        },
      },
      this.input,
      this.sending,
    );
    this.panel = make(
      "section",
      { class: "panel", role: "dialog", "aria-labelledby": "title", "data-testid": "aitys-panel", hidden: true },
      make(
        "header",
        { class: "top" },
        make("div", { class: "logo", "aria-hidden": "true" }, [...this.#config.title][0]?.toLocaleUpperCase() ?? "·"),
        make("div", { class: "who" }, this.title, this.status),
        this.closing,
      ),
      this.lost,
      this.scroll,
      make("div", { class: "bottom" }, composer),
    );
    this.#root = make("div", { class: `root ${this.#config.position}` }, this.panel, this.launcher);
    this.#root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.isOpen) {
        event.stopPropagation();
        this.close();
      }
    });
  }

  /** Say everything in a language. */
  speak(language, words, { greeting, suggestions }) {
    this.#words = words;
    this.#host.lang = language;
    this.launcher.setAttribute("aria-label", this.isOpen ? words.close : words.open);
    this.closing.setAttribute("aria-label", words.close);
    this.log.setAttribute("aria-label", words.log);
    this.input.setAttribute("aria-label", words.placeholder);
    this.input.placeholder = words.placeholder;
    this.sending.setAttribute("aria-label", words.send);
    this.lost.textContent = words.offline;
    this.dots.lastChild.textContent = words.typing;
    this.greeting.replaceChildren(
      make(
        "div",
        { class: "head" },
        make("span", { class: "face" }, icon("spark")),
        make("span", { class: "name" }, words.assistant),
        make("span", { class: "mark" }, words.assistantMark),
      ),
      make("div", { class: "body" }, greeting),
      make("div", { class: "chips" }, ...suggestions.map((text) => this.#suggestion(text))),
    );
    this.thread.speak(language, words, this.#config.title);
    this.#showStatus();
    this.showUnread(this.unread ?? 0);
  }

  #suggestion(text) {
    return make(
      "button",
      { type: "button", class: "chip", "data-testid": "aitys-suggestion", onclick: () => this.#on.send(text) },
      text,
    );
  }

  open({ focus = true } = {}) {
    if (this.isOpen) {
      if (focus) this.#focus();
      return;
    }
    this.panel.hidden = false;
    this.#root.classList.add("open");
    this.launcher.setAttribute("aria-expanded", "true");
    this.launcher.setAttribute("aria-label", this.#words.close);
    this.launcher.firstChild.replaceWith(icon("down"));
    if (this.#isFullScreen()) {
      // The page behind must not scroll under the finger.
      this.#pageOverflow = document.documentElement.style.overflow;
      document.documentElement.style.overflow = "hidden";
      this.panel.setAttribute("aria-modal", "true");
    }
    this.toEnd();
    this.#on.open();
    if (focus) this.#focus();
  }

  close() {
    if (!this.isOpen) return;
    this.panel.hidden = true;
    this.#root.classList.remove("open");
    this.launcher.setAttribute("aria-expanded", "false");
    this.launcher.setAttribute("aria-label", this.#words.open);
    this.launcher.firstChild.replaceWith(icon("chat"));
    if (this.panel.hasAttribute("aria-modal")) {
      document.documentElement.style.overflow = this.#pageOverflow;
      this.panel.removeAttribute("aria-modal");
    }
    this.launcher.focus();
    this.#on.close();
  }

  /** What to write, for the visitor to look over and send. */
  draft(text) {
    this.input.value = text;
    this.#typed();
  }

  /** Show the greeting as long as nothing was said. */
  showGreeting(isShown) {
    this.greeting.hidden = !isShown;
  }

  showTyping(isTyping) {
    clearTimeout(this.#typingTimer);
    const wasAtEnd = this.isAtEnd;
    this.dots.hidden = !isTyping;
    if (isTyping) this.#typingTimer = setTimeout(() => this.showTyping(false), TYPING_MS);
    if (wasAtEnd) this.toEnd();
  }

  /** A short loss is nobody's business; a longer one is told. */
  showLine(isThere) {
    if (isThere) {
      clearTimeout(this.#lostTimer);
      this.#lostTimer = 0;
      this.#root.classList.remove("offline");
      this.lost.hidden = true;
    } else if (!this.#lostTimer) {
      this.#lostTimer = setTimeout(() => {
        this.#root.classList.add("offline");
        this.lost.hidden = false;
        this.#on.lost();
      }, LOST_AFTER_MS);
    }
  }

  showUnread(count) {
    this.unread = count;
    this.badge.hidden = count === 0;
    this.badge.textContent = count > 9 ? "9+" : String(count);
    if (count > 0) this.badge.setAttribute("aria-label", this.#words.unread(count));
    this.launcher.toggleAttribute("data-unread", count > 0);
  }

  /** Who of ours speaks: an operator's name, or null for the bot. */
  showPerson(name) {
    this.#person = name;
    this.#showStatus();
  }

  get isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroll;
    return scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  #showStatus() {
    this.status.textContent = this.#person
      ? this.#words.personAnswers(this.#person)
      : this.#words.botAnswers;
  }

  #key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#submit();
    }
  }

  #typed() {
    // Where the browser cannot size it by its content.
    if (!CSS.supports("field-sizing", "content")) {
      this.input.style.height = "auto";
      this.input.style.height = `${Math.min(this.input.scrollHeight, 124)}px`;
    }
    const isEmpty = this.input.value.trim() === "";
    this.sending.setAttribute("aria-disabled", String(isEmpty));
    if (!isEmpty) this.#on.typing();
  }

  #submit() {
    const text = this.input.value.trim();
    if (text === "") return;
    this.input.value = "";
    this.#typed();
    this.#on.send(text);
    this.toEnd();
    this.#focus();
  }

  #focus() {
    this.input.focus({ preventScroll: true });
  }

  #isFullScreen() {
    return window.matchMedia("(max-width: 520px)").matches;
  }

  /** Who reads the newest message goes on seeing it, whatever grows or shrinks around it. */
  #keepEnd() {
    let isFollowing = true;
    this.scroll.addEventListener("scroll", () => (isFollowing = this.isAtEnd), { passive: true });
    const observer = new ResizeObserver(() => isFollowing && this.toEnd());
    observer.observe(this.scroll);
    observer.observe(this.log);
  }

  /** Light or dark as the page asks, else as the visitor's system. */
  #follow(theme) {
    const system = window.matchMedia("(prefers-color-scheme: dark)");
    const apply = () => {
      const isDark = theme === "dark" || (theme !== "light" && system.matches);
      this.#host.dataset.theme = isDark ? "dark" : "light";
    };
    system.addEventListener("change", apply);
    apply();
  }
}

/** A constructed sheet needs no permission of the page's content security policy. */
function style(shadow) {
  if ("adoptedStyleSheets" in shadow) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(LOOK);
    shadow.adoptedStyleSheets = [sheet];
  } else {
    shadow.append(make("style", {}, LOOK));
  }
}
