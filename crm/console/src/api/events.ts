/** The organisation's numbered events over one WebSocket, with resume after a lost connection. */
import { readonly, ref } from "vue";

export interface StoredEvent {
  seq: number;
  type: string;
  at: string;
  subject_id: string;
  data: Record<string, unknown>;
}

export type LinkState = "connecting" | "online" | "offline";

/** What is only told, never stored: it has no number and is not sent again after a lost connection. */
export type ToldEvent = Pick<StoredEvent, "type" | "subject_id">;

interface Handlers {
  event: (event: StoredEvent) => void;
  told: (event: ToldEvent) => void;
  /** What is on the screen may be out of date: fetch it again. */
  reset: () => void;
  /** The stream was refused or ended by the service: the session may be over, or act elsewhere now. */
  refused: () => void;
}

/** The service's close code for a session that has ended or has moved to another organisation. */
const SIGNED_OUT = 4401;
/** A refused handshake looks like a lost network; after so many in a row the session is asked for. */
const ASK_AFTER = 3;

const FIRST_DELAY = 500;
const LONGEST_DELAY = 15_000;
/** A shorter loss is mended silently; only a longer one is shown. */
const SHOW_OFFLINE_AFTER = 2_000;

export class EventStream {
  private socket: WebSocket | null = null;
  private last: number | null = null;
  private delay = FIRST_DELAY;
  private timer: number | undefined;
  private offlineTimer: number | undefined;
  private stopped = true;
  private failures = 0;
  private readonly linkState = ref<LinkState>("connecting");
  readonly state = readonly(this.linkState);

  constructor(private readonly handlers: Handlers) {
    window.addEventListener("online", () => this.retryNow());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.linkState.value === "offline") this.retryNow();
    });
  }

  start(): void {
    this.stopped = false;
    this.last = null;
    this.delay = FIRST_DELAY;
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    window.clearTimeout(this.timer);
    window.clearTimeout(this.offlineTimer);
    this.offlineTimer = undefined;
    this.socket?.close();
    this.socket = null;
    this.linkState.value = "connecting";
  }

  retryNow(): void {
    if (this.stopped || this.socket) return;
    window.clearTimeout(this.timer);
    this.delay = FIRST_DELAY;
    this.connect();
  }

  private connect(): void {
    const address = new URL("/api/events", window.location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    if (this.last !== null) address.searchParams.set("after", String(this.last));
    const socket = new WebSocket(address);
    this.socket = socket;
    socket.onmessage = (frame) => {
      if (socket === this.socket) this.receive(JSON.parse(String(frame.data)));
    };
    socket.onclose = ({ code }) => {
      if (socket !== this.socket) return;
      this.socket = null;
      this.failures += 1;
      if (code === SIGNED_OUT || this.failures % ASK_AFTER === 0) this.handlers.refused();
      this.scheduleRetry();
    };
  }

  private receive(frame: Partial<Omit<StoredEvent, "seq">> & { type: string; seq?: number | null }): void {
    if (frame.type === "hello") {
      this.becomeOnline();
      // Pages may have been fetched before the stream began: what happened in between is unknown.
      if (this.last === null) this.handlers.reset();
      this.last ??= frame.seq ?? 0;
    } else if (frame.type === "reset") {
      this.last = frame.seq ?? null;
      this.handlers.reset();
    } else if (typeof frame.seq === "number") {
      if (this.last !== null && frame.seq <= this.last) return;
      const gap = this.last !== null && frame.seq > this.last + 1;
      this.last = frame.seq;
      this.handlers.event(frame as StoredEvent);
      if (gap) this.handlers.reset();
    } else if (frame.subject_id) {
      this.handlers.told({ type: frame.type, subject_id: frame.subject_id });
    }
  }

  private becomeOnline(): void {
    window.clearTimeout(this.offlineTimer);
    this.offlineTimer = undefined;
    this.delay = FIRST_DELAY;
    this.failures = 0;
    this.linkState.value = "online";
  }

  private scheduleRetry(): void {
    if (this.stopped) return;
    this.offlineTimer ??= window.setTimeout(() => {
      this.linkState.value = "offline";
    }, SHOW_OFFLINE_AFTER);
    const jitter = 0.5 + Math.random();
    this.timer = window.setTimeout(() => this.connect(), this.delay * jitter);
    this.delay = Math.min(this.delay * 2, LONGEST_DELAY);
  }
}
