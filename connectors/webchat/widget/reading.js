// What of ours has arrived at this browser, and what the visitor has really read; the counts and the
// sound that tell of the rest.

import { chime, countInTitle } from "./alerts.js";

export class Reading {
  #store;
  #line;
  #panel;
  #tell;

  constructor({ store, line, panel, tell }) {
    this.#store = store;
    this.#line = line;
    this.#panel = panel;
    this.#tell = tell;
    document.addEventListener("visibilitychange", () => this.look());
  }

  /** Tell the server what has come to this browser. */
  arrived() {
    for (const { id } of this.#panel.thread.after(this.#store.get("arrived"))) {
      if (!this.#line.send({ type: "seen", id })) break;
      this.#store.set("arrived", id);
    }
    this.count();
  }

  /** A message of ours is before the visitor's eyes: so were those above it. */
  read(id) {
    if (!this.#panel.isSeen || !id) return;
    for (const unseen of this.#panel.thread.after(this.#store.get("seen"))) {
      if (unseen.id > id || !this.#line.send({ type: "seen", id: unseen.id, read: true })) break;
      this.#store.set("seen", unseen.id);
    }
    this.count();
  }

  count() {
    const unseen = this.#panel.thread.after(this.#store.get("seen")).length;
    const count = this.#panel.isSeen ? 0 : unseen;
    if (count !== this.#panel.unread) this.#tell("unread", count);
    this.#panel.showUnread(count);
    countInTitle(count);
  }

  /** The window was opened, or the page came to the front: what is on it may be seen now. */
  look() {
    if (this.#panel.isSeen) this.#panel.thread.look();
    this.count();
  }

  /** Begin at what is new, when there is any. */
  showFresh() {
    const [first] = this.#panel.thread.after(this.#store.get("seen"));
    if (!this.#panel.isOpen || !first || !this.#store.get("seen")) return;
    const element = this.#panel.thread.showFresh(first.id);
    if (element) this.#panel.to(element);
  }

  /** A message of ours came just now: sound, where it is wanted, in one tab of several. */
  ring(id) {
    if (this.#panel.isSeen || !this.#isSoundOn || this.#store.get("rang") === id) return;
    this.#store.set("rang", id);
    chime();
  }

  switchSound() {
    this.#store.set("sound", this.#isSoundOn ? "0" : "1");
    this.showSound();
    if (this.#isSoundOn) chime();
  }

  showSound() {
    this.#panel.showSound(this.#isSoundOn);
  }

  get #isSoundOn() {
    return this.#store.get("sound") === "1";
  }
}
