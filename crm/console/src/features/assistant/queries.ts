import { useQuery } from "@tanstack/vue-query";

import { api, call } from "@/api/client";
import { keys, queryClient } from "@/api/query";
import type { AssistantWrite, Language, LlmUpdate } from "@/api/types";

export function useAssistant() {
  return useQuery({ queryKey: keys.assistant, queryFn: () => call(api.GET("/api/assistant")) });
}

export async function updateAssistant(changes: AssistantWrite): Promise<void> {
  queryClient.setQueryData(keys.assistant, await call(api.PATCH("/api/assistant", { body: changes })));
}

export function useLlm() {
  return useQuery({ queryKey: keys.llm, queryFn: () => call(api.GET("/api/organization/llm")) });
}

export async function updateLlm(changes: LlmUpdate): Promise<void> {
  queryClient.setQueryData(keys.llm, await call(api.PATCH("/api/organization/llm", { body: changes })));
}

export function testAnswer(text: string, language: Language, history: { role: "customer" | "bot"; text: string }[]) {
  return call(api.POST("/api/assistant/test", { body: { text, language, history } }));
}
