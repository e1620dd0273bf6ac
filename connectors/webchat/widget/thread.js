// The messages of the chat on the screen.

import { icon, linked, make } from "./elements.js";

const GROUP_MS = 5 * 60_000;
const SOURCE = /\n+\s*((?:Источники?|Дереккөз(?:дер)?|Sources?):[^\n]+)\s*$/u;
const BIG = /^(?:\p{Extended_Pictographic}(?:\u200d\p{Extended_Pictographic}|\ufe0f|\p{EMod})*\s*){1,3}$/u;

export class Thread {
  #log;
  #words;
  #language;
  #name;
  #onTap;
  #items = [];

  constructor({ log, onTap }) {
    this.#log = log;
    this.#onTap = onTap;
  }

  /** Say everything in a language from now on, also what stands there already. */
  speak(language, words, name) {
    this.#language = language;
    this.#words = words;
    this.#name = name;
    for (const item of this.#items) item.render();
    this.#arrange();
  }

  get length() {
    return this.#items.length;
  }

  /** The newest message that the server knows, or null. */
  get newestId() {
    return this.#items.findLast((item) => item.message.id)?.message.id ?? null;
  }

  /** Our side's messages that came after the one of that id. Ids grow with time. */
  after(id) {
    return this.#items
      .map((item) => item.message)
      .filter((message) => message.id > (id ?? "") && message.author !== "contact");
  }

  /** Put a message where it belongs, or learn more about one that is there. Whether it is new. */
  put(message) {
    const known = this.#items.find(
      ({ message: other }) =>
        (message.id && other.id === message.id) ||
        (message.clientId && other.clientId === message.clientId),
    );
    if (known) {
      Object.assign(known.message, message);
      known.render();
      this.#arrange();
      return false;
    }
    const item = this.#item(message);
    // What was not sent yet stays below what the server knows.
    const waiting = message.id ? this.#items.findIndex((other) => !other.message.id) : -1;
    if (waiting >= 0) {
      this.#items[waiting].element.before(item.element);
      this.#items.splice(waiting, 0, item);
    } else {
      this.#log.append(item.element);
      this.#items.push(item);
    }
    item.render();
    this.#arrange();
    return true;
  }

  /** How it went with a message of the visitor: "waiting", "sent" or "failed". */
  mark(clientId, state) {
    const item = this.#items.find(({ message }) => message.clientId === clientId);
    if (!item) return;
    item.message.state = state;
    item.render();
    this.#arrange();
  }

  clear() {
    for (const item of this.#items) item.element.remove();
    this.#items = [];
  }

  #item(message) {
    const day = make("div", { class: "day", hidden: true });
    const head = make("div", { class: "head", hidden: true });
    const body = make("div", { class: "body" });
    const chips = make("div", { class: "chips", "data-testid": "aitys-chips", hidden: true });
    const foot = make("div", { class: "foot", hidden: true });
    const element = make(
      "div",
      { class: `item ${message.author}`, "data-testid": "aitys-message", "data-author": message.author },
      day,
      head,
      body,
      chips,
      foot,
    );
    const item = { message, element, day, head, body, chips, foot };
    item.render = () => this.#render(item);
    return item;
  }

  #render({ message, element, body, head }) {
    if (!this.#words) return;
    const isOurs = message.author === "bot" || message.author === "operator";
    const source = message.author === "bot" ? message.text.match(SOURCE) : null;
    const text = source ? message.text.slice(0, source.index) : message.text;
    element.dataset.state = message.state ?? "sent";
    body.classList.toggle("big", BIG.test(text));
    const speaker =
      message.author === "contact" ? make("span", { class: "hidden" }, `${this.#words.you}: `) : null;
    body.replaceChildren(...[speaker, make("span", { class: "text" }, ...linked(text))].filter(Boolean));
    if (source) {
      body.append(
        make("div", { class: "source", "data-testid": "aitys-source" }, icon("source"), make("span", {}, source[1])),
      );
    }
    if (!isOurs) return;
    const isBot = message.author === "bot";
    const name = message.name || (isBot ? this.#words.assistant : this.#words.operator);
    head.replaceChildren(
      make("span", { class: "face" }, isBot ? icon("spark") : [...name][0].toLocaleUpperCase()),
      make("span", { class: "name" }, name),
      ...(isBot ? [make("span", { class: "mark" }, this.#words.assistantMark)] : []),
      make("time", { datetime: message.at, class: "time" }, this.#time(message.at)),
    );
  }

  /** Days, groups and buttons depend on the neighbours. */
  #arrange() {
    if (!this.#words) return;
    const last = this.#items.at(-1);
    this.#items.forEach((item, place) => {
      const before = this.#items[place - 1];
      const { message } = item;
      const isNewDay = !before || dayOf(before.message) !== dayOf(message);
      const isNewGroup = isNewDay || !isContinued(before.message, message);
      item.day.hidden = !isNewDay;
      if (isNewDay) item.day.textContent = this.#day(message.at);
      item.element.classList.toggle("first", isNewGroup);
      item.head.hidden = !isNewGroup || item.head.childElementCount === 0;
      this.#arrangeChips(item, item === last);
      this.#arrangeFoot(item, item === last);
    });
  }

  #arrangeChips(item, isLast) {
    const buttons = isLast ? (item.message.buttons ?? []) : [];
    item.chips.hidden = buttons.length === 0;
    if (item.chips.childElementCount === buttons.length) return;
    item.chips.replaceChildren(
      ...buttons.map((button) =>
        make(
          "button",
          { type: "button", class: "chip", "data-testid": "aitys-chip", onclick: () => this.#onTap(button) },
          button.title,
        ),
      ),
    );
  }

  #arrangeFoot(item, isLast) {
    const { author, state = "sent", at } = item.message;
    item.foot.hidden = author !== "contact" || (state === "sent" && !isLast);
    if (item.foot.hidden) return;
    const words = { waiting: this.#words.waiting, sent: this.#words.sent, failed: this.#words.failed };
    item.foot.replaceChildren(
      icon(state === "sent" ? "check" : "clock"),
      state === "sent" ? `${words.sent} · ${this.#time(at)}` : words[state],
    );
  }

  #time(at) {
    return new Date(at).toLocaleTimeString(this.#language, { hour: "2-digit", minute: "2-digit", hour12: false });
  }

  #day(at) {
    const date = new Date(at);
    const days = Math.round((midnight(new Date()) - midnight(date)) / 86_400_000);
    if (days === 0) return this.#words.today;
    if (days === 1) return this.#words.yesterday;
    return date.toLocaleDateString(this.#language, { day: "numeric", month: "long" });
  }
}

function isContinued(before, message) {
  const together = new Date(message.at) - new Date(before.at) < GROUP_MS;
  return together && before.author === message.author && (before.name ?? null) === (message.name ?? null);
}

function dayOf({ at }) {
  return new Date(at).toDateString();
}

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
