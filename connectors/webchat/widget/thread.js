// The messages of the chat on the screen.

import { dateOf, daysSince, timeOf } from "./dates.js";
import { icon, initial, lastOf, make } from "./elements.js";
import { fileViews } from "./files.js";
import { oneField } from "./forms.js";
import { link, linked, marked } from "./marks.js";

const GROUP_MS = 5 * 60_000;
const SOURCE = /\n+\s*((?:Источники?|Дереккөз(?:дер)?|Sources?):[^\n]+)\s*$/u;
const BIG = /^(?:\p{Extended_Pictographic}(?:\u200d\p{Extended_Pictographic}|\ufe0f|\p{EMod})*\s*){1,3}$/u;

export class Thread {
  #log;
  #words;
  #language;
  #on;
  #items = [];
  #fresh = null;
  #observer;

  /** `on`: tap(button), phone(number), visible(id): one of our messages is really on the screen. */
  constructor({ log, scroll, on }) {
    this.#log = log;
    this.#on = on;
    this.#observer = new IntersectionObserver((entries) => this.#looked(entries), {
      root: scroll,
      threshold: [0, 0.25, 0.6],
    });
  }

  /** Say everything in a language from now on, also what stands there already. */
  speak(language, words) {
    this.#language = language;
    this.#words = words;
    for (const item of this.#items) item.render();
    this.#arrange();
  }

  get length() {
    return this.#items.length;
  }

  /** The newest message that the server knows, or null. */
  get newestId() {
    const item = lastOf(this.#items, ({ message }) => message.id);
    return item ? item.message.id : null;
  }

  get oldestId() {
    const item = this.#items.find(({ message }) => message.id);
    return item ? item.message.id : null;
  }

  get last() {
    const item = lastOf(this.#items);
    return item ? item.message : null;
  }

  get hasTheirs() {
    return this.#items.some(({ message }) => message.author === "contact");
  }

  /** Our side's messages that came after the one of that id. Ids grow with time. */
  after(id) {
    return this.#items
      .map((item) => item.message)
      .filter((message) => message.id > (id || "") && message.author !== "contact");
  }

  /** Put a message where it belongs, or learn more about one that is there. Whether it is new. */
  put(message) {
    const known = this.#items.find(
      ({ message: other }) =>
        (message.id && other.id === message.id) ||
        (message.clientId && other.clientId === message.clientId),
    );
    if (known) {
      learn(known.message, message);
      known.render();
      this.#arrange();
      return false;
    }
    const item = this.#item(message);
    const place = this.#placeOf(message);
    if (place < this.#items.length) this.#items[place].element.before(item.element);
    else this.#log.append(item.element);
    this.#items.splice(place, 0, item);
    item.render();
    this.#arrange();
    if (message.author !== "contact") this.#observer.observe(item.body);
    return true;
  }

  /** By the server's ids; what was not sent yet stays below what the server knows. */
  #placeOf({ id }) {
    if (!id) return this.#items.length;
    let place = this.#items.length;
    while (place > 0) {
      const before = this.#items[place - 1].message.id;
      if (before && before < id) break;
      place -= 1;
    }
    return place;
  }

  /** How it went with a message of the visitor: "waiting", "sent", "read" or "failed". */
  mark(clientId, state) {
    const item = this.#items.find(({ message }) => message.clientId === clientId);
    if (!item) return;
    item.message.state = state;
    item.render();
    this.#arrange();
  }

  /** The line above what the visitor has not seen; null takes it away. Returns where it stands. */
  showFresh(id) {
    this.#fresh = id;
    this.#arrange();
    const item = this.#items.find(({ message }) => message.id === id);
    return item ? item.element : null;
  }

  /** Look anew at what is on the screen: it may be seen now without having moved. */
  look() {
    for (const { message, body } of this.#items) {
      if (message.author === "contact") continue;
      this.#observer.unobserve(body);
      this.#observer.observe(body);
    }
  }

  clear() {
    this.#observer.disconnect();
    for (const item of this.#items) item.element.remove();
    this.#items = [];
    this.#fresh = null;
  }

  #looked(entries) {
    for (const { target, isIntersecting, intersectionRatio, intersectionRect, rootBounds } of entries) {
      const fills = rootBounds && intersectionRect.height > rootBounds.height * 0.4;
      if (!isIntersecting || (intersectionRatio < 0.6 && !fills)) continue;
      const item = this.#items.find(({ body }) => body === target);
      if (item) this.#on.visible(item.message.id);
    }
  }

  #item(message) {
    const day = make("div", { class: "day", hidden: true });
    const fresh = make("div", { class: "fresh", "data-testid": "aitys-fresh", hidden: true });
    const head = make("div", { class: "head", hidden: true });
    const body = make("div", { class: "body" });
    const files = make("div", { class: "files", hidden: true });
    const chips = make("div", { class: "chips", "data-testid": "aitys-chips", hidden: true });
    const foot = make("div", { class: "foot", hidden: true });
    const element = make(
      "div",
      { class: `item ${message.author}`, "data-testid": "aitys-message", "data-author": message.author },
      day,
      fresh,
      head,
      body,
      files,
      chips,
      foot,
    );
    const item = { message, element, day, fresh, head, body, files, chips, foot, shownFiles: null, shownButtons: null };
    item.render = () => this.#render(item);
    return item;
  }

  #render(item) {
    if (!this.#words) return;
    const { message, element, body, head } = item;
    const isBot = message.author === "bot";
    const source = isBot ? message.text.match(SOURCE) : null;
    const text = source ? message.text.slice(0, source.index) : message.text;
    const files = message.files || [];
    element.dataset.state = message.state || "sent";
    body.classList.toggle("big", BIG.test(text));
    body.classList.toggle("bare", text === "" && files.length > 0);
    const isTheirs = message.author === "contact";
    const speaker = isTheirs ? make("span", { class: "hidden" }, `${this.#words.you}: `) : null;
    const nodes = isTheirs ? linked(text) : marked(text);
    const shown = nodes.length > 0 || files.length > 0 ? nodes : [this.#words.file];
    body.replaceChildren(
      ...[speaker, this.#quote(message), make("span", { class: "text" }, ...shown)].filter(Boolean),
    );
    if (source) {
      body.append(
        make("div", { class: "source", "data-testid": "aitys-source" }, icon("source"), make("span", {}, source[1])),
      );
    }
    this.#renderFiles(item, files);
    if (!isBot && message.author !== "operator") return;
    const name = message.name || (isBot ? this.#words.assistant : this.#words.operator);
    head.replaceChildren(
      make("span", { class: "face" }, isBot ? icon("spark") : initial(name)),
      make("span", { class: "name" }, name),
      ...(isBot ? [make("span", { class: "mark" }, this.#words.assistantMark)] : []),
      make("time", { datetime: message.at, class: "time" }, timeOf(message.at)),
    );
  }

  #quote({ quote }) {
    if (!quote) return null;
    return make(
      "div",
      { class: "quote", "data-testid": "aitys-quote" },
      make("span", { class: "hidden" }, this.#words.quote),
      quote.text || this.#words.file,
    );
  }

  /** Drawn anew only when they changed: a signed address is another one each time. */
  #renderFiles(item, files) {
    const mark = JSON.stringify([this.#language, files.map(({ name, size, url, thumbnail }) => [name, size, Boolean(url), Boolean(thumbnail)])]);
    item.files.hidden = files.length === 0;
    if (item.shownFiles === mark) return;
    item.shownFiles = mark;
    item.files.replaceChildren(...fileViews(files, this.#words, this.#language));
  }

  /** Days, groups and buttons depend on the neighbours. */
  #arrange() {
    if (!this.#words) return;
    const last = lastOf(this.#items);
    this.#items.forEach((item, place) => {
      const before = this.#items[place - 1];
      const { message } = item;
      const isNewDay = !before || dayOf(before.message) !== dayOf(message);
      const isFresh = this.#fresh !== null && message.id === this.#fresh;
      const isNewGroup = isNewDay || isFresh || !isContinued(before.message, message);
      item.day.hidden = !isNewDay;
      if (isNewDay) item.day.textContent = this.#day(message.at);
      item.fresh.hidden = !isFresh;
      if (isFresh) item.fresh.textContent = this.#words.newOnes;
      item.element.classList.toggle("first", isNewGroup);
      item.head.hidden = !isNewGroup || item.head.childElementCount === 0;
      this.#arrangeChips(item, item === last);
      this.#arrangeFoot(item, item === last);
    });
  }

  #arrangeChips(item, isLast) {
    const { buttons = [] } = item.message;
    const shown = buttons.filter(({ url, share, payload }) => url || (isLast && (share === "phone" || payload)));
    const mark = JSON.stringify([this.#language, shown]);
    item.chips.hidden = shown.length === 0;
    if (item.shownButtons === mark) return;
    item.shownButtons = mark;
    item.chips.replaceChildren(...shown.map((button) => this.#chip(item, button)).filter(Boolean));
  }

  #chip(item, button) {
    const attributes = { class: "chip", "data-testid": "aitys-chip" };
    if (button.url) {
      const made = link(button.url, button.title);
      if (made) for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
      return made;
    }
    const onclick = () => (button.share === "phone" ? this.#askPhone(item, button) : this.#on.tap(button));
    return make("button", { type: "button", ...attributes, onclick }, button.title);
  }

  #askPhone(item, button) {
    const words = this.#words;
    const form = oneField({
      kind: "phone",
      label: words.sharePhone,
      action: button.title,
      words,
      onDone: (number) => this.#on.phone(number),
      onCancel: () => {
        item.shownButtons = null;
        this.#arrange();
      },
    });
    item.chips.replaceChildren(form);
    form.querySelector("input").focus();
  }

  #arrangeFoot(item, isLast) {
    const { author, state = "sent", at } = item.message;
    const isDone = state === "sent" || state === "read";
    item.foot.hidden = author !== "contact" || (isDone && !isLast);
    if (item.foot.hidden) return;
    const drawing = { sent: "check", read: "checks" }[state] || "clock";
    item.foot.replaceChildren(
      icon(drawing),
      isDone ? `${this.#words[state]} · ${timeOf(at)}` : this.#words[state],
    );
  }

  #day(at) {
    const days = daysSince(at);
    if (days === 0) return this.#words.today;
    return days === 1 ? this.#words.yesterday : dateOf(at, this.#language);
  }
}

/** More of a message that is there: what is read stays read, and a file on its way is still shown. */
function learn(known, more) {
  const { files, state, ...rest } = more;
  Object.assign(known, rest);
  if (files && files.length > 0) known.files = files;
  if (state && !(known.state === "read" && state === "sent")) known.state = state;
}

function isContinued(before, message) {
  const together = new Date(message.at) - new Date(before.at) < GROUP_MS;
  return together && before.author === message.author && (before.name || null) === (message.name || null);
}

function dayOf({ at }) {
  return new Date(at).toDateString();
}
