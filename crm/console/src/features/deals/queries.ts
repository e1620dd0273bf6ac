import { useQuery } from "@tanstack/vue-query";
import { computed, type MaybeRefOrGetter, toValue } from "vue";

import { api, call } from "@/api/client";
import { keys, queryClient } from "@/api/query";
import type { Board, Deal, DealForm, DealWrite, Language, Stage } from "@/api/types";
import { currentLanguage } from "@/i18n";

import { moved } from "./board";

export function stageName(stage: Stage | undefined, language: Language = currentLanguage()): string {
  return stage?.name[language] || stage?.name.ru || stage?.name.en || "";
}

export function useBoard() {
  return useQuery({ queryKey: keys.board, queryFn: () => call(api.GET("/api/deals/board")) });
}

export function usePipeline() {
  const query = useQuery({ queryKey: keys.pipeline, queryFn: () => call(api.GET("/api/pipeline")), staleTime: 5 * 60_000 });
  return computed(() => query.data.value?.stages ?? []);
}

export function useContactDeals(contactId: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.dealList({ contact_id: toValue(contactId) })),
    queryFn: () => call(api.GET("/api/deals", { params: { query: { contact_id: toValue(contactId), limit: 50 } } })),
  });
}

export function useDeal(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.deal(toValue(id))),
    queryFn: () => call(api.GET("/api/deals/{deal_id}", { params: { path: { deal_id: toValue(id) } } })),
    enabled: computed(() => toValue(id) !== ""),
  });
}

function adopt(deal: Deal): Deal {
  queryClient.setQueryData(keys.deal(deal.id), deal);
  void queryClient.invalidateQueries({ queryKey: keys.deals });
  return deal;
}

export async function createDeal(form: DealForm): Promise<Deal> {
  return adopt(await call(api.POST("/api/deals", { body: form })));
}

export async function updateDeal(id: string, changes: DealWrite): Promise<Deal> {
  return adopt(await call(api.PATCH("/api/deals/{deal_id}", { params: { path: { deal_id: id } }, body: changes })));
}

export async function deleteDeal(id: string): Promise<void> {
  await call(api.DELETE("/api/deals/{deal_id}", { params: { path: { deal_id: id } } }));
  queryClient.removeQueries({ queryKey: keys.deal(id) });
  void queryClient.invalidateQueries({ queryKey: keys.deals });
}

/** Moves at once on the screen; a refusal puts everything back where it was. */
export async function moveDeal(id: string, stageId: string, beforeId: string | null): Promise<void> {
  await queryClient.cancelQueries({ queryKey: keys.board });
  const before = queryClient.getQueryData<Board>(keys.board);
  if (before) queryClient.setQueryData(keys.board, moved(before, id, stageId, beforeId));
  try {
    adopt(await call(api.POST("/api/deals/{deal_id}/move", { params: { path: { deal_id: id } }, body: { stage_id: stageId, before_id: beforeId } })));
  } catch (error) {
    if (before) queryClient.setQueryData(keys.board, before);
    throw error;
  }
}
