/** What an operator does with a conversation; each answer is written into the cache at once. */
import { ref } from "vue";

import { api, call } from "@/api/client";
import { newerOf } from "@/api/cache";
import { keys, queryClient } from "@/api/query";
import type { Conversation, Suggestion } from "@/api/types";
import { useProblem } from "@/ui/problem";

export type Step = "take-over" | "hand-back" | "close" | "reopen";

function adopt(conversation: Conversation): void {
  queryClient.setQueryData<Conversation>(keys.conversation(conversation.id), (old) => (old ? newerOf(old, conversation) : conversation));
  void queryClient.invalidateQueries({ queryKey: keys.conversations });
}

function request(id: string, step: Step): Promise<Conversation> {
  const params = { params: { path: { conversation_id: id } } };
  switch (step) {
    case "take-over":
      return call(api.POST("/api/conversations/{conversation_id}/take-over", params));
    case "hand-back":
      return call(api.POST("/api/conversations/{conversation_id}/hand-back", params));
    case "close":
      return call(api.POST("/api/conversations/{conversation_id}/close", params));
    case "reopen":
      return call(api.POST("/api/conversations/{conversation_id}/reopen", params));
  }
}

export function useConversationActions() {
  const problem = useProblem();
  const busy = ref<Step | "assign" | null>(null);

  /** Resolves to whether the service did it; a refusal is shown, and the truth is fetched again. */
  async function attempt(name: Step | "assign", id: string, work: () => Promise<Conversation>): Promise<boolean> {
    busy.value = name;
    try {
      adopt(await work());
      return true;
    } catch (error) {
      problem.show(error);
      void queryClient.invalidateQueries({ queryKey: keys.conversation(id) });
      return false;
    } finally {
      busy.value = null;
    }
  }

  const act = (id: string, step: Step) => attempt(step, id, () => request(id, step));
  const assign = (id: string, assigneeId: string | null) =>
    attempt("assign", id, () =>
      call(api.POST("/api/conversations/{conversation_id}/assign", { params: { path: { conversation_id: id } }, body: { assignee_id: assigneeId } })),
    );

  return { busy, act, assign };
}

/** Replaces what the bot has learned. Rejects with the service's refusal, for the field to show. */
export async function correctFacts(id: string, facts: Record<string, string>): Promise<void> {
  adopt(await call(api.PATCH("/api/conversations/{conversation_id}", { params: { path: { conversation_id: id } }, body: { facts } })));
}

/** Tells the service that the person has seen the conversation; a failure changes nothing on the screen. */
export async function markRead(conversation: Conversation): Promise<void> {
  queryClient.setQueryData<Conversation>(keys.conversation(conversation.id), (old) => (old ? { ...old, unread: 0 } : old));
  try {
    await call(api.POST("/api/conversations/{conversation_id}/read", { params: { path: { conversation_id: conversation.id } } }));
  } catch {
    // The next opening tries again.
  }
}

export function tellTyping(id: string): void {
  api.POST("/api/conversations/{conversation_id}/typing", { params: { path: { conversation_id: id } } }).catch(() => undefined);
}

/** A reply the model would give, with what it rests on; nothing is sent to the customer. */
export function suggestReply(id: string): Promise<Suggestion> {
  return call(api.POST("/api/conversations/{conversation_id}/suggestion", { params: { path: { conversation_id: id } } }));
}

export function summarise(id: string): Promise<{ text: string }> {
  return call(api.POST("/api/conversations/{conversation_id}/summary", { params: { path: { conversation_id: id } } }));
}

/** Asks the platform for the file once more; an event shows what comes of it. */
export async function fetchAgain(messageId: string, place: number): Promise<void> {
  await call(api.POST("/api/messages/{message_id}/attachments/{place}/retry", { params: { path: { message_id: messageId, place } } }));
}
