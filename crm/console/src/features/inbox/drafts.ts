/** What was begun in a conversation stays there while the person looks at another one. */
import { computed, reactive, type WritableComputedRef } from "vue";

const drafts = reactive(new Map<string, string>());

export function draftOf(conversationId: string): WritableComputedRef<string> {
  return computed({
    get: () => drafts.get(conversationId) ?? "",
    set: (text) => {
      if (text) drafts.set(conversationId, text);
      else drafts.delete(conversationId);
    },
  });
}
