// The chat itself: what is said goes to the server and to the screen.

import { chime, countInTitle } from "./alerts.js";
import { Asking } from "./asking.js";
import { Composer } from "./composer.js";
import { Invitation } from "./invitation.js";
import { Line } from "./line.js";
import { Outbox } from "./outbox.js";
import { isFullScreen, Panel } from "./panel.js";
import { newId, readObject, Store } from "./store.js";
import { Uploads } from "./uploads.js";
import { spokenLanguage, wordsOf } from "./words.js";

const TYPING_EVERY_MS = 3_000;
const LINKS_LAST_MS = 12 * 3_600_000;

export class Widget {
  #connection;
  #config;
  #options;
  #tell;
  #store;
  #line;
  #outbox;
  #uploads = null;
  #composer;
  #panel;
  #invitation;
  #language;
  #identity = null;
  #token = null;
  #attendance = null;
  #asking;
  #typedAt = 0;
  #historyAt = 0;
  #isLoadingOlder = false;
  #slowTimer = 0;

  /** `tell(event, value)`: for whom the page has registered. */
  constructor({ base, connection, config, options, tell }) {
    this.#connection = connection;
    this.#config = config;
    this.#options = options;
    this.#tell = tell;
    this.#store = new Store(connection, (name) => this.#changedElsewhere(name));
    if (options.identity) this.#become(options.identity);
    const place = `${base}/webchat/${connection}`;
    if (config.files) {
      this.#uploads = new Uploads({
        url: `${place}/files`,
        token: () => (this.#line && this.#line.ready ? this.#token : null),
        maxBytes: config.max_megabytes * 1_048_576,
        onChange: () => this.#composer.showUploads(),
      });
    }
    this.#composer = new Composer({
      uploads: this.#uploads,
      maxMegabytes: config.max_megabytes,
      on: {
        send: (text, files) => this.#say({ type: "message", text, files }),
        typing: () => this.#typing(),
        files: () => this.#line.start(),
      },
    });
    this.#panel = new Panel({
      config,
      composer: this.#composer,
      nonce: options.nonce,
      on: {
        open: () => this.#opened(),
        close: () => this.#closed(),
        tap: ({ title, payload }) => this.#say({ type: "tap", title, payload }),
        phone: (phone) => this.#sharePhone(phone),
        visible: (id) => this.#read(id),
        lost: () => this.#showWaiting(),
        older: () => this.#loadOlder(),
        sound: () => this.#switchSound(),
      },
    });
    this.#line = new Line({
      url: `${place.replace(/^http/, "ws")}/socket`,
      hello: () => this.#hello(),
      onFrame: (frame) => this.#take(frame),
      onState: (isThere) => this.#lineChanged(isThere),
    });
    this.#outbox = new Outbox({
      store: this.#store,
      line: this.#line,
      onSent: (id) => this.#panel.thread.mark(id, "sent"),
      onFailed: (id) => this.#panel.thread.mark(id, "failed"),
    });
    this.#asking = new Asking({
      config,
      state: () => this.#stateForAsking,
      show: (form, isFirst) => this.#panel.ask(form, { isFirst }),
      on: { form: (told) => this.#formDone(told), email: (email) => this.#leaveEmail(email) },
    });
    this.#speak();
    this.#panel.showGreeting(true);
    this.#panel.showSound(this.#store.get("sound") === "1");
    new MutationObserver(() => this.#speak()).observe(document.documentElement, { attributeFilter: ["lang"] });
    document.addEventListener("visibilitychange", () => this.#lookAnew());
    this.#invitation = new Invitation({
      rules: options.invites ? config.proactive : null,
      mayShow: () => !this.#store.get("invited") && !this.#isKnown && !this.#panel.isOpen,
      show: () => this.#invite(),
    });
    // Who wrote here before may have an answer waiting.
    if (this.#isKnown) this.#line.start();
    if (sessionOpen(connection) && !isFullScreen()) this.#panel.open({ focus: false });
  }

  // What the page may ask for

  open({ text } = {}) {
    this.#panel.showAll(true);
    this.#panel.open();
    if (text) this.#composer.draft(String(text));
  }

  close() {
    this.#panel.close();
  }

  toggle() {
    if (this.#panel.isOpen) this.#panel.close();
    else this.open();
  }

  show() {
    this.#panel.showAll(true);
  }

  hide() {
    this.#panel.showAll(false);
  }

  /** The page's visitor is signed in there: {id, signature, name, email, phone}. */
  identify(user) {
    const identity = identityOf(user);
    if (!identity || (this.#identity && JSON.stringify(identity) === JSON.stringify(this.#identity))) return;
    const isSame = this.#identity && this.#identity.user_id === identity.user_id;
    this.#become(identity);
    if (!isSame) this.#reset();
    this.#line.again();
    this.#line.start();
  }

  /** The visitor leaves: nothing of them stays in this browser. */
  logout() {
    this.#line.stop();
    this.#store.clear();
    this.#identity = null;
    this.#store.scope("");
    this.#reset();
    if (this.#uploads) this.#uploads.clear();
    this.#composer.draft("");
    if (this.#panel.isOpen) this.#line.start();
  }

  language(code) {
    this.#options.language = code;
    this.#speak();
  }

  // Who it is

  get #isKnown() {
    return Boolean(this.#identity || this.#store.get("token"));
  }

  get #details() {
    return readObject(this.#store.get("details"));
  }

  get #stateForAsking() {
    const { hasTheirs, last } = this.#panel.thread;
    return {
      language: this.#language,
      known: { ...this.#details, ...(this.#identity || {}) },
      isNew: this.#historyAt > 0 || !this.#isKnown,
      hasFormed: Boolean(this.#store.get("formed")),
      hasTheirs,
      last,
      attendance: this.#attendance,
    };
  }

  #become(identity) {
    this.#identity = identity;
    this.#store.scope(identity.user_id);
  }

  /** Another visitor than before: an empty screen. */
  #reset() {
    this.#token = null;
    this.#historyAt = 0;
    this.#attendance = null;
    this.#panel.thread.clear();
    this.#panel.showOlder(false);
    this.#panel.showPerson(null);
    this.#panel.showGreeting(true);
    this.#panel.showUnread(0);
    countInTitle(0);
    this.#asking.look();
  }

  #learn(details) {
    this.#store.set("details", JSON.stringify({ ...this.#details, ...details }));
  }

  #hello() {
    const { name, phone, email } = this.#details;
    const isFresh = Date.now() - this.#historyAt < LINKS_LAST_MS; // Links to files end after a day.
    return {
      token: this.#token || (this.#identity ? null : this.#store.get("token")),
      identity: this.#identity,
      details: { name, phone, email },
      language: this.#language,
      after: this.#historyAt && isFresh ? this.#panel.thread.newestId : null,
      page: location.href.slice(0, 500),
    };
  }

  // Opening and speaking

  #opened() {
    sessionOpen(this.#connection, true);
    this.#store.set("invited", "1");
    this.#line.start();
    this.#asking.look();
    this.#showFresh();
    this.#lookAnew();
    this.#tell("open");
  }

  #closed() {
    sessionOpen(this.#connection, false);
    this.#panel.thread.showFresh(null);
    this.#tell("close");
  }

  #invite() {
    this.#store.set("invited", "1");
    const { text } = this.#config.proactive;
    const words = text[this.#language] || this.#config.greeting[this.#language] || wordsOf(this.#language).greeting;
    this.#panel.showInvitation(words, {
      onOpen: () => this.open(),
      onDismiss: () => this.#panel.showInvitation(null),
    });
    this.#tell("invitation");
  }

  #speak() {
    const language =
      spokenLanguage(
        this.#options.language,
        document.documentElement.lang,
        ...(navigator.languages || []),
        this.#config.language,
      ) || "ru";
    if (language === this.#language) return;
    this.#language = language;
    const words = wordsOf(language);
    this.#panel.speak(language, words, {
      greeting: this.#config.greeting[language] || words.greeting,
      suggestions: this.#options.suggestions[language] || [],
      launcher: this.#options.launcher || this.#config.launcher[language],
      onSuggestion: (text) => this.#suggested(text),
    });
    this.#asking.look();
    this.#line.send({ type: "language", language });
  }

  #suggested(text) {
    if (this.#asking.isFormShown) this.#composer.draft(text); // First things first.
    else this.#say({ type: "message", text, files: [] });
  }

  // Writing

  #say(frame) {
    const id = newId();
    this.#panel.thread.put(waitingMessage(this.#outbox.put({ ...frame, id })));
    this.#panel.showGreeting(false);
    this.#line.start();
    this.#asking.look();
    this.#panel.toEnd();
    this.#asking.wait();
  }

  #sharePhone(phone) {
    this.#learn({ phone });
    this.#say({ type: "phone", phone });
  }

  #leaveEmail(email) {
    this.#learn({ email });
    this.#say({ type: "email", email });
  }

  #showWaiting() {
    for (const frame of this.#outbox.waiting()) this.#panel.thread.put(waitingMessage(frame));
    if (this.#panel.thread.length > 0) this.#panel.showGreeting(false);
  }

  #typing() {
    const now = Date.now();
    if (now - this.#typedAt > TYPING_EVERY_MS && this.#line.send({ type: "typing" })) {
      this.#typedAt = now;
    }
  }

  #formDone({ text, answer, ...details }) {
    this.#store.set("formed", "1");
    this.#learn(details);
    if (text) this.#say({ type: "form", text, answer, consent: true, ...details });
    this.#asking.look();
    this.#composer.focus();
  }

  // What the server says

  #take(frame) {
    switch (frame.type) {
      case "welcome":
        this.#welcome(frame);
        break;
      case "message":
        this.#heard(frame.message);
        break;
      case "older":
        this.#showOlder(frame);
        break;
      case "typing":
        this.#panel.showTyping(true);
        break;
      case "read":
        this.#panel.thread.mark(frame.id, "read");
        break;
      case "attendance":
        this.#attend(frame.attendance);
        break;
      case "ack":
        this.#outbox.acknowledged(frame.id);
        break;
      case "error":
        this.#refused(frame);
        break;
      default: // A newer server says more than this widget knows.
    }
  }

  #welcome({ token, history, resumed, more, attendance }) {
    // Another token than ours: the server did not know it, so this is a new chat.
    if (this.#historyAt > 0 && !resumed) this.#panel.thread.clear();
    this.#token = token;
    if (!this.#identity) this.#store.set("token", token);
    const wasAtEnd = this.#panel.isAtEnd;
    this.#quietly(() => history.forEach((message) => this.#show(message)));
    if (!resumed) this.#panel.showOlder(more);
    this.#historyAt = this.#historyAt && resumed ? this.#historyAt : Date.now();
    this.#showWaiting();
    this.#attend(attendance);
    this.#asking.look();
    if (wasAtEnd || !resumed) this.#panel.toEnd();
    this.#showFresh();
    if (this.#uploads) this.#uploads.go();
    this.#tell("ready");
  }

  #attend(attendance) {
    this.#attendance = attendance;
    if (attendance) this.#panel.showAttendance(attendance.answers);
    this.#asking.look();
  }

  #refused(frame) {
    if (frame.id) {
      this.#outbox.refused(frame);
    } else if (frame.code === "wrong_signature") {
      console.warn("Aitys: the signature of the user is wrong; the chat goes on without their name.");
      this.#identity = null;
      this.#store.scope("");
      this.#reset();
    } else {
      this.#isLoadingOlder = false;
    }
  }

  /** History is not news to be read out. */
  #quietly(work) {
    this.#panel.log.setAttribute("aria-busy", "true");
    work();
    this.#panel.log.setAttribute("aria-busy", "false");
  }

  #loadOlder() {
    const before = this.#panel.thread.oldestId;
    if (this.#isLoadingOlder || !before) return;
    this.#isLoadingOlder = this.#line.send({ type: "older", before });
  }

  #showOlder({ history, more }) {
    this.#isLoadingOlder = false;
    this.#quietly(() => this.#panel.keepPlace(() => history.forEach((message) => this.#put(message))));
    this.#panel.showOlder(more && history.length > 0);
  }

  /** A message that came just now. */
  #heard(message) {
    const isOurs = message.author === "bot" || message.author === "operator";
    const isNew = this.#show(message);
    if (!isNew) return;
    if (isOurs && !this.#panel.isSeen && this.#store.get("sound") === "1" && this.#isFirstTabFor(message.id)) chime();
    this.#tell("message", {
      id: message.id,
      author: message.author === "contact" ? "visitor" : message.author,
      name: message.name,
      text: message.text,
      at: message.at,
    });
  }

  #put({ client_id: clientId, ...message }) {
    return this.#panel.thread.put({ ...message, clientId, state: "sent" });
  }

  #show(message) {
    const wasAtEnd = this.#panel.isAtEnd;
    const isNew = this.#put(message);
    this.#panel.showGreeting(false);
    if (isNew && message.author !== "contact") this.#panel.showTyping(false);
    if (message.author === "operator") this.#panel.showPerson(message.name || wordsOf(this.#language).operator);
    if (message.author === "bot") this.#panel.showPerson(null);
    if (wasAtEnd) this.#panel.toEnd();
    this.#noteArrived();
    this.#asking.look();
    return isNew;
  }

  /** One tab of several makes the sound. */
  #isFirstTabFor(id) {
    if (this.#store.get("rang") === id) return false;
    this.#store.set("rang", id);
    return true;
  }

  #switchSound() {
    const isOn = this.#store.get("sound") !== "1";
    this.#store.set("sound", isOn ? "1" : "0");
    this.#panel.showSound(isOn);
    if (isOn) chime();
  }

  // What has arrived, and what was read

  #noteArrived() {
    for (const { id } of this.#panel.thread.after(this.#store.get("arrived"))) {
      if (!this.#line.send({ type: "seen", id })) break;
      this.#store.set("arrived", id);
    }
    this.#count();
  }

  /** A message of ours is before the visitor's eyes: so are those above it. */
  #read(id) {
    if (!this.#panel.isSeen || !id) return;
    for (const unseen of this.#panel.thread.after(this.#store.get("seen"))) {
      if (unseen.id > id || !this.#line.send({ type: "seen", id: unseen.id, read: true })) break;
      this.#store.set("seen", unseen.id);
    }
    this.#count();
  }

  #count() {
    const unseen = this.#panel.thread.after(this.#store.get("seen")).length;
    const count = this.#panel.isSeen ? 0 : unseen;
    if (count !== this.#panel.unread) this.#tell("unread", count);
    this.#panel.showUnread(count);
    countInTitle(count);
  }

  /** Begin at what is new, when there is any. */
  #showFresh() {
    const [first] = this.#panel.thread.after(this.#store.get("seen"));
    if (!this.#panel.isOpen || !first || !this.#store.get("seen")) return;
    const element = this.#panel.thread.showFresh(first.id);
    if (element) this.#panel.to(element);
  }

  #lookAnew() {
    if (this.#panel.isSeen) this.#panel.thread.look();
    this.#count();
  }

  #lineChanged(isThere) {
    this.#panel.showLine(isThere);
    if (isThere) {
      this.#outbox.flush();
      this.#noteArrived();
      this.#lookAnew();
    } else {
      this.#isLoadingOlder = false;
      this.#outbox.lost();
    }
  }

  /** Another tab has read, filled in, or left. */
  #changedElsewhere(name) {
    if (name === "seen") this.#count();
    else if (name === "sound") this.#panel.showSound(this.#store.get("sound") === "1");
    else if (name === "details" || name === "formed") this.#asking.look();
    else if (name === "token" && !this.#store.get("token") && !this.#identity) {
      this.#line.stop();
      this.#reset();
      if (this.#panel.isOpen) this.#line.start();
    }
  }
}

/** A user as the page names them, as the server reads it; null when it is none. */
export function identityOf(user) {
  if (!user || !user.id || !user.signature) return null;
  const identity = { user_id: String(user.id), signature: String(user.signature) };
  for (const name of ["name", "email", "phone"]) if (user[name]) identity[name] = String(user[name]);
  return identity;
}

function waitingMessage({ id, at, text, title, phone, email, files }) {
  return {
    clientId: id,
    author: "contact",
    text: text || title || phone || email || "",
    files: files || [],
    at: new Date(at).toISOString(),
    state: "waiting",
  };
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
