import { expect, test } from "vitest";

import type { Message } from "@/api/types";
import { splitSource, threadItems } from "@/features/inbox/thread";

function message(id: string, at: string, changes: object = {}): Message {
  return { id, kind: "text", text: id, created_at: at, author: { kind: "contact", user_id: null, name: null }, ...changes } as unknown as Message;
}
const dayOf = (at: string) => at.slice(0, 10);

test("messages of one author within minutes stand together, and a new day parts them", () => {
  const newestFirst = [
    message("d", "2026-11-22T00:01:00Z"),
    message("c", "2026-11-21T23:59:00Z"),
    message("b", "2026-11-21T23:40:00Z"),
    message("a", "2026-11-21T23:38:00Z"),
  ];
  const items = threadItems(newestFirst, dayOf).map((item) => (item.type === "message" ? [item.key, item.first, item.last] : item.key));
  expect(items).toEqual(["day-2026-11-21", ["a", true, false], ["b", false, true], ["c", true, true], "day-2026-11-22", ["d", true, true]]);
});

test("an event parts a group", () => {
  const items = threadItems([message("b", "2026-11-21T10:02:00Z"), message("e", "2026-11-21T10:01:00Z", { kind: "event" }), message("a", "2026-11-21T10:00:00Z")], dayOf);
  expect(items.map((item) => item.type)).toEqual(["day", "message", "event", "message"]);
  expect(items[1]).toMatchObject({ first: true, last: true });
});

test.each(["Источник: FAQ", "Дереккөз: Жеткізу", "Source: Delivery"])("the source %s stands apart from the bot's answer", (source) => {
  expect(splitSource(message("m", "", { text: `1 500 ₸\n\n${source}`, author: { kind: "bot" } }))).toEqual({ text: "1 500 ₸", source });
});

test("a customer's words are never taken for a source", () => {
  const text = "Смотрите\n\nИсточник: соседка";
  expect(splitSource(message("m", "", { text }))).toEqual({ text, source: "" });
});
