// Who sits at this browser: a visitor whose token it keeps, or a user whom the page has signed in.

import { readObject } from "./store.js";

export class Visitor {
  #store;
  #token = null;

  /** The page's user, or null: {user_id, signature, name, email, phone}. */
  identity = null;

  constructor(store) {
    this.#store = store;
  }

  /** Whether the server has seen them, and may have something for them. */
  get isKnown() {
    return Boolean(this.identity || this.#store.get("token"));
  }

  /** A user's token is not kept: their chat opens with their signature only. */
  get token() {
    return this.#token || (this.identity ? null : this.#store.get("token"));
  }

  set token(token) {
    this.#token = token;
    if (token && !this.identity) this.#store.set("token", token);
  }

  /** What is known of them: by themselves, and by the page, which knows better. */
  get known() {
    return { ...this.#told, ...(this.identity || {}) };
  }

  /** What they said of themselves, for the server. */
  get details() {
    const { name, phone, email } = this.#told;
    return { name, phone, email };
  }

  learn(details) {
    this.#store.set("details", JSON.stringify({ ...this.#told, ...details }));
  }

  /** They are this user of the page from now on; null: nobody it knows. */
  become(identity) {
    this.identity = identity;
    this.#token = null;
    this.#store.scope(identity ? identity.user_id : "");
  }

  /** Nothing of them stays in this browser. */
  leave() {
    this.#store.clear();
    this.become(null);
  }

  get #told() {
    return readObject(this.#store.get("details"));
  }
}

/** A user as the page names them, as the server reads it; null when it is none. */
export function identityOf(user) {
  if (!user || !user.id || !user.signature) return null;
  const identity = { user_id: String(user.id), signature: String(user.signature) };
  for (const name of ["name", "email", "phone"]) if (user[name]) identity[name] = String(user[name]);
  return identity;
}

/** Whether the chat stands open while the visitor goes from page to page in this tab. */
export function sessionOpen(connection, value) {
  const name = `aitys:${connection}:open`;
  try {
    if (value === undefined) return window.sessionStorage.getItem(name) === "1";
    window.sessionStorage.setItem(name, value ? "1" : "0");
  } catch {
    // Forbidden by the browser's settings.
  }
  return false;
}
