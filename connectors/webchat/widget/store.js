// What the browser keeps for one connection: who the visitor is, what was not sent yet.

/** localStorage where there is one; else memory, so that the chat works without it. */
export class Store {
  #base;
  #prefix;
  #memory = new Map();
  #disk = null;

  /** `onChange(name)`: another tab changed something. */
  constructor(connection, onChange = () => {}) {
    this.#base = `aitys:${connection}:`;
    this.#prefix = this.#base;
    try {
      const probe = `${this.#base}probe`;
      window.localStorage.setItem(probe, "1");
      window.localStorage.removeItem(probe);
      this.#disk = window.localStorage;
    } catch {
      // Forbidden by the browser's settings, or full.
    }
    window.addEventListener("storage", ({ key }) => {
      if (key && key.startsWith(this.#prefix)) onChange(key.slice(this.#prefix.length));
    });
  }

  /** Keep things apart for each user of the page; "" for who is not signed in. */
  scope(user) {
    this.#prefix = user ? `${this.#base}u:${user}:` : this.#base;
  }

  get(name) {
    return this.#read(this.#prefix + name);
  }

  set(name, value) {
    this.#memory.set(this.#prefix + name, value);
    try {
      if (this.#disk) this.#disk.setItem(this.#prefix + name, value);
    } catch {
      this.#disk = null; // Full: go on in memory.
    }
  }

  remove(name) {
    this.#forget(this.#prefix + name);
  }

  /** Values of all names that begin so. */
  all(start) {
    return this.#keys(this.#prefix + start).map((key) => this.#read(key)).filter(Boolean);
  }

  /** Forget everything of this connection, whoever it was. */
  clear() {
    for (const key of this.#keys(this.#base)) this.#forget(key);
  }

  #read(key) {
    const kept = this.#disk ? this.#disk.getItem(key) : this.#memory.get(key);
    return kept === undefined ? null : kept;
  }

  #forget(key) {
    this.#memory.delete(key);
    if (this.#disk) this.#disk.removeItem(key);
  }

  #keys(start) {
    if (!this.#disk) return [...this.#memory.keys()].filter((key) => key.startsWith(start));
    const keys = [];
    for (let place = 0; place < this.#disk.length; place += 1) {
      const key = this.#disk.key(place);
      if (key && key.startsWith(start)) keys.push(key);
    }
    return keys;
  }
}

/** What was kept as JSON, or an empty object. */
export function readObject(text) {
  try {
    const value = JSON.parse(text);
    return value && typeof value === "object" ? value : {};
  } catch {
    return {};
  }
}

/** An id nobody else makes. crypto.randomUUID exists on secure pages only. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
