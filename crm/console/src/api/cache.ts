/** Writes the numbered events into the query cache, so that no page needs reloading. */
import type { InfiniteData, QueryClient } from "@tanstack/vue-query";

import type { StoredEvent } from "./events";
import { keys } from "./query";
import type { Contact, Conversation, Deal, Message, Page, Run, Task } from "./types";

type Pages<T> = InfiniteData<Page<T>>;

/** Replaces an item wherever a cached list holds it; never adds, for only the service knows the filters. */
function patchLists<T extends { id: string }>(client: QueryClient, prefix: readonly string[], item: T): void {
  const replace = (page: Page<T>): Page<T> => ({
    ...page,
    items: page.items.map((old) => (old.id === item.id ? { ...old, ...item } : old)),
  });
  client.setQueriesData<Pages<T> | Page<T>>({ queryKey: [...prefix, "list"] }, (old) => {
    if (!old) return old;
    return "pages" in old ? { ...old, pages: old.pages.map(replace) } : replace(old);
  });
}

/** Events come in order, so the last one is right. An answer may come after the event of a later change: it gives way. */
export function newerOf<T extends { updated_at: string }>(old: T, next: T): T {
  return next.updated_at >= old.updated_at ? { ...old, ...next } : old;
}

/** Puts a message of an answer or (`ordered`) of an event where its time says, newest first, or over the one with its id. */
export function upsertMessage(client: QueryClient, conversationId: string, message: Message, ordered = false): void {
  const replace = (old: Message): Message => (ordered ? message : newerOf(old, message));
  client.setQueryData<Pages<Message>>(keys.messages(conversationId), (old) => {
    if (!old) return old;
    const known = old.pages.some((page) => page.items.some((item) => item.id === message.id));
    if (known) {
      return {
        ...old,
        pages: old.pages.map((page) => ({
          ...page,
          items: page.items.map((item) => (item.id === message.id ? replace(item) : item)),
        })),
      };
    }
    const [first, ...rest] = old.pages;
    if (!first) return old;
    const items = [...first.items];
    const place = items.findIndex((item) => item.created_at <= message.created_at);
    items.splice(place === -1 ? items.length : place, 0, message);
    return { ...old, pages: [{ ...first, items }, ...rest] };
  });
}

/** Has what is shown fetched again. A first answer that is on its way may be older than what was told: it is asked for once more. */
function refresh(client: QueryClient, queryKey: readonly string[]): void {
  for (const query of client.getQueryCache().findAll({ queryKey })) {
    if (query.state.data !== undefined || query.state.fetchStatus !== "fetching") continue;
    const again = () => client.invalidateQueries({ queryKey: query.queryKey, exact: true });
    void query.promise?.then(again, () => undefined);
  }
  void client.invalidateQueries({ queryKey });
}

export class EventCache {
  private readonly stale = new Map<string, readonly string[]>();
  private timer: number | undefined;

  constructor(
    private readonly client: QueryClient,
    private readonly onMessage: (message: Message) => void,
  ) {}

  /** Everything on the screen is fetched again; what is shown stays until the answer comes. */
  reset(): void {
    void this.client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" });
  }

  apply(event: StoredEvent): void {
    const [subject, action] = event.type.split(".");
    switch (subject) {
      case "conversation":
        this.conversation(event.data as unknown as Conversation);
        break;
      case "message":
        this.message(event.data as unknown as Message, action === "created");
        break;
      case "contact":
        this.contact(event, action);
        break;
      case "deal":
        this.record(keys.deals, keys.deal(event.subject_id), event.data as unknown as Deal, action);
        break;
      case "task":
        this.record(keys.tasks, keys.task(event.subject_id), event.data as unknown as Task, action);
        break;
      case "connection":
      case "templates":
        this.later(keys.connections);
        break;
      case "duplicate":
        this.later(["contact"]);
        this.later(keys.duplicates);
        break;
      case "knowledge":
        this.later(["knowledge"]);
        this.later(keys.assistant);
        break;
      case "assistant":
        this.assistant(event, action);
        break;
      case "organization":
        this.later(["organization"]);
        this.later(keys.session);
        this.later(keys.assistant);
        break;
      case "member":
        this.later(keys.members);
        this.later(keys.session);
        break;
    }
  }

  private conversation(conversation: Conversation): void {
    this.merge(keys.conversation(conversation.id), conversation);
    patchLists(this.client, keys.conversations, conversation);
    this.later(keys.conversations);
  }

  private message(message: Message, created: boolean): void {
    if (!message.conversation_id) return;
    upsertMessage(this.client, message.conversation_id, message, true);
    this.overtaken(keys.messages(message.conversation_id));
    if (message.state === "failed") this.later(keys.failedDeliveries);
    if (created) this.onMessage(message);
  }

  /** A run tells each step; only its end says something new about suites and the gate. */
  private assistant(event: StoredEvent, action: string | undefined): void {
    if (action === "run_updated") {
      const run = event.data as unknown as Run;
      this.client.setQueryData(keys.run(event.subject_id), run);
      if (run.state === "queued" || run.state === "running") return;
      this.later([...keys.runs, "list"]);
      this.later([...keys.run(event.subject_id), "results"]);
    }
    this.later(["assistant"]);
    this.later(["suites"]);
  }

  private contact(event: StoredEvent, action: string | undefined): void {
    if (action === "merged") {
      this.later(["contact"]);
      this.later(keys.conversations);
      this.later(["conversation"]);
    }
    if (action === "updated") this.renameContact(event.subject_id, event.data as unknown as Contact);
    this.record(keys.contacts, keys.contact(event.subject_id), event.data as unknown as Contact, action);
  }

  /** Conversations carry their contact's name. */
  private renameContact(id: string, contact: Contact): void {
    const rename = (old: Conversation): Conversation =>
      old.contact_id === id ? { ...old, contact_name: contact.name, contact: old.contact && contact } : old;
    this.client.setQueriesData<Conversation>({ queryKey: ["conversation"] }, (old) => old && rename(old));
    this.client.setQueriesData<Pages<Conversation> | Page<Conversation>>({ queryKey: [...keys.conversations, "list"] }, (old) => {
      if (!old) return old;
      const page = (one: Page<Conversation>) => ({ ...one, items: one.items.map(rename) });
      return "pages" in old ? { ...old, pages: old.pages.map(page) } : page(old);
    });
  }

  private record<T extends { id: string }>(
    lists: readonly string[],
    key: readonly string[],
    data: T,
    action: string | undefined,
  ): void {
    if (action === "deleted") this.client.removeQueries({ queryKey: key, exact: true });
    else if (data.id) {
      this.merge(key, data);
      patchLists(this.client, lists, data);
    }
    this.later(lists);
    this.later([String(key[0]), String(key[1]), "timeline"]);
  }

  private merge<T extends object>(key: readonly string[], data: T): void {
    this.client.setQueryData<T>(key, (old) => old && { ...old, ...data });
    this.overtaken(key);
  }

  /** An answer that is on its way may be older than an event that has come: it would undo what the event told. */
  private overtaken(key: readonly string[]): void {
    if (this.client.isFetching({ queryKey: key, exact: true })) this.later(key);
  }

  /** Many events of one moment cause one request a list. */
  private later(key: readonly string[]): void {
    this.stale.set(key.join("/"), key);
    this.timer ??= window.setTimeout(() => {
      this.timer = undefined;
      const stale = [...this.stale.values()];
      this.stale.clear();
      for (const queryKey of stale) refresh(this.client, queryKey);
    }, 150);
  }
}
