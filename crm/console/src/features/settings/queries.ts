import { api, call } from "@/api/client";
import { keys, queryClient } from "@/api/query";
import type { OrganizationUpdate, Role } from "@/api/types";
import { fetchSession } from "@/features/session/session";

/** The session carries the organisation, so it is read again before this resolves. */
export async function updateOrganization(changes: OrganizationUpdate): Promise<void> {
  await call(api.PATCH("/api/organization", { body: changes }));
  await fetchSession();
}

function refresh(): Promise<void> {
  return queryClient.invalidateQueries({ queryKey: keys.members });
}

export async function addMember(form: { email: string; name: string; role: Role; password: string }): Promise<void> {
  await call(api.POST("/api/members", { body: { ...form, password: form.password || null } }));
  await refresh();
}

export async function setRole(id: string, role: Role): Promise<void> {
  await call(api.PATCH("/api/members/{member_id}", { params: { path: { member_id: id } }, body: { role } }));
  await refresh();
}

export async function removeMember(id: string): Promise<void> {
  await call(api.DELETE("/api/members/{member_id}", { params: { path: { member_id: id } } }));
  await refresh();
}
