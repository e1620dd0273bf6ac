/** Suites of questions, their cases, and runs. */
import { useInfiniteQuery, useQuery } from "@tanstack/vue-query";
import { computed, type MaybeRefOrGetter, toValue } from "vue";

import { api, call } from "@/api/client";
import { keys, queryClient } from "@/api/query";
import type { Case, Expect, Page, Result, Run, RunEstimate, RunForm, Suite, Verdict } from "@/api/types";

import { isOver } from "./runs";

const ASK_EVERY = 1_000;

export function useSuites() {
  return useQuery({ queryKey: keys.suites, queryFn: (): Promise<Page<Suite>> => call(api.GET("/api/assistant/suites", { params: { query: { limit: 200 } } })) });
}

function refresh(): Promise<unknown> {
  return Promise.all([queryClient.invalidateQueries({ queryKey: ["suites"] }), queryClient.invalidateQueries({ queryKey: keys.assistant })]);
}

export async function createSuite(name: string): Promise<Suite> {
  const suite = await call(api.POST("/api/assistant/suites", { body: { name, required: true } }));
  await refresh();
  return suite;
}

export async function updateSuite(id: string, changes: { name?: string; required?: boolean }): Promise<void> {
  await call(api.PATCH("/api/assistant/suites/{suite_id}", { params: { path: { suite_id: id } }, body: changes }));
  await refresh();
}

export async function deleteSuite(id: string): Promise<void> {
  await call(api.DELETE("/api/assistant/suites/{suite_id}", { params: { path: { suite_id: id } } }));
  await refresh();
}

/** A suite holds some hundred cases at most: all of them are on the screen. */
async function allCases(suiteId: string): Promise<Case[]> {
  const cases: Case[] = [];
  let cursor: string | null | undefined;
  do {
    const page: Page<Case> = await call(
      api.GET("/api/assistant/suites/{suite_id}/cases", { params: { path: { suite_id: suiteId }, query: { limit: 200, ...(cursor ? { cursor } : {}) } } }),
    );
    cases.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return cases;
}

export function useCases(suiteId: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.cases(toValue(suiteId))),
    queryFn: () => allCases(toValue(suiteId)),
    enabled: computed(() => toValue(suiteId) !== ""),
  });
}

export interface CaseForm {
  name: string | null;
  turns: string[];
  expect: Expect;
}

/** Adds a case, or changes the one with the id. */
export async function saveCase(suiteId: string, form: CaseForm, id?: string): Promise<Case> {
  const path = { suite_id: suiteId };
  const saved = id
    ? await call(api.PATCH("/api/assistant/suites/{suite_id}/cases/{case_id}", { params: { path: { ...path, case_id: id } }, body: form }))
    : await call(api.POST("/api/assistant/suites/{suite_id}/cases", { params: { path }, body: form }));
  await refresh();
  return saved;
}

export async function deleteCase(suiteId: string, id: string): Promise<void> {
  await call(api.DELETE("/api/assistant/suites/{suite_id}/cases/{case_id}", { params: { path: { suite_id: suiteId, case_id: id } } }));
  await refresh();
}

export async function importCases(suiteId: string, csv: string) {
  const result = await call(api.POST("/api/assistant/suites/{suite_id}/cases/import", { params: { path: { suite_id: suiteId } }, body: { content: csv } }));
  await refresh();
  return result;
}

export async function caseFromMessage(suiteId: string, conversationId: string, messageId: string): Promise<Case> {
  const made = await call(
    api.POST("/api/assistant/suites/{suite_id}/cases/from-conversation", {
      params: { path: { suite_id: suiteId } },
      body: { conversation_id: conversationId, message_id: messageId },
    }),
  );
  await refresh();
  return made;
}

/** What a run would ask of a provider, and what that may cost. */
export function estimateRun(form: RunForm): Promise<RunEstimate> {
  return call(api.POST("/api/assistant/runs/estimate", { body: form }));
}

export async function startRun(form: RunForm): Promise<Run> {
  const run = await call(api.POST("/api/assistant/runs", { body: form }));
  queryClient.setQueryData(keys.run(run.id), run);
  await Promise.all([refresh(), queryClient.invalidateQueries({ queryKey: [...keys.runs, "list"] })]);
  return run;
}

export async function cancelRun(id: string): Promise<void> {
  queryClient.setQueryData(keys.run(id), await call(api.POST("/api/assistant/runs/{run_id}/cancel", { params: { path: { run_id: id } } })));
  await refresh();
}

/** Asked again every second while it goes on. */
export function useRun(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.run(toValue(id))),
    queryFn: (): Promise<Run> => call(api.GET("/api/assistant/runs/{run_id}", { params: { path: { run_id: toValue(id) } } })),
    enabled: computed(() => toValue(id) !== ""),
    refetchInterval: (query) => (query.state.data && !isOver(query.state.data) ? ASK_EVERY : false),
  });
}

export function useRuns(filters: MaybeRefOrGetter<{ kind: "suite" | "replay"; suite_id?: string }>) {
  return useQuery({
    queryKey: computed(() => keys.runList({ ...toValue(filters) })),
    queryFn: (): Promise<Page<Run>> => call(api.GET("/api/assistant/runs", { params: { query: { ...toValue(filters), limit: 30 } } })),
  });
}

export function useResults(id: MaybeRefOrGetter<string>, filters: MaybeRefOrGetter<{ state?: "passed" | "failed"; verdict?: Verdict }>, live: MaybeRefOrGetter<boolean>) {
  return useInfiniteQuery({
    queryKey: computed(() => keys.results(toValue(id), { ...toValue(filters) })),
    queryFn: ({ pageParam }): Promise<Page<Result>> =>
      call(
        api.GET("/api/assistant/runs/{run_id}/results", {
          params: { path: { run_id: toValue(id) }, query: { ...toValue(filters), limit: 200, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
    enabled: computed(() => toValue(id) !== ""),
    refetchInterval: () => (toValue(live) ? 2 * ASK_EVERY : false),
  });
}
