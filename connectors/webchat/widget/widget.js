// The chat itself: what is said goes to the server and to the screen.

import { Asking } from "./asking.js";
import { Composer } from "./composer.js";
import { Invitation } from "./invitation.js";
import { Line } from "./line.js";
import { Outbox } from "./outbox.js";
import { isFullScreen, Panel } from "./panel.js";
import { Reading } from "./reading.js";
import { newId, Store } from "./store.js";
import { Uploads } from "./uploads.js";
import { identityOf, sessionOpen, Visitor } from "./visitor.js";
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
  #visitor;
  #attendance = null;
  #asking;
  #reading;
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
    this.#visitor = new Visitor(this.#store);
    if (options.identity) this.#visitor.become(options.identity);
    const place = `${base}/webchat/${connection}`;
    if (config.files) {
      this.#uploads = new Uploads({
        url: `${place}/files`,
        token: () => (this.#line && this.#line.ready ? this.#visitor.token : null),
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
        visible: (id) => this.#reading.read(id),
        lost: () => this.#showWaiting(),
        older: () => this.#loadOlder(),
        sound: () => this.#reading.switchSound(),
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
    this.#reading = new Reading({ store: this.#store, line: this.#line, panel: this.#panel, tell });
    this.#asking = new Asking({
      config,
      state: () => this.#stateForAsking,
      show: (form, isFirst) => this.#panel.ask(form, { isFirst }),
      on: { form: (told) => this.#formDone(told), email: (email) => this.#leaveEmail(email) },
    });
    this.#speak();
    this.#reading.showSound();
    this.#panel.showGreeting(true);
    new MutationObserver(() => this.#speak()).observe(document.documentElement, { attributeFilter: ["lang"] });
    this.#invitation = new Invitation({
      rules: options.invites ? config.proactive : null,
      mayShow: () => !this.#store.get("invited") && !this.#visitor.isKnown && !this.#panel.isOpen,
      show: () => this.#invite(),
    });
    // Who wrote here before may have an answer waiting.
    if (this.#visitor.isKnown) this.#line.start();
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
    if (!identity || (this.#visitor.identity && JSON.stringify(identity) === JSON.stringify(this.#visitor.identity))) return;
    const isSame = this.#visitor.identity && this.#visitor.identity.user_id === identity.user_id;
    this.#visitor.become(identity);
    if (!isSame) this.#reset();
    this.#line.again();
    this.#line.start();
  }

  /** The visitor leaves: nothing of them stays in this browser. */
  logout() {
    this.#line.stop();
    this.#visitor.leave();
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

  get #stateForAsking() {
    const { hasTheirs, last } = this.#panel.thread;
    return {
      language: this.#language,
      known: this.#visitor.known,
      isNew: this.#historyAt > 0 || !this.#visitor.isKnown,
      hasFormed: Boolean(this.#store.get("formed")),
      hasTheirs,
      last,
      attendance: this.#attendance,
    };
  }

  /** Another visitor than before: an empty screen. */
  #reset() {
    this.#historyAt = 0;
    this.#attendance = null;
    this.#panel.thread.clear();
    this.#panel.showOlder(false);
    this.#panel.showPerson(null);
    this.#panel.showGreeting(true);
    this.#reading.count();
    this.#asking.look();
  }

  #hello() {
    const isFresh = Date.now() - this.#historyAt < LINKS_LAST_MS; // Links to files end after a day.
    return {
      token: this.#visitor.token,
      identity: this.#visitor.identity,
      details: this.#visitor.details,
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
    this.#reading.showFresh();
    this.#reading.look();
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
    this.#visitor.learn({ phone });
    this.#say({ type: "phone", phone });
  }

  #leaveEmail(email) {
    this.#visitor.learn({ email });
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
    this.#visitor.learn(details);
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
    this.#visitor.token = token;
    const wasAtEnd = this.#panel.isAtEnd;
    this.#quietly(() => history.forEach((message) => this.#show(message)));
    if (!resumed) this.#panel.showOlder(more);
    this.#historyAt = this.#historyAt && resumed ? this.#historyAt : Date.now();
    this.#showWaiting();
    this.#attend(attendance);
    this.#asking.look();
    if (wasAtEnd || !resumed) this.#panel.toEnd();
    this.#reading.showFresh();
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
      this.#visitor.become(null);
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
    if (isOurs) this.#reading.ring(message.id);
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
    this.#reading.arrived();
    this.#asking.look();
    return isNew;
  }

  #lineChanged(isThere) {
    this.#panel.showLine(isThere);
    if (isThere) {
      this.#outbox.flush();
      this.#reading.arrived();
      this.#reading.look();
    } else {
      this.#isLoadingOlder = false;
      this.#outbox.lost();
    }
  }

  /** Another tab has read, filled in, or left. */
  #changedElsewhere(name) {
    if (name === "seen") this.#reading.count();
    else if (name === "sound") this.#reading.showSound();
    else if (name === "details" || name === "formed") this.#asking.look();
    else if (name === "token" && !this.#store.get("token") && !this.#visitor.identity) {
      this.#line.stop();
      this.#reset();
      if (this.#panel.isOpen) this.#line.start();
    }
  }
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
