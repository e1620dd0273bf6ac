/** Who is signed in, for which organisation, with which rights. */
import { useQuery } from "@tanstack/vue-query";
import { computed, type ComputedRef, readonly, shallowRef } from "vue";

import { api, call, signedOut, setCsrfToken } from "@/api/client";
import { ApiProblem } from "@/api/problem";
import { dropServerState, keys, queryClient } from "@/api/query";
import type { Language, MeUpdate, Organization, Role, Session, User } from "@/api/types";
import { hasChosenLanguage, setLanguage } from "@/i18n";

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2, owner: 3 };

const current = shallowRef<Session | null>(null);

/** The session as last read; null before sign-in. */
export const session = readonly(current);

function adopt(session: Session): Session {
  // Another tab may have moved the session to another organisation: nothing of the old one may stay on the screen.
  const before = current.value?.organization.id;
  current.value = session;
  setCsrfToken(session.csrf_token);
  if (before && before !== session.organization.id) dropServerState();
  if (!hasChosenLanguage()) void setLanguage(session.user.language as Language);
  queryClient.setQueryData(keys.session, session);
  return session;
}

/** The session, or null when nobody is signed in. Throws when the service cannot be reached. */
export async function fetchSession(): Promise<Session | null> {
  try {
    return adopt((await call(api.GET("/api/session"))) as Session);
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401) return null;
    throw error;
  }
}

/** Reads the session again where its end is suspected; an unreachable service proves nothing. */
export async function checkSession(): Promise<void> {
  try {
    if ((await fetchSession()) === null) signedOut();
  } catch {
    // The stream keeps trying, and asks again.
  }
}

/** Asked once; afterwards events keep it fresh. */
export async function ensureSession(): Promise<Session | null> {
  return current.value ?? (await fetchSession());
}

export async function signIn(email: string, password: string): Promise<void> {
  await call(api.POST("/api/auth/sign-in", { body: { email, password } }));
  await fetchSession();
}

export async function signUp(form: {
  email: string;
  password: string;
  name: string;
  organization_name: string;
  language: Language;
}): Promise<void> {
  await call(api.POST("/api/auth/sign-up", { body: form }));
  await fetchSession();
}

export async function signOut(): Promise<void> {
  await call(api.POST("/api/auth/sign-out"));
  forgetSession();
}

export function forgetSession(): void {
  setCsrfToken("");
  current.value = null;
  queryClient.clear();
}

export async function switchOrganization(organizationId: string): Promise<void> {
  await call(api.POST("/api/session/organization", { body: { organization_id: organizationId } }));
  await fetchSession();
}

export async function updateMe(changes: MeUpdate): Promise<void> {
  await call(api.PATCH("/api/me", { body: changes }));
  await fetchSession();
}

/** Keeps the session fresh while the shell is on the screen; everyone else reads `session`. */
export function useSession() {
  return useQuery<Session | null>({ queryKey: keys.session, queryFn: fetchSession, staleTime: Infinity });
}

export function useOrganization(): ComputedRef<Organization | undefined> {
  return computed(() => current.value?.organization);
}

export function useUser(): ComputedRef<User | undefined> {
  return computed(() => current.value?.user);
}

/** May the signed-in person do what a role of at least this rank may? */
export function useCan() {
  return (needed: Role): boolean => (current.value ? RANK[current.value.role] >= RANK[needed] : false);
}
