import { QueryClient } from "@tanstack/vue-query";

import { ApiProblem } from "./problem";

/**
 * Server state. Events keep it fresh, so a page shows what it has at once and asks again only
 * when an event or a reconnection says so.
 */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) =>
        failures < 2 && (!(error instanceof ApiProblem) || error.isOffline || error.status >= 500),
      retryDelay: (attempt) => Math.min(1000 * 2 ** attempt, 8000),
    },
    mutations: { retry: false },
  },
});

/** Forgets everything of an organisation; what is on the screen is fetched anew. */
export function dropServerState(): void {
  const ours = { predicate: (query: { queryKey: readonly unknown[] }) => query.queryKey[0] !== "session" };
  queryClient.removeQueries({ ...ours, type: "inactive" });
  void queryClient.resetQueries(ours);
}

/** Every query key in one place, so that events and pages never disagree about them. */
export const keys = {
  session: ["session"] as const,
  conversations: ["conversations"] as const,
  conversationList: (filters: object) => ["conversations", "list", filters] as const,
  conversationCounts: ["conversations", "counts"] as const,
  conversation: (id: string) => ["conversation", id] as const,
  messages: (id: string) => ["messages", id] as const,
  why: (messageId: string) => ["why", messageId] as const,
  failedDeliveries: ["deliveries", "failed"] as const,
  contacts: ["contacts"] as const,
  contactList: (filters: object) => ["contacts", "list", filters] as const,
  contact: (id: string) => ["contact", id] as const,
  timeline: (id: string) => ["contact", id, "timeline"] as const,
  pipeline: ["pipeline"] as const,
  deals: ["deals"] as const,
  board: ["deals", "board"] as const,
  dealList: (filters: object) => ["deals", "list", filters] as const,
  deal: (id: string) => ["deal", id] as const,
  tasks: ["tasks"] as const,
  taskList: (filters: object) => ["tasks", "list", filters] as const,
  task: (id: string) => ["task", id] as const,
  channels: ["channels"] as const,
  connections: ["connections"] as const,
  connection: (id: string) => ["connections", "one", id] as const,
  templates: (connectionId: string) => ["connections", "templates", connectionId] as const,
  duplicates: ["contacts", "duplicates"] as const,
  duplicatesOf: (id: string) => ["contact", id, "duplicates"] as const,
  sources: ["knowledge", "sources"] as const,
  source: (id: string) => ["knowledge", "source", id] as const,
  passages: (id: string) => ["knowledge", "source", id, "passages"] as const,
  assistant: ["assistant", "state"] as const,
  versions: ["assistant", "versions"] as const,
  version: (number: number) => ["assistant", "versions", number] as const,
  versionChanges: (number: number, against: string) => ["assistant", "versions", number, "changes", against] as const,
  variables: ["assistant", "variables"] as const,
  suites: ["suites", "list"] as const,
  cases: (suiteId: string) => ["suites", suiteId, "cases"] as const,
  runs: ["runs"] as const,
  runList: (filters: object) => ["runs", "list", filters] as const,
  run: (id: string) => ["runs", id] as const,
  results: (id: string, filters: object) => ["runs", id, "results", filters] as const,
  llm: ["organization", "llm"] as const,
  usage: ["usage"] as const,
  privacy: ["privacy", "settings"] as const,
  calls: (filters: object) => ["privacy", "calls", filters] as const,
  call: (id: string) => ["privacy", "call", id] as const,
  organization: ["organization", "own"] as const,
  members: ["members"] as const,
};
