// The widget's frame: launcher, window, header. Knows nothing of the network.

import { call, icon, iconButton, initial, make } from "./elements.js";
import { dress, followKeyboard, followTheme, takeDrops, takeFont } from "./fitting.js";
import { safeAddress } from "./marks.js";
import { Thread } from "./thread.js";

const TYPING_MS = 6_000;
const LOST_AFTER_MS = 1_500;
const NEAR_END = 80;
const NEAR_TOP = 120;
const FOCUSABLE = "button:not([hidden]), a[href], input:not([tabindex='-1']), textarea";

export class Panel {
  #host;
  #root;
  #words;
  #config;
  #composer;
  #person = null;
  #answers = "bot";
  #typingTimer = 0;
  #lostTimer = 0;
  #pageOverflow = "";
  #isFollowing = true;
  #top = 0;
  #on;

  /** `on`: open, close, tap, phone, visible, lost, older, sound, drop(files). */
  constructor({ config, composer, nonce, on }) {
    this.#config = config;
    this.#composer = composer;
    this.#on = on;
    this.#host = make("aitys-chat");
    const shadow = this.#host.attachShadow({ mode: "open" });
    dress(shadow, nonce);
    this.#build();
    shadow.append(this.#root);
    this.thread = new Thread({ log: this.log, scroll: this.scroll, on: this.#on });
    this.#keepEnd();
    followTheme(this.#host, config);
    followKeyboard(this.#host);
    this.#takeFiles();
    document.body.append(this.#host);
    takeFont(this.#host);
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
    this.label = make("span", { class: "label", hidden: true });
    this.launcher = make(
      "button",
      {
        type: "button",
        class: "launcher",
        "data-testid": "aitys-launcher",
        "aria-expanded": "false",
        "aria-controls": "panel",
        onclick: () => (this.isOpen ? this.close() : this.open()),
      },
      icon("chat"),
      this.label,
      this.badge,
    );
    this.title = make("h2", { class: "title", id: "title" }, this.#config.title);
    this.status = make("div", { class: "status", role: "status", "data-testid": "aitys-status" });
    this.sound = iconButton("mute", "tool", {
      "data-testid": "aitys-sound",
      "aria-pressed": "false",
      onclick: () => this.#on.sound(),
    });
    this.closing = iconButton("close", "tool", { "data-testid": "aitys-close", onclick: () => this.close() });
    this.lost = make("div", { class: "lost", role: "status", "data-testid": "aitys-offline", hidden: true });
    this.older = make("button", {
      type: "button",
      class: "older",
      "data-testid": "aitys-older",
      hidden: true,
      onclick: () => this.#on.older(),
    });
    this.log = make("div", { class: "log", role: "log", "aria-live": "polite", "aria-relevant": "additions", "data-testid": "aitys-log" });
    this.greeting = make("div", { class: "item bot first greeting", "data-testid": "aitys-greeting", hidden: true });
    this.asking = make("div", { class: "asking", hidden: true });
    this.dots = make(
      "div",
      { class: "dots", role: "status", "data-testid": "aitys-typing", hidden: true },
      make("i"),
      make("i"),
      make("i"),
      make("span", { class: "hidden" }),
    );
    this.scroll = make(
      "div",
      { class: "scroll", tabindex: "-1" },
      this.older,
      this.greeting,
      this.log,
      this.dots,
      this.asking,
    );
    this.bottom = make("div", { class: "bottom" }, this.#composer.element);
    this.dropping = make("div", { class: "dropping", hidden: true });
    this.panel = make(
      "section",
      { class: "panel", id: "panel", role: "dialog", "aria-labelledby": "title", "data-testid": "aitys-panel", hidden: true },
      make(
        "header",
        { class: "top" },
        this.#logo(),
        make("div", { class: "who" }, this.title, this.status),
        this.sound,
        this.closing,
      ),
      this.lost,
      this.scroll,
      this.bottom,
      this.dropping,
    );
    this.inviting = make("div", { class: "inviting", role: "status", "data-testid": "aitys-invitation", hidden: true });
    this.#root = make("div", { class: `root ${this.#config.position}`, dir: "ltr" }, this.panel, this.inviting, this.launcher);
    this.#root.addEventListener("keydown", (event) => this.#key(event));
  }

  #logo() {
    const letter = make("div", { class: "logo", "aria-hidden": "true" }, initial(this.#config.title));
    const address = safeAddress(this.#config.avatar_url || "");
    if (address) {
      const onerror = () => letter.replaceChildren(initial(this.#config.title));
      letter.replaceChildren(make("img", { src: address, alt: "", referrerpolicy: "no-referrer", onerror }));
    }
    return letter;
  }

  /** Say everything in a language. */
  speak(language, words, { greeting, suggestions, launcher, onSuggestion }) {
    this.#words = words;
    this.#host.lang = language;
    this.label.textContent = launcher;
    this.label.hidden = !launcher;
    this.launcher.classList.toggle("wide", Boolean(launcher));
    this.launcher.setAttribute("aria-label", this.isOpen ? words.close : words.open);
    call(this.closing, words.close);
    this.log.setAttribute("aria-label", words.log);
    this.lost.textContent = words.offline;
    this.older.textContent = words.older;
    this.dropping.textContent = words.drop;
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
      make("div", { class: "chips" }, ...suggestions.map((text) => suggestion(text, onSuggestion))),
    );
    this.#composer.speak(language, words);
    this.thread.speak(language, words);
    this.showSound(this.sound.getAttribute("aria-pressed") === "true");
    this.#showStatus();
    this.showUnread(this.unread || 0);
  }

  open({ focus = true } = {}) {
    if (this.isOpen) {
      if (focus) this.focus();
      return;
    }
    this.showInvitation(null);
    this.panel.hidden = false;
    this.#root.classList.add("open");
    this.launcher.setAttribute("aria-expanded", "true");
    this.launcher.setAttribute("aria-label", this.#words.close);
    this.launcher.firstChild.replaceWith(icon("down"));
    if (isFullScreen()) {
      // The page behind must not scroll under the finger.
      this.#pageOverflow = document.documentElement.style.overflow;
      document.documentElement.style.overflow = "hidden";
      this.panel.setAttribute("aria-modal", "true");
    }
    this.toEnd();
    this.#on.open();
    if (focus) this.focus();
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

  /** Take the whole chat off the page, or put it back. */
  showAll(isShown) {
    if (!isShown) this.close();
    this.#host.hidden = !isShown;
  }

  /** Show the greeting as long as nothing was said. */
  showGreeting(isShown) {
    this.greeting.hidden = !isShown;
  }

  /** Something to fill in at the end of the chat; null takes it away. `isFirst`: before anything is written. */
  ask(form, { isFirst = false } = {}) {
    const wasAtEnd = this.isAtEnd;
    this.asking.replaceChildren(...(form ? [form] : []));
    this.asking.hidden = !form;
    const isForm = Boolean(form) && isFirst;
    this.bottom.hidden = isForm;
    this.#root.classList.toggle("forming", isForm); // first things first: no questions to tap beside it
    if (wasAtEnd && !isFirst) this.toEnd();
  }

  /** Words beside the button; null takes them away. */
  showInvitation(words, { onOpen, onDismiss } = {}) {
    this.inviting.hidden = !words;
    if (!words) return;
    const away = iconButton("close", "tiny", { "data-testid": "aitys-dismiss", onclick: onDismiss });
    call(away, this.#words.dismiss);
    this.inviting.replaceChildren(
      make("button", { type: "button", class: "invitation", onclick: onOpen }, words),
      away,
    );
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
    if (!this.isOpen) {
      const told = count > 0 ? `${this.#words.open}. ${this.#words.unread(count)}` : this.#words.open;
      this.launcher.setAttribute("aria-label", told);
    }
  }

  showSound(isOn) {
    this.sound.setAttribute("aria-pressed", String(isOn));
    this.sound.replaceChildren(icon(isOn ? "bell" : "mute"));
    call(this.sound, isOn ? this.#words.soundOff : this.#words.soundOn);
  }

  /** Whether there are older messages to be shown. */
  showOlder(isMore) {
    this.older.hidden = !isMore;
  }

  /** Change what stands above without moving what the visitor looks at. */
  keepPlace(change) {
    const fromEnd = this.scroll.scrollHeight - this.scroll.scrollTop;
    change();
    this.#move(this.scroll.scrollHeight - fromEnd);
  }

  /** Who of ours speaks: an operator's name, or null for the bot. */
  showPerson(name) {
    this.#person = name;
    this.#showStatus();
  }

  /** Who answers: bot, people or nobody. */
  showAttendance(answers) {
    this.#answers = answers;
    if (answers === "bot") this.#person = null;
    this.#root.classList.toggle("closed", answers === "nobody");
    this.#showStatus();
  }

  get isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroll;
    return scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  toEnd() {
    this.#isFollowing = true;
    this.#move(this.scroll.scrollHeight);
  }

  /** Put an element near the top of what is seen. */
  to(element) {
    this.#isFollowing = false;
    const { top } = this.scroll.getBoundingClientRect();
    this.#move(this.scroll.scrollTop + element.getBoundingClientRect().top - top - 12);
  }

  #move(to) {
    this.scroll.scrollTop = to;
    this.#top = this.scroll.scrollTop; // where it could go
  }

  focus() {
    const asked = this.bottom.hidden ? this.asking.querySelector("input") : null;
    if (asked) asked.focus({ preventScroll: true });
    else this.#composer.focus();
  }

  #showStatus() {
    const words = this.#words;
    const others = { people: words.peopleAnswer, nobody: words.nobodyAnswers };
    const isPerson = this.#person && this.#answers !== "nobody";
    const told = isPerson ? words.personAnswers(this.#person) : others[this.#answers] || words.botAnswers;
    if (this.status.textContent !== told) this.status.textContent = told;
  }

  #key(event) {
    if (event.key === "Escape" && this.isOpen) {
      event.stopPropagation();
      this.close();
    } else if (event.key === "Tab" && this.panel.hasAttribute("aria-modal")) {
      this.#keepFocus(event);
    }
  }

  /** On a full screen the page behind cannot be reached with Tab. */
  #keepFocus(event) {
    const reachable = [...this.panel.querySelectorAll(FOCUSABLE)].filter((one) => one.getClientRects().length > 0);
    const [first, last] = [reachable[0], reachable[reachable.length - 1]];
    const current = this.#host.shadowRoot.activeElement;
    if (event.shiftKey ? current === first : current === last) {
      event.preventDefault();
      (event.shiftKey ? last : first).focus();
    }
  }

  /** Who reads the newest message goes on seeing it, whatever grows or shrinks around it. */
  #keepEnd() {
    this.scroll.addEventListener(
      "scroll",
      () => {
        // Only who moves up stops following: told of a way down, the end may have moved on already.
        const { scrollTop } = this.scroll;
        if (scrollTop < this.#top || this.isAtEnd) this.#isFollowing = this.isAtEnd;
        this.#top = scrollTop;
        if (scrollTop < NEAR_TOP && !this.older.hidden && !this.isAtEnd) this.#on.older();
      },
      { passive: true },
    );
    const observer = new ResizeObserver(() => this.#isFollowing && this.toEnd());
    observer.observe(this.scroll);
    observer.observe(this.log);
    observer.observe(this.asking);
  }

  #takeFiles() {
    takeDrops(this.panel, {
      onOver: (isOver) => (this.dropping.hidden = !isOver || this.#composer.attach.hidden || this.bottom.hidden),
      onDrop: (files) => {
        if (!this.bottom.hidden) this.#composer.take(files);
      },
    });
  }
}

function suggestion(text, onclick) {
  return make(
    "button",
    { type: "button", class: "chip", "data-testid": "aitys-suggestion", onclick: () => onclick(text) },
    text,
  );
}

export function isFullScreen() {
  return window.matchMedia("(max-width: 520px)").matches;
}
