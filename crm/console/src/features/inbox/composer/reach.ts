/** Whether a message may go into a conversation now, and for how long. */
import { useNow } from "@vueuse/core";
import { computed, type ComputedRef, watch } from "vue";

import { keys, queryClient } from "@/api/query";
import type { Conversation } from "@/api/types";

const HOUR = 3_600_000;

export interface ReachNow {
  open: boolean;
  /** Why not; null while it is open. */
  code: string | null;
  /** When the open window closes. */
  until: string | null;
  /** Milliseconds left, told when less than an hour is. */
  left: number | null;
  templates: boolean;
  tag: string | null;
}

export function reachNow(conversation: Pick<Conversation, "reach" | "reachable">, now: number): ReachNow {
  const { reach } = conversation;
  if (!reach) {
    const open = conversation.reachable !== false;
    return { open, code: open ? null : "blocked_by_customer", until: null, left: null, templates: false, tag: null };
  }
  const left = reach.until ? Date.parse(reach.until) - now : null;
  const open = reach.open && (left === null || left > 0);
  return {
    open,
    code: open ? null : (reach.code ?? "window_closed"),
    until: open ? reach.until : null,
    left: open && left !== null && left < HOUR ? left : null,
    templates: reach.templates,
    tag: reach.tag,
  };
}

export function useReach(conversation: () => Conversation): ComputedRef<ReachNow> {
  const now = useNow({ interval: 1_000 });
  const reach = computed(() => reachNow(conversation(), now.value.getTime()));
  const again = () => void queryClient.invalidateQueries({ queryKey: keys.conversation(conversation().id) });
  // Events carry the conversation without its windows: they are asked for when what they depend on has changed.
  watch([() => conversation().last_inbound_at, () => conversation().reachable, () => reach.value.open], again);
  return reach;
}
