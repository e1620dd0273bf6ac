// Where the visitor writes: the text, the files that go with it, the button that sends both.

import { sizeOf } from "./dates.js";
import { call, icon, iconButton, make } from "./elements.js";
import { picture } from "./pictures.js";
import { MOST_FILES } from "./uploads.js";

export class Composer {
  #words;
  #language;
  #uploads;
  #limit;
  #on;
  #views = new Map();
  #isSendingSoon = false;

  /** `on`: send(text), typing(), files(). `uploads` is null where no files are taken. */
  constructor({ uploads, maxMegabytes, on }) {
    this.#uploads = uploads;
    this.#limit = maxMegabytes;
    this.#on = on;
    this.tray = make("ul", { class: "tray", "data-testid": "aitys-tray", hidden: true });
    this.input = make("textarea", {
      rows: "1",
      maxlength: "10000",
      enterkeyhint: "send",
      autocomplete: "off",
      "data-testid": "aitys-input",
      oninput: () => this.#typed(),
      onkeydown: (event) => this.#key(event),
      onpaste: (event) => this.#paste(event),
    });
    this.picker = make("input", {
      type: "file",
      multiple: true,
      class: "hidden",
      tabindex: "-1",
      "aria-hidden": "true",
      "data-testid": "aitys-picker",
      onchange: () => {
        this.take(this.picker.files);
        this.picker.value = "";
      },
    });
    this.attach = iconButton("clip", "attach", {
      "data-testid": "aitys-attach",
      hidden: !uploads,
      onclick: () => this.picker.click(),
    });
    this.sending = make(
      "button",
      { type: "submit", class: "send", "data-testid": "aitys-send", "aria-disabled": "true" },
      icon("send"),
    );
    this.element = make(
      "form",
      {
        class: "composer",
        onsubmit: (event) => {
          event.preventDefault();
          this.submit();
        },
      },
      this.tray,
      make("div", { class: `line${uploads ? "" : " bare"}` }, this.attach, this.input, this.sending),
      this.picker,
    );
  }

  speak(language, words) {
    this.#words = words;
    this.#language = language;
    this.input.placeholder = words.placeholder;
    this.input.setAttribute("aria-label", words.placeholder);
    call(this.sending, words.send);
    call(this.attach, words.attach);
    for (const view of this.#views.values()) view.element.remove();
    this.#views.clear();
    this.showUploads();
  }

  /** What to write, for the visitor to look over and send. */
  draft(text) {
    this.input.value = text;
    this.#typed();
  }

  focus() {
    this.input.focus({ preventScroll: true });
  }

  /** Attach files, wherever they come from. */
  take(files) {
    if (!this.#uploads || !files || files.length === 0) return;
    this.#on.files();
    this.#uploads.add([...files].slice(0, MOST_FILES));
    this.focus();
  }

  submit() {
    const text = this.input.value.trim();
    if (this.#uploads && this.#uploads.isBusy) {
      this.#isSendingSoon = true; // With the last file.
      return;
    }
    const files = this.#uploads ? this.#uploads.ready : [];
    this.#isSendingSoon = false;
    if (text === "" && files.length === 0) return;
    this.input.value = "";
    this.#typed();
    this.#on.send(text, files);
    if (this.#uploads) this.#uploads.clear();
    this.focus();
  }

  /** Show how far the files have come. */
  showUploads() {
    if (!this.#words || !this.#uploads) return;
    const { items } = this.#uploads;
    const isOnList = new Set(items.map(({ key }) => key));
    for (const [key, view] of this.#views) {
      if (isOnList.has(key)) continue;
      view.element.remove();
      this.#views.delete(key);
    }
    for (const item of items) {
      if (!this.#views.has(item.key)) this.#views.set(item.key, this.#view(item));
      this.#show(this.#views.get(item.key), item);
    }
    this.tray.hidden = items.length === 0;
    this.#enable();
    if (this.#isSendingSoon && !this.#uploads.isBusy) {
      this.#isSendingSoon = false;
      if (!items.some(({ state }) => state === "failed")) this.submit();
    }
  }

  #view(item) {
    const leaf = make("span", { class: "leaf" }, icon("file"));
    if (/^image\/(jpeg|png|gif|webp|avif|bmp)$/.test(item.file.type)) {
      const onFail = () => leaf.replaceChildren(icon("file"));
      leaf.replaceChildren(picture(item.file, { name: item.name, width: 80, height: 80, onFail }));
    }
    const note = make("span", { class: "size" });
    const bar = make("progress", { max: "1", "aria-label": item.name });
    const again = iconButton("again", "tiny", { "data-testid": "aitys-retry", onclick: () => this.#uploads.retry(item.key) });
    const away = iconButton("close", "tiny", {
      "data-testid": "aitys-remove",
      onclick: () => {
        this.#uploads.remove(item.key);
        this.focus();
      },
    });
    call(again, this.#words.retryFile(item.name));
    call(away, this.#words.removeFile(item.name));
    const about = make("span", { class: "about" }, make("span", { class: "filename" }, item.name), note, bar);
    const element = make("li", { class: "upload", "data-testid": "aitys-upload" }, leaf, about, again, away);
    this.tray.append(element);
    return { element, note, bar, again };
  }

  #show({ element, note, bar, again }, { state, progress, code, size }) {
    element.dataset.state = state;
    bar.hidden = state !== "sending" && state !== "waiting";
    bar.value = progress;
    const isFinal = code && code !== "network" && code !== "unavailable" && code !== "unknown_visitor";
    again.hidden = state !== "failed" || Boolean(isFinal);
    note.setAttribute("role", state === "failed" ? "alert" : "presentation");
    const refusal = this.#words.refusals[code] || this.#words.refusals.other;
    if (state === "failed") note.textContent = refusal(this.#limit);
    else if (bar.hidden) note.textContent = sizeOf(size, this.#language);
    else note.textContent = this.#words.uploading(Math.round(progress * 100));
  }

  #key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
      event.preventDefault();
      this.submit();
    }
  }

  #paste(event) {
    const files = event.clipboardData ? [...event.clipboardData.files] : [];
    if (!this.#uploads || files.length === 0) return;
    event.preventDefault();
    this.take(files);
  }

  #typed() {
    // Where the browser cannot size it by its content.
    if (!CSS.supports("field-sizing", "content")) {
      this.input.style.height = "auto";
      this.input.style.height = `${Math.min(this.input.scrollHeight, 124)}px`;
    }
    this.#enable();
    if (this.input.value.trim() !== "") this.#on.typing();
  }

  #enable() {
    const hasFiles = this.#uploads && this.#uploads.items.some(({ state }) => state !== "failed");
    this.sending.setAttribute("aria-disabled", String(this.input.value.trim() === "" && !hasFiles));
  }
}
