/** The provider, what it costs, and what left the house. */
import { useInfiniteQuery, useQuery } from "@tanstack/vue-query";
import { computed, type MaybeRefOrGetter, toValue } from "vue";

import { api, call } from "@/api/client";
import { keys, queryClient } from "@/api/query";
import type { LlmUpdate, Page, PrivacySettings, PrivacyWrite, ProviderCall } from "@/api/types";
import { useCan } from "@/features/session/session";

/** For admins; to others it stays unknown. */
export function useLlm() {
  const can = useCan();
  return useQuery({ queryKey: keys.llm, queryFn: () => call(api.GET("/api/organization/llm")), enabled: () => can("admin") });
}

export async function updateLlm(changes: LlmUpdate): Promise<void> {
  queryClient.setQueryData(keys.llm, await call(api.PATCH("/api/organization/llm", { body: changes })));
  void queryClient.invalidateQueries({ queryKey: keys.usage });
}

export function useUsage() {
  return useQuery({ queryKey: keys.usage, queryFn: () => call(api.GET("/api/organization/llm/usage")) });
}

export function checkLlm() {
  return call(api.POST("/api/organization/llm/check", { body: {} }));
}

export function usePrivacy() {
  return useQuery({ queryKey: keys.privacy, queryFn: () => call(api.GET("/api/privacy/settings")) });
}

/** Stands on the screen at once; rejects, and takes it back, when the service refuses. */
export async function updatePrivacy(changes: PrivacyWrite): Promise<void> {
  const before = queryClient.getQueryData<PrivacySettings>(keys.privacy);
  if (before) queryClient.setQueryData<PrivacySettings>(keys.privacy, { ...before, ...changes, kinds: { ...before.kinds, ...changes.kinds } });
  try {
    queryClient.setQueryData(keys.privacy, await call(api.PATCH("/api/privacy/settings", { body: changes })));
  } catch (error) {
    queryClient.setQueryData(keys.privacy, before);
    throw error;
  }
}

export interface CallFilters {
  q?: string;
  purpose?: ProviderCall["purpose"];
  conversation_id?: string;
  from?: string;
  to?: string;
}

export function useCalls(filters: MaybeRefOrGetter<CallFilters>) {
  return useInfiniteQuery({
    queryKey: computed(() => keys.calls({ ...toValue(filters) })),
    queryFn: ({ pageParam }): Promise<Page<ProviderCall>> =>
      call(api.GET("/api/privacy/calls", { params: { query: { ...toValue(filters), limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
}

export function useCall(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.call(toValue(id))),
    queryFn: () => call(api.GET("/api/privacy/calls/{call_id}", { params: { path: { call_id: toValue(id) } } })),
    enabled: computed(() => toValue(id) !== ""),
  });
}
