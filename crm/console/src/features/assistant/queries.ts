/** The assistant's draft, its published versions and trials. */
import { useQuery } from "@tanstack/vue-query";
import { computed, type MaybeRefOrGetter, toValue } from "vue";

import { api, call } from "@/api/client";
import { keys, queryClient } from "@/api/query";
import type { Assistant, AssistantContent, AssistantVersion, Language, Target, TrialTurn } from "@/api/types";

export function useAssistant() {
  return useQuery({ queryKey: keys.assistant, queryFn: (): Promise<Assistant> => call(api.GET("/api/assistant")) });
}

/** Resolves to the draft as it is stored now; rejects with `draft_changed` when somebody was faster. */
export async function saveDraft(revision: number, changes: Partial<AssistantContent>): Promise<Assistant> {
  const assistant = await call(api.PATCH("/api/assistant/draft", { body: { revision, ...changes } }));
  queryClient.setQueryData(keys.assistant, assistant);
  return assistant;
}

export async function discardDraft(): Promise<Assistant> {
  const assistant = await call(api.DELETE("/api/assistant/draft"));
  queryClient.setQueryData(keys.assistant, assistant);
  return assistant;
}

export async function publishDraft(revision: number, reason: string): Promise<AssistantVersion> {
  const version = await call(api.POST("/api/assistant/publish", { body: { revision, reason } }));
  await queryClient.invalidateQueries({ queryKey: ["assistant"] });
  return version;
}

export function useVersions() {
  return useQuery({ queryKey: keys.versions, queryFn: () => call(api.GET("/api/assistant/versions", { params: { query: { limit: 200 } } })) });
}

/** What came with a version, against another one or the draft. */
export function useVersionChanges(number: MaybeRefOrGetter<number>, against: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.versionChanges(toValue(number), toValue(against))),
    queryFn: () =>
      call(api.GET("/api/assistant/versions/{number}/changes", { params: { path: { number: toValue(number) }, query: { against: toValue(against) } } })),
    enabled: computed(() => toValue(number) > 0 && toValue(against) !== ""),
  });
}

export async function rollBack(number: number, reason: string): Promise<AssistantVersion> {
  const version = await call(api.POST("/api/assistant/versions/{number}/rollback", { params: { path: { number } }, body: { reason } }));
  await queryClient.invalidateQueries({ queryKey: ["assistant"] });
  return version;
}

export function useVariables() {
  return useQuery({ queryKey: keys.variables, queryFn: () => call(api.GET("/api/assistant/variables")), staleTime: Infinity });
}

export function estimate(content: AssistantContent) {
  return call(api.POST("/api/assistant/estimate", { body: { content } }));
}

export async function startTrial(target: Target, language: Language): Promise<string> {
  return (await call(api.POST("/api/assistant/trials", { body: { target, language } }))).id;
}

/** A tapped button says its title and carries its payload. */
export function sayInTrial(trialId: string, text: string, payload?: string): Promise<TrialTurn> {
  return call(api.POST("/api/assistant/trials/{trial_id}/messages", { params: { path: { trial_id: trialId } }, body: { text, ...(payload ? { payload } : {}) } }));
}

/** Whether publishing needs the required suites to be green. */
export async function setGate(required: boolean): Promise<void> {
  await call(api.PATCH("/api/assistant/gate", { body: { required } }));
  await queryClient.invalidateQueries({ queryKey: keys.assistant });
}

/** Whether a finished document reaches customers by itself, or with the next publishing. */
export async function setKnowledgeGoesLive(atOnce: boolean): Promise<void> {
  await call(api.PATCH("/api/organization", { body: { knowledge_goes_live: atOnce ? "at_once" : "with_publishing" } }));
  await queryClient.invalidateQueries({ queryKey: keys.assistant });
}
