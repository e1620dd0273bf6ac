/** Templates of a connection, from the service. */
import { useQuery } from "@tanstack/vue-query";
import { computed } from "vue";

import { api, call } from "@/api/client";
import { keys, queryClient } from "@/api/query";
import type { Template } from "@/api/types";

export function useTemplates(connectionId: () => string, enabled: () => boolean = () => true) {
  return useQuery({
    queryKey: computed(() => keys.templates(connectionId())),
    queryFn: async (): Promise<Template[]> => {
      const found: Template[] = [];
      let cursor = "";
      do {
        const page = await call(api.GET("/api/connections/{connection_id}/templates", { params: { path: { connection_id: connectionId() }, query: { limit: 200, sort: "name", ...(cursor ? { cursor } : {}) } } }));
        found.push(...page.items);
        cursor = page.next_cursor ?? "";
      } while (cursor && found.length < 2_000);
      return found;
    },
    enabled: computed(() => connectionId() !== "" && enabled()),
  });
}

export async function syncTemplates(connectionId: string) {
  const told = await call(api.POST("/api/connections/{connection_id}/templates/sync", { params: { path: { connection_id: connectionId } } }));
  void queryClient.invalidateQueries({ queryKey: keys.templates(connectionId) });
  return told;
}
