// The socket to the server: comes back by itself, and notices when nobody is there.

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const PING_EVERY_MS = 25_000;
const PONG_WITHIN_MS = 8_000;

export class Line {
  #url;
  #hello;
  #onFrame;
  #onState;
  #socket = null;
  #timer = 0;
  #pinging = 0;
  #pongTimer = 0;
  #tries = 0;
  #wanted = false;

  /** Is the server listening: between its welcome and the end of the socket. */
  ready = false;

  constructor({ url, hello, onFrame, onState }) {
    this.#url = url;
    this.#hello = hello;
    this.#onFrame = onFrame;
    this.#onState = onState;
    window.addEventListener("online", () => this.#retryNow());
    window.addEventListener("offline", () => this.drop());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#retryNow();
    });
  }

  /** Connect, and stay connected. */
  start() {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#connect();
  }

  /** Go away, and come back only when asked to. */
  stop() {
    this.#wanted = false;
    this.drop();
    clearTimeout(this.#timer);
  }

  /** Whether it was sent; never kept for later. */
  send(frame) {
    if (!this.ready) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** End this socket and make a new one: it is of no use any more. */
  drop() {
    const socket = this.#socket;
    if (!socket) return;
    this.#ended(socket);
    socket.close();
  }

  /** Make a new socket at once: the visitor is somebody else now. */
  again() {
    this.#tries = 0;
    this.drop();
    if (this.#wanted) this.#connect();
  }

  #connect() {
    clearTimeout(this.#timer);
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", ...this.#hello() }));
    socket.onmessage = (event) => this.#take(socket, event.data);
    socket.onclose = () => this.#ended(socket);
  }

  #take(socket, data) {
    if (socket !== this.#socket) return;
    const frame = JSON.parse(data);
    clearTimeout(this.#pongTimer);
    if (frame.type === "welcome") {
      this.ready = true;
      this.#tries = 0;
      clearInterval(this.#pinging);
      this.#pinging = setInterval(() => this.#ping(), PING_EVERY_MS);
    }
    this.#onFrame(frame);
    if (frame.type === "welcome") this.#onState(true);
  }

  #ping() {
    if (this.send({ type: "ping" })) {
      this.#pongTimer = setTimeout(() => this.drop(), PONG_WITHIN_MS);
    }
  }

  #ended(socket) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.ready = false;
    clearInterval(this.#pinging);
    clearTimeout(this.#pongTimer);
    this.#onState(false);
    if (!this.#wanted) return;
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** this.#tries, LONGEST_PAUSE_MS);
    this.#tries += 1;
    // Spread, so that a restarted server is not stormed.
    this.#timer = setTimeout(() => this.#connect(), longest * (0.5 + Math.random() / 2));
  }

  #retryNow() {
    if (this.#wanted && !this.#socket) {
      this.#tries = 0;
      this.#connect();
    }
  }
}
