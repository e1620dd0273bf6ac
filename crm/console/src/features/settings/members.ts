/** The people of the organisation, for names and for choosing one. */
import { useQuery } from "@tanstack/vue-query";
import { computed } from "vue";

import { api, call } from "@/api/client";
import { keys } from "@/api/query";
import type { Member } from "@/api/types";
import { session } from "@/features/session/session";

export function useMembers() {
  const query = useQuery({
    queryKey: keys.members,
    queryFn: () => call(api.GET("/api/members", { params: { query: { limit: 200 } } })),
    enabled: computed(() => session.value !== null),
    staleTime: 5 * 60_000,
  });
  const members = computed<Member[]>(() => query.data.value?.items ?? []);
  const names = computed(() => new Map(members.value.map((member) => [member.user_id, member.name])));
  const nameOf = (userId: string | null | undefined) => (userId ? names.value.get(userId) : undefined);
  return { query, members, nameOf };
}
