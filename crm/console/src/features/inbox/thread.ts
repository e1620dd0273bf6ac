/** Puts the messages of a conversation in the order and groups in which a person reads them. */
import type { Message } from "@/api/types";

export type ThreadItem =
  | { type: "day"; key: string; at: string }
  | { type: "event"; key: string; message: Message }
  | { type: "message"; key: string; message: Message; first: boolean; last: boolean };

const GROUP_WITHIN = 5 * 60_000;

function sameGroup(one: Message | undefined, two: Message | undefined): boolean {
  return (
    !!one &&
    !!two &&
    one.kind !== "event" &&
    two.kind !== "event" &&
    (one.kind === "note") === (two.kind === "note") &&
    one.author.kind === two.author.kind &&
    one.author.user_id === two.author.user_id &&
    Math.abs(Date.parse(two.created_at) - Date.parse(one.created_at)) < GROUP_WITHIN
  );
}

/**
 * @param newestFirst the messages as the service gives them
 * @param dayOf the calendar day of a moment in the organisation's time zone
 */
export function threadItems(newestFirst: Message[], dayOf: (at: string) => string): ThreadItem[] {
  const messages = newestFirst.toReversed();
  const items: ThreadItem[] = [];
  let day = "";
  messages.forEach((message, index) => {
    const before = messages[index - 1];
    const after = messages[index + 1];
    const today = dayOf(message.created_at);
    const newDay = today !== day;
    if (newDay) {
      items.push({ type: "day", key: `day-${today}`, at: message.created_at });
      day = today;
    }
    if (message.kind === "event") {
      items.push({ type: "event", key: message.id, message });
      return;
    }
    items.push({
      type: "message",
      key: message.id,
      message,
      first: newDay || !sameGroup(before, message),
      last: !sameGroup(message, after) || (!!after && dayOf(after.created_at) !== today),
    });
  });
  return items;
}

/** The last line of an answer that rests on documents ("Source: Delivery"), apart from the answer itself. */
const SOURCE = /\n+((?:Источники?|Дереккөз(?:дер)?|Sources?): [^\n]+)\s*$/;

export function splitSource(message: { text?: string | null; author: Pick<Message["author"], "kind"> }): { text: string; source: string } {
  const text = message.text ?? "";
  const found = message.author.kind === "bot" ? SOURCE.exec(text) : null;
  return found ? { text: text.slice(0, found.index), source: found[1] ?? "" } : { text, source: "" };
}

/**
 * The question a message answers: what the customer said last before it, all of it that stood together. Words that ask nothing
 * ("call a person") give way to the newest that do.
 */
export function askedBefore(newestFirst: Message[], messageId: string): string {
  const earlier = newestFirst.slice(newestFirst.findIndex((message) => message.id === messageId) + 1);
  const said: string[][] = [];
  let group: string[] | null = null;
  for (const message of earlier) {
    if (message.kind === "event" || message.kind === "note") continue;
    if (message.direction !== "in") group = null;
    else if (message.text) {
      if (!group) said.push((group = []));
      group.unshift(message.text);
    }
  }
  const groups = said.map((texts) => texts.join("\n"));
  return groups.find((text) => text.includes("?")) ?? groups[0] ?? "";
}
