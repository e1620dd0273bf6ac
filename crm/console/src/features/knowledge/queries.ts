import { useQuery } from "@tanstack/vue-query";
import { computed, type MaybeRefOrGetter, toValue } from "vue";

import { api, call } from "@/api/client";
import { keys, queryClient } from "@/api/query";
import type { Language, Source } from "@/api/types";

export const MAX_BYTES = 4_000_000;

export function useSources() {
  return useQuery({ queryKey: keys.sources, queryFn: () => call(api.GET("/api/knowledge/sources", { params: { query: { limit: 200 } } })) });
}

export function useSource(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.source(toValue(id))),
    queryFn: () => call(api.GET("/api/knowledge/sources/{source_id}", { params: { path: { source_id: toValue(id) } } })),
    enabled: computed(() => toValue(id) !== ""),
  });
}

export function usePassages(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.passages(toValue(id))),
    queryFn: () => call(api.GET("/api/knowledge/sources/{source_id}/passages", { params: { path: { source_id: toValue(id) }, query: { limit: 200 } } })),
  });
}

function refresh(): void {
  void queryClient.invalidateQueries({ queryKey: ["knowledge"] });
}

export async function addSource(form: { name: string; content: string; language?: Language }): Promise<Source> {
  const source = await call(api.POST("/api/knowledge/sources", { body: form }));
  refresh();
  return source;
}

export async function updateSource(id: string, changes: { name?: string; content?: string; language?: Language }): Promise<Source> {
  const source = await call(api.PATCH("/api/knowledge/sources/{source_id}", { params: { path: { source_id: id } }, body: changes }));
  refresh();
  return source;
}

export async function deleteSource(id: string): Promise<void> {
  await call(api.DELETE("/api/knowledge/sources/{source_id}", { params: { path: { source_id: id } } }));
  queryClient.removeQueries({ queryKey: keys.source(id) });
  refresh();
}

export function searchKnowledge(text: string, language: Language) {
  return call(api.POST("/api/knowledge/search", { body: { text, language } }));
}

/**
 * The text of a file that may become a source.
 *
 * @throws {Error} whose message is a key under `knowledge.`: the file is too big, or is not text.
 */
export async function readTextFile(file: File): Promise<string> {
  if (file.size > MAX_BYTES) throw new Error("tooBig");
  if (!/\.(md|markdown|txt|csv)$/i.test(file.name)) throw new Error("notText");
  const bytes = await file.arrayBuffer();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // Spreadsheets here still save Russian CSV in the old Windows code page.
    const text = new TextDecoder("windows-1251").decode(bytes);
    if (text.includes("\u0000")) throw new Error("notText");
    return text;
  }
}
