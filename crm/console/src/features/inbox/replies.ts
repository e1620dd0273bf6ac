/** Which message is being answered in each conversation, until the answer is sent. */
import { computed, reactive, type WritableComputedRef } from "vue";

import type { Message } from "@/api/types";

const replies = reactive(new Map<string, Message>());

export function replyOf(conversationId: string): WritableComputedRef<Message | null> {
  return computed({
    get: () => (replies.get(conversationId) as Message | undefined) ?? null,
    set: (message) => {
      if (message) replies.set(conversationId, message);
      else replies.delete(conversationId);
    },
  });
}

export function replyTo(message: Message): void {
  if (message.conversation_id) replies.set(message.conversation_id, message);
}
