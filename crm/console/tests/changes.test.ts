import { expect, test } from "vitest";

import { flatChanges, shortened, wordDiff } from "@/features/assistant/changes";

test("a group of settings is told apart by what of it changed", () => {
  const changes = [
    { path: "skills", before: { order: true, status: true }, after: { order: true, status: false } },
    { path: "tone", before: "polite", after: "warm" },
    { path: "lead_form", before: [{ field: "phone" }], after: [{ field: "phone" }] },
  ];
  expect(flatChanges(changes)).toEqual([
    { path: "skills.status", before: true, after: false },
    { path: "tone", before: "polite", after: "warm" },
  ]);
});

const kinds = (before: string, after: string) => wordDiff(before, after).map(({ kind, text }) => `${{ same: "=", added: "+", removed: "-" }[kind]}${text}`);

test("words that went and came stand beside what stayed", () => {
  expect(kinds("Доставка 2 000 ₸, срок 3 дня", "Доставка 1 500 ₸, срок 3 дня")).toEqual(["=Доставка ", "-2 000", "+1 500", "= ₸, срок 3 дня"]);
  expect(kinds("same", "same")).toEqual(["=same"]);
  expect(kinds("", "new words")).toEqual(["+new words"]);
});

test("a difference loses nothing of either text", () => {
  const [before, after] = ["Не обещай скидок. Позови человека, если просят.", "Обещай скидки. Если просят человека: позови!"];
  const parts = wordDiff(before, after);
  expect(parts.filter(({ kind }) => kind !== "added").map(({ text }) => text).join("")).toBe(before);
  expect(parts.filter(({ kind }) => kind !== "removed").map(({ text }) => text).join("")).toBe(after);
});

test("long stretches that stayed are left out, the words beside a change are kept", () => {
  const long = "а".repeat(500);
  const parts = shortened([{ kind: "same", text: `${long}до ` }, { kind: "added", text: "новое" }, { kind: "same", text: ` после${long}` }], 10);
  expect(parts.map(({ text }) => text)).toEqual([`…${"а".repeat(7)}до `, "новое", ` после${"а".repeat(4)}…`]);
});
