/** What the inbox reads from the service. */
import { useInfiniteQuery, useQuery } from "@tanstack/vue-query";
import { computed, type MaybeRefOrGetter, toValue } from "vue";

import { api, call } from "@/api/client";
import { keys, queryClient } from "@/api/query";
import type { Conversation, Page } from "@/api/types";
import { session } from "@/features/session/session";

export const VIEWS = ["waiting", "mine", "bot", "all", "closed"] as const;
export type View = (typeof VIEWS)[number];

export interface ListFilters {
  view: View;
  q?: string;
  channel?: string;
}

export function isView(value: unknown): value is View {
  return VIEWS.includes(value as View);
}

export function useCounts() {
  return useQuery({
    queryKey: keys.conversationCounts,
    queryFn: () => call(api.GET("/api/conversations/counts")),
    enabled: computed(() => session.value !== null),
  });
}

export function useConversationList(filters: MaybeRefOrGetter<ListFilters>) {
  return useInfiniteQuery({
    queryKey: computed(() => keys.conversationList({ ...toValue(filters) })),
    queryFn: ({ pageParam }): Promise<Page<Conversation>> =>
      call(
        api.GET("/api/conversations", {
          params: { query: { ...toValue(filters), limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
}

/** A conversation already seen in some list, to show while the full one is fetched. */
function fromLists(id: string): Conversation | undefined {
  const lists = queryClient.getQueriesData<{ pages: Page<Conversation>[] }>({ queryKey: [...keys.conversations, "list"] });
  for (const [, data] of lists) {
    for (const page of data?.pages ?? []) {
      const hit = page.items.find((item) => item.id === id);
      if (hit) return hit;
    }
  }
  return undefined;
}

export function useConversation(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.conversation(toValue(id))),
    queryFn: (): Promise<Conversation> => call(api.GET("/api/conversations/{conversation_id}", { params: { path: { conversation_id: toValue(id) } } })),
    placeholderData: () => fromLists(toValue(id)),
    enabled: computed(() => toValue(id) !== ""),
  });
}

/** Everything that made a bot's message; asked for when a person wants to know. */
export function useWhy(messageId: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.why(toValue(messageId))),
    queryFn: () => call(api.GET("/api/messages/{message_id}/why", { params: { path: { message_id: toValue(messageId) } } })),
    enabled: computed(() => toValue(messageId) !== ""),
    staleTime: Infinity,
  });
}

/** Newest first, as the service gives them. */
export function useMessages(id: MaybeRefOrGetter<string>) {
  return useInfiniteQuery({
    queryKey: computed(() => keys.messages(toValue(id))),
    queryFn: ({ pageParam }) =>
      call(
        api.GET("/api/conversations/{conversation_id}/messages", {
          params: { path: { conversation_id: toValue(id) }, query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
}
