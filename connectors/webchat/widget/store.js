// What the browser keeps for one connection: who the visitor is, what was not sent yet.

/** localStorage where there is one; else memory, so that the chat works without it. */
export class Store {
  #prefix;
  #memory = new Map();
  #disk = null;

  constructor(connection) {
    this.#prefix = `aitys:${connection}:`;
    try {
      const probe = `${this.#prefix}probe`;
      window.localStorage.setItem(probe, "1");
      window.localStorage.removeItem(probe);
      this.#disk = window.localStorage;
    } catch {
      // Forbidden by the browser's settings, or full.
    }
  }

  get(name) {
    return this.#disk ? this.#disk.getItem(this.#prefix + name) : (this.#memory.get(name) ?? null);
  }

  set(name, value) {
    this.#memory.set(name, value);
    try {
      this.#disk?.setItem(this.#prefix + name, value);
    } catch {
      this.#disk = null; // Full: go on in memory.
    }
  }

  remove(name) {
    this.#memory.delete(name);
    this.#disk?.removeItem(this.#prefix + name);
  }

  /** Values of all names that begin so. */
  all(start) {
    if (!this.#disk) {
      return [...this.#memory].filter(([name]) => name.startsWith(start)).map(([, value]) => value);
    }
    const found = [];
    for (let place = 0; place < this.#disk.length; place += 1) {
      const key = this.#disk.key(place);
      if (key?.startsWith(this.#prefix + start)) found.push(this.#disk.getItem(key));
    }
    return found;
  }
}

/** An id nobody else makes. crypto.randomUUID exists on secure pages only. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
