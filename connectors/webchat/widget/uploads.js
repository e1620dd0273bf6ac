// Files on their way to the server: sent before the message that names them. Knows no DOM.

import { newId } from "./store.js";

const AT_ONCE = 2;
export const MOST_FILES = 10;

export class Uploads {
  #url;
  #token;
  #limit;
  #onChange;
  #items = [];

  /** `token()` gives the visitor's token or null; `onChange()` is called at every step. */
  constructor({ url, token, maxBytes, onChange }) {
    this.#url = url;
    this.#token = token;
    this.#limit = maxBytes;
    this.#onChange = onChange;
  }

  /** {key, file, name, size, state: waiting|sending|done|failed, progress, code, told}. */
  get items() {
    return this.#items;
  }

  get isBusy() {
    return this.#items.some(({ state }) => state === "waiting" || state === "sending");
  }

  /** What goes into the message's frame. */
  get ready() {
    return this.#items
      .filter(({ state }) => state === "done")
      .map(({ told: { id, name, mime, size } }) => ({ id, name, mime, size }));
  }

  add(files) {
    for (const file of files) {
      if (this.#items.length >= MOST_FILES) break;
      const item = { key: newId(), file, name: file.name || "image.png", size: file.size, state: "waiting", progress: 0 };
      if (file.size > this.#limit) Object.assign(item, { state: "failed", code: "file_too_large" });
      else if (file.size === 0) Object.assign(item, { state: "failed", code: "file_empty" });
      this.#items.push(item);
    }
    this.go();
    this.#onChange();
  }

  /** Send what waits, once it is known who the visitor is. */
  go() {
    const token = this.#token();
    if (!token) return;
    for (const item of this.#items) {
      if (this.#items.filter(({ state }) => state === "sending").length >= AT_ONCE) return;
      if (item.state === "waiting") this.#send(item, token);
    }
  }

  retry(key) {
    const item = this.#items.find((one) => one.key === key);
    if (!item || item.state !== "failed") return;
    Object.assign(item, { state: "waiting", progress: 0, code: null });
    this.go();
    this.#onChange();
  }

  /** Cancel it, or take it away. */
  remove(key) {
    const item = this.#items.find((one) => one.key === key);
    this.#items = this.#items.filter((one) => one !== item);
    if (item && item.request) item.request.abort();
    this.go();
    this.#onChange();
  }

  clear() {
    for (const { key } of [...this.#items]) this.remove(key);
  }

  #send(item, token) {
    const request = new XMLHttpRequest();
    Object.assign(item, { state: "sending", request });
    request.open("POST", this.#url);
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.setRequestHeader("X-File-Name", encodeURIComponent(item.name.slice(0, 200)));
    if (item.file.type) request.setRequestHeader("Content-Type", item.file.type);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => {
      item.progress = total ? loaded / total : 0;
      this.#onChange();
    };
    request.onload = () => this.#answered(item, request);
    request.onerror = () => this.#failed(item, "network");
    request.send(item.file);
  }

  #answered(item, request) {
    const told = request.response || {};
    if (request.status === 201) {
      Object.assign(item, { state: "done", progress: 1, told, request: null });
      this.go();
      this.#onChange();
    } else if (request.status === 429) {
      const seconds = Number(request.getResponseHeader("Retry-After")) || 5;
      Object.assign(item, { state: "waiting", progress: 0, request: null });
      setTimeout(() => this.go(), seconds * 1000);
    } else {
      this.#failed(item, told.code || "unavailable");
    }
  }

  #failed(item, code) {
    Object.assign(item, { state: "failed", code, request: null });
    this.go();
    this.#onChange();
  }
}
