import { type InfiniteData, useInfiniteQuery, useQuery } from "@tanstack/vue-query";
import { computed, type MaybeRefOrGetter, toValue } from "vue";

import { api, call } from "@/api/client";
import { keys, queryClient } from "@/api/query";
import type { Language, Page, Passage, PassageWrite, Source, SourceSummary, SourceWrite } from "@/api/types";

const busy = (source: Pick<SourceSummary, "state"> | undefined) => source?.state === "queued" || source?.state === "processing";
/** Events tell the end of an ingestion; how far it has come is asked for. */
const ASK_EVERY = 1_500;

export function useSources() {
  return useQuery({
    queryKey: keys.sources,
    queryFn: () => call(api.GET("/api/knowledge/sources", { params: { query: { limit: 200, sort: "-created_at" } } })),
    refetchInterval: (query) => (query.state.data?.items.some(busy) ? ASK_EVERY : false),
  });
}

export function useSource(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.source(toValue(id))),
    queryFn: () => call(api.GET("/api/knowledge/sources/{source_id}", { params: { path: { source_id: toValue(id) } } })),
    enabled: computed(() => toValue(id) !== ""),
    refetchInterval: (query) => (busy(query.state.data) ? ASK_EVERY : false),
  });
}

export function usePassages(id: MaybeRefOrGetter<string>) {
  return useInfiniteQuery({
    queryKey: computed(() => keys.passages(toValue(id))),
    queryFn: ({ pageParam }): Promise<Page<Passage>> =>
      call(
        api.GET("/api/knowledge/sources/{source_id}/passages", {
          params: { path: { source_id: toValue(id) }, query: { limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
}

/** Stands on the screen at once; rejects, and takes it back, when the service refuses. */
export async function updatePassage(passage: Passage, changes: PassageWrite): Promise<void> {
  const key = keys.passages(passage.source_id);
  const put = (next: Passage) =>
    queryClient.setQueryData<InfiniteData<Page<Passage>>>(
      key,
      (old) => old && { ...old, pages: old.pages.map((page) => ({ ...page, items: page.items.map((item) => (item.id === passage.id ? next : item)) })) },
    );
  put({ ...passage, ...changes } as Passage);
  try {
    await call(api.PATCH("/api/knowledge/passages/{passage_id}", { params: { path: { passage_id: passage.id } }, body: changes }));
    void queryClient.invalidateQueries({ queryKey: key });
    void queryClient.invalidateQueries({ queryKey: keys.assistant });
  } catch (error) {
    put(passage);
    throw error;
  }
}

export async function retrySource(id: string): Promise<void> {
  await call(api.POST("/api/knowledge/sources/{source_id}/retry", { params: { path: { source_id: id } } }));
  refresh();
}

export const fileAddress = (id: string): string => `/api/knowledge/sources/${id}/file`;

export async function addArticle(form: { question: string; answer: string; language: Language; conversation_id?: string; message_id?: string }): Promise<Source> {
  const source = await call(api.POST("/api/knowledge/articles", { body: form }));
  refresh();
  return source;
}

function refresh(): void {
  void queryClient.invalidateQueries({ queryKey: ["knowledge"] });
  void queryClient.invalidateQueries({ queryKey: keys.assistant });
}

export async function addSource(form: { name: string; content: string; language?: Language }): Promise<Source> {
  const source = await call(api.POST("/api/knowledge/sources", { body: form }));
  refresh();
  return source;
}

export async function updateSource(id: string, changes: SourceWrite): Promise<Source> {
  const source = await call(api.PATCH("/api/knowledge/sources/{source_id}", { params: { path: { source_id: id } }, body: changes }));
  refresh();
  return source;
}

export async function deleteSource(id: string): Promise<void> {
  await call(api.DELETE("/api/knowledge/sources/{source_id}", { params: { path: { source_id: id } } }));
  queryClient.removeQueries({ queryKey: keys.source(id) });
  refresh();
}

export function searchKnowledge(text: string, language: Language, version: "head" | "live", before: string) {
  const history = before ? [{ role: "customer" as const, text: before }] : [];
  return call(api.POST("/api/knowledge/search", { body: { text, language, version, history } }));
}
