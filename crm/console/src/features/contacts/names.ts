/** How a contact is called. */
import type { Contact } from "@/api/types";

/** The name that people gave, else the one a messenger's profile has. */
export function nameOf(contact: Partial<Pick<Contact, "name" | "identities">> | null | undefined): string {
  return contact?.name || profileName(contact);
}

export function profileName(contact: Partial<Pick<Contact, "identities">> | null | undefined): string {
  return contact?.identities?.find((one) => one.profile_name)?.profile_name ?? "";
}
