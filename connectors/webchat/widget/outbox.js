// What the visitor wrote and the server has not acknowledged: kept over reloads, sent in order,
// always under the same id, so that the server takes it once.

import { lastOf } from "./elements.js";

const ACK_WITHIN_MS = 10_000;
const RETRY_MS = 3_000;

export class Outbox {
  #store;
  #line;
  #onSent;
  #onFailed;
  #flying = null;
  #timer = 0;

  constructor({ store, line, onSent, onFailed }) {
    this.#store = store;
    this.#line = line;
    this.#onSent = onSent;
    this.#onFailed = onFailed;
  }

  /** Frames that wait, oldest first. Those of the browser's other tabs are among them. */
  waiting() {
    const frames = this.#store.all("out:").map((text) => JSON.parse(text));
    return frames.sort((a, b) => a.at - b.at);
  }

  put(frame) {
    const last = (lastOf(this.waiting()) || { at: 0 }).at;
    const kept = { ...frame, at: Math.max(Date.now(), last + 1) };
    this.#store.set(`out:${frame.id}`, JSON.stringify(kept));
    this.flush();
    return kept;
  }

  /** Send the oldest one; the next follows when it is acknowledged. */
  flush() {
    if (this.#flying || !this.#line.ready) return;
    const next = this.waiting()[0];
    if (!next) return;
    const { at: _, ...frame } = next;
    if (!this.#line.send(frame)) return;
    this.#flying = frame.id;
    this.#timer = setTimeout(() => this.#line.drop(), ACK_WITHIN_MS);
  }

  acknowledged(id) {
    this.#store.remove(`out:${id}`);
    this.#onSent(id);
    this.#landed(id);
    this.flush();
  }

  refused({ id, code, retry_after: seconds }) {
    if (code === "malformed" || code === "file_unknown") {
      this.#store.remove(`out:${id}`);
      this.#onFailed(id);
      this.#landed(id);
      this.flush();
      return;
    }
    this.#landed(id);
    const pause = seconds ? seconds * 1000 : RETRY_MS;
    this.#flying = id; // Nothing may overtake it.
    this.#timer = setTimeout(() => {
      this.#flying = null;
      this.flush();
    }, pause);
  }

  /** The line is gone, and with it whatever was under way. */
  lost() {
    clearTimeout(this.#timer);
    this.#flying = null;
  }

  #landed(id) {
    if (this.#flying !== id) return;
    clearTimeout(this.#timer);
    this.#flying = null;
  }
}
