/** What the bot has learned in a conversation, as rows that a person reads and changes. */
import type { Conversation } from "@/api/types";

/** What people add by hand. The name, phone and e-mail stand on the contact's own card. */
export const ADDABLE = ["product", "quantity", "budget", "city", "address", "order_number", "topic", "comment"] as const;

/** A value as one line of text; what is not known (null, nothing) gives nothing. */
export function factText(value: unknown, yes: string, no: string): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? yes : no;
  if (typeof value !== "object") return String(value);
  return Object.values(value)
    .map((part) => factText(part, yes, no))
    .filter(Boolean)
    .join(", ");
}

/**
 * All facts with one of them changed, for the service, which replaces them all.
 *
 * @param value nothing takes the fact away
 */
export function changedFacts(facts: Conversation["facts"], key: string, value: string): Record<string, string> {
  const texts = Object.entries(facts ?? {}).map(([name, old]) => [name, factText(old, "true", "false")] as const);
  return Object.fromEntries([...texts.filter(([name, text]) => name !== key && text), ...(value ? [[key, value] as const] : [])]);
}
