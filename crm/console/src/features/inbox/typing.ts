/** Which customers are writing now. Nobody says that they stopped: it is forgotten after a while. */
import { computed, type ComputedRef, type MaybeRefOrGetter, reactive, toValue } from "vue";

const SHOWN_FOR = 5_000;

/** Conversation id -> the timer that forgets it. */
const typing = reactive(new Map<string, number>());

export function stoppedTyping(conversationId: string): void {
  window.clearTimeout(typing.get(conversationId));
  typing.delete(conversationId);
}

export function heardTyping(conversationId: string): void {
  window.clearTimeout(typing.get(conversationId));
  typing.set(conversationId, window.setTimeout(() => typing.delete(conversationId), SHOWN_FOR));
}

export function useTyping(conversationId: MaybeRefOrGetter<string>): ComputedRef<boolean> {
  return computed(() => typing.has(toValue(conversationId)));
}
