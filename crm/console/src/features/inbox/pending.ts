/** Messages written here and not yet confirmed by the service. They are shown at once and never lost silently. */
import { computed, type MaybeRefOrGetter, reactive, toValue } from "vue";

import { api, call } from "@/api/client";
import { upsertMessage } from "@/api/cache";
import { type ApiProblem, asProblem } from "@/api/problem";
import { keys, queryClient } from "@/api/query";
import type { Conversation, Message, TemplateFill } from "@/api/types";

/** What goes beside the words. */
export interface Extra {
  attachments?: { id: string; name: string; kind: string }[];
  replyTo?: string;
  template?: TemplateFill;
  tag?: "HUMAN_AGENT";
}

export interface PendingMessage {
  clientId: string;
  conversationId: string;
  text: string;
  kind: "text" | "note";
  extra: Extra;
  createdAt: string;
  /** Set when the service did not take it; the text is kept for another try. */
  failure: string | null;
}

const pending = reactive(new Map<string, PendingMessage>());

export function usePending(conversationId: MaybeRefOrGetter<string>) {
  return computed(() => [...pending.values()].filter((item) => item.conversationId === toValue(conversationId)));
}

function body({ attachments, replyTo, template, tag }: Extra) {
  return {
    ...(attachments?.length ? { attachments: attachments.map(({ id }) => id) } : {}),
    ...(replyTo ? { reply_to: replyTo } : {}),
    ...(template ? { template } : {}),
    ...(tag ? { tag } : {}),
  };
}

/** The channel takes nothing into the conversation now; the refusal tells what may still be done. */
export const isShut = ({ members }: ApiProblem) => "templates" in members;

/** The composer says so at once. */
function noteShut(id: string, { code, members }: ApiProblem): void {
  const reach = { open: false, code, until: null, templates: members.templates === true, tag: typeof members.tag === "string" ? members.tag : null };
  queryClient.setQueryData<Conversation>(keys.conversation(id), (old) => (old ? { ...old, reach } : old));
}

/** Takes words that were refused out of the thread, for the field they came from; those with files stay. */
export function takeBack(conversationId: string, text: string): boolean {
  const refused = [...pending.values()].find((item) => item.conversationId === conversationId && item.text === text && item.failure && !item.extra.attachments?.length && !item.extra.template);
  return !!refused && pending.delete(refused.clientId);
}

async function deliver(item: PendingMessage): Promise<void> {
  item.failure = null;
  try {
    const message = await call(
      api.POST("/api/conversations/{conversation_id}/messages", {
        params: { path: { conversation_id: item.conversationId } },
        body: { text: item.extra.template ? "" : item.text, kind: item.kind, client_id: item.clientId, ...body(item.extra) },
      }),
    );
    upsertMessage(queryClient, item.conversationId, message);
    pending.delete(item.clientId);
  } catch (error) {
    const kept = pending.get(item.clientId);
    const problem = asProblem(error);
    if (kept) kept.failure = problem.code;
    if (isShut(problem)) noteShut(item.conversationId, problem);
    throw error;
  }
}

/** Shows the message at once and sends it; rejects with the service's refusal, keeping the text. */
export function send(conversationId: string, text: string, kind: "text" | "note", extra: Extra = {}): Promise<void> {
  const item: PendingMessage = {
    clientId: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`,
    conversationId,
    text,
    kind,
    extra,
    createdAt: new Date().toISOString(),
    failure: null,
  };
  pending.set(item.clientId, item);
  return deliver(item);
}

/** The same client id goes again: the service takes it once, however often it is sent. */
export function resend(clientId: string): Promise<void> {
  const item = pending.get(clientId);
  return item ? deliver(item) : Promise.resolve();
}

export function discard(clientId: string): void {
  pending.delete(clientId);
}

function sameWords({ text, extra }: PendingMessage, message: Message): boolean {
  return extra.template ? message.template?.name === extra.template.name : text === message.text && (extra.attachments?.length ?? 0) === message.attachments.length;
}

/** The event of an own message may come before the answer: the waiting copy goes, so that nothing shows twice. */
export function settlePending(message: Message, userId: string | undefined): void {
  if (message.author.kind !== "operator" || message.author.user_id !== userId) return;
  for (const item of pending.values()) {
    if (item.conversationId === message.conversation_id && sameWords(item, message) && !item.failure) {
      pending.delete(item.clientId);
      return;
    }
  }
}
