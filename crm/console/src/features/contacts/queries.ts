import { useInfiniteQuery, useQuery } from "@tanstack/vue-query";
import { computed, type MaybeRefOrGetter, toValue } from "vue";

import { api, call } from "@/api/client";
import { keys, queryClient } from "@/api/query";
import type { Contact, ContactForm, ContactWrite, Duplicate, Page } from "@/api/types";

export interface ContactFilters {
  q?: string;
  sort?: string;
}

export function useContactList(filters: MaybeRefOrGetter<ContactFilters>) {
  return useInfiniteQuery({
    queryKey: computed(() => keys.contactList({ ...toValue(filters) })),
    queryFn: ({ pageParam }): Promise<Page<Contact>> =>
      call(api.GET("/api/contacts", { params: { query: { ...toValue(filters), limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
}

export function useContact(id: MaybeRefOrGetter<string>, placeholder?: () => Contact | undefined) {
  return useQuery({
    queryKey: computed(() => keys.contact(toValue(id))),
    queryFn: () => call(api.GET("/api/contacts/{contact_id}", { params: { path: { contact_id: toValue(id) } } })),
    enabled: computed(() => toValue(id) !== ""),
    placeholderData: placeholder,
  });
}

function adopt(contact: Contact): Contact {
  queryClient.setQueryData(keys.contact(contact.id), contact);
  void queryClient.invalidateQueries({ queryKey: keys.contacts });
  void queryClient.invalidateQueries({ queryKey: keys.conversations });
  return contact;
}

export async function updateContact(id: string, changes: ContactWrite): Promise<Contact> {
  const contact = adopt(await call(api.PATCH("/api/contacts/{contact_id}", { params: { path: { contact_id: id } }, body: changes })));
  void queryClient.invalidateQueries({ queryKey: ["conversation"] });
  return contact;
}

export async function createContact(form: ContactForm): Promise<Contact> {
  return adopt(await call(api.POST("/api/contacts", { body: form })));
}

export async function deleteContact(id: string): Promise<void> {
  await call(api.DELETE("/api/contacts/{contact_id}", { params: { path: { contact_id: id } } }));
  queryClient.removeQueries({ queryKey: keys.contact(id) });
  void queryClient.invalidateQueries({ queryKey: keys.contacts });
}

/** All pairs that may be one person, the newest proposals first. */
export function useDuplicates() {
  return useInfiniteQuery({
    queryKey: keys.duplicates,
    queryFn: ({ pageParam }): Promise<Page<Duplicate>> => call(api.GET("/api/contacts/duplicates", { params: { query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
  });
}

/** Who else the contact may be. Fetched anew when the contact changes: sharing a phone begins there. */
export function useDuplicatesOf(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.duplicatesOf(toValue(id))),
    queryFn: () => call(api.GET("/api/contacts/{contact_id}/duplicates", { params: { path: { contact_id: toValue(id) } } })),
    enabled: computed(() => toValue(id) !== ""),
  });
}

/** The other contact becomes part of this one: its conversations, deals and tasks, too. */
export async function mergeContacts(id: string, otherId: string): Promise<void> {
  adopt(await call(api.POST("/api/contacts/{contact_id}/merge", { params: { path: { contact_id: id } }, body: { other_id: otherId } })));
  void queryClient.invalidateQueries({ queryKey: ["contact"] });
  void queryClient.invalidateQueries({ queryKey: ["conversation"] });
}

export async function dismissDuplicate(id: string, otherId: string): Promise<void> {
  await call(api.POST("/api/contacts/{contact_id}/duplicates/dismiss", { params: { path: { contact_id: id } }, body: { other_id: otherId } }));
  void queryClient.invalidateQueries({ queryKey: ["contact"] });
  void queryClient.invalidateQueries({ queryKey: keys.duplicates });
}

export async function recordConsent(id: string, consent: { kind: "marketing"; granted: boolean; source: "operator" | "form"; text: string }): Promise<void> {
  adopt(await call(api.POST("/api/contacts/{contact_id}/consents", { params: { path: { contact_id: id } }, body: consent })));
}
