import { expect, test } from "vitest";

import type { Expect, GateSuite, Llm, Message, Side } from "@/api/types";
import { askedBefore } from "@/features/inbox/thread";
import { pagesText, validity } from "@/features/knowledge/pages";
import { isReadable } from "@/features/knowledge/files";
import { errorsOf, fieldsOf as llmFields, keyState, updateOf } from "@/features/privacy/llm";
import { caseOf, expectsNothing, fieldsOf } from "@/features/suites/expect";
import { readCsv } from "@/features/suites/csv";
import { apart, isAlike, VERDICTS } from "@/features/suites/replay";
import { colourOf, gateColour, shareOf, together } from "@/features/suites/runs";
import { byteParts, formatCost } from "@/i18n/written";

test("a case goes through its form unchanged", () => {
  const one = {
    name: "Уточнение",
    turns: ["Сколько доставка?", "А в Астану?"],
    expect: { contains: ["1 500"], not_contains: [], cites: ["dostavka.md"], declines: false, hands_over: null, language: "ru" as const, intent: null, effects: [{ kind: "lead" as const, data: { product: "палатка" } }] },
  };
  expect(caseOf(fieldsOf(one))).toEqual(one);
});

test("a detail stays while its kind is chosen, and goes with it", () => {
  const fields = fieldsOf({ name: null, turns: ["Хочу палатку"], expect: { effects: [{ kind: "lead", data: { product: "палатка" } }] } as unknown as Expect });
  expect(caseOf({ ...fields, effects: ["lead", "handoff"] }).expect.effects).toEqual([{ kind: "lead", data: { product: "палатка" } }, { kind: "handoff", data: {} }]);
  expect(caseOf({ ...fields, effects: ["handoff"] }).expect.effects).toEqual([{ kind: "handoff", data: {} }]);
});

test("several runs are paid for together, and an unknown price makes the sum unknown", () => {
  const one = { messages: 2, calls: 4, cost: 0.1, currency: "USD" };
  expect(together([one, one])).toEqual({ messages: 4, calls: 8, cost: 0.2, currency: "USD" });
  expect(together([one, { ...one, cost: null }]).cost).toBeNull();
  expect(together([{ messages: 1, calls: 0, cost: null, currency: null }])).toMatchObject({ calls: 0, cost: 0 });
});

test("a suite that has not seen this draft is neither green nor red", () => {
  expect(gateColour({ green: null, run: null })).toBe("not_run");
  expect(gateColour({ green: null, run: { state: "running" } as unknown as GateSuite["run"] })).toBe("running");
  expect(gateColour({ green: false, run: { state: "done" } as unknown as GateSuite["run"] })).toBe("red");
});

test("a case that expects nothing is not one", () => {
  const fields = fieldsOf();
  expect(expectsNothing(caseOf(fields))).toBe(true);
  expect(expectsNothing(caseOf({ ...fields, declines: "no" }))).toBe(false);
});

test("a run is green only when all of it ran and passed", () => {
  expect(colourOf({ state: "done", failed: 0 })).toBe("green");
  expect(colourOf({ state: "done", failed: 1 })).toBe("red");
  expect(colourOf({ state: "cancelled", failed: 0 })).toBe("not_run");
  expect(colourOf({ state: "queued", failed: 0 })).toBe("running");
  expect(shareOf({ done: 1, total: 3 })).toBe(33);
  expect(shareOf({ done: 0, total: 0 })).toBeNull();
});

test("a table saved in the old code page is read as well", async () => {
  expect(await readCsv(new Blob([new Uint8Array([0xd6, 0xe5, 0xed, 0xe0])]))).toBe("Цена");
  expect(await readCsv(new Blob(["Бағасы"]))).toBe("Бағасы");
});

test("pages are written the way people write them", () => {
  expect(pagesText([9, 3, 7, 8, 3])).toBe("3, 7–9");
  expect(pagesText([1, 2])).toBe("1, 2");
});

test("validity counts both its first and its last day", () => {
  expect(validity("2026-11-22", "2026-11-22", "2026-11-22")).toBe("now");
  expect(validity("2026-11-22", "2026-11-23", null)).toBe("later");
  expect(validity("2026-11-22", null, "2026-11-21")).toBe("over");
});

test("files are known by their ending, in any case", () => {
  expect(isReadable("Прайс.XLSX")).toBe(true);
  expect(isReadable("virus.exe")).toBe(false);
});

test("a key is sent only when a new one was typed, and prices stay with their model", () => {
  const prices = { input: 0.4, output: 1.6, currency: "USD" };
  const fallback = { model: "ollama:qwen3", base_url: "http://10.0.0.5:11434", has_api_key: true, prices };
  const llm = { model: "openai:gpt-4.1-mini", base_url: null, has_api_key: true, fallback, embeddings: null, prices, monthly_limit: null } as unknown as Llm;
  const fields = llmFields(llm);
  expect(updateOf(fields)).toEqual({
    model: "openai:gpt-4.1-mini",
    base_url: null,
    prices,
    fallback: { model: "ollama:qwen3", base_url: "http://10.0.0.5:11434", prices },
    embeddings: null,
    monthly_limit: null,
  });
  expect(updateOf({ ...fields, fallback: { ...fields.fallback, api_key: "sk-1" } }).fallback).toMatchObject({ api_key: "sk-1" });
  expect(updateOf({ ...fields, fallback: { ...fields.fallback, model: " " } }).fallback).toBeNull();
});

test("small costs keep two digits that count", () => {
  expect(formatCost(0.00114, "USD", "ru-RU")).toBe("0,0011\u00a0$");
  expect(formatCost(16.842, "USD", "en-GB")).toBe("16.84\u00a0$");
  expect(formatCost(1234.5, "KZT", "en-GB")).toBe("1,235\u00a0₸");
  expect(byteParts(8_420_000)).toEqual({ value: 8.4, unit: "mb" });
  expect(byteParts(12)).toEqual({ value: 1, unit: "kb" });
});

test("an article asks what the customer asked last, all of it", () => {
  const message = (id: string, direction: string, text: string, kind = "text") => ({ id, direction, text, kind, author: {} }) as unknown as Message;
  const newestFirst = [message("a", "out", "Да"), message("n", "out", "заметка", "note"), message("q2", "in", "и сколько?"), message("q1", "in", "Есть палатки?"), message("b", "out", "Здравствуйте"), message("q0", "in", "Привет")];
  expect(askedBefore(newestFirst, "a")).toBe("Есть палатки?\nи сколько?");
  expect(askedBefore([message("a", "out", "Да")], "a")).toBe("");
  const handedOver = [message("a", "out", "Да"), message("q2", "in", "Позовите человека"), message("b", "out", "Не знаю"), message("q1", "in", "Есть палатки?")];
  expect(askedBefore(handedOver, "a")).toBe("Есть палатки?");
  expect(askedBefore(handedOver.slice(0, 2), "a")).toBe("Позовите человека");
});

test("of a replayed answer only what differs stands beside the words", () => {
  const side = (effects: string[], documents: string[], skill = "answer") => ({ texts: [], effects, documents, skill, refused: skill === "refuse" }) as unknown as Side;
  expect(apart(side(["lead", "task"], ["a.md"]), side(["task", "lead"], ["b.md"]))).toEqual({ effects: [], documents: ["a.md"], skill: null, refused: false });
  expect(apart(side(["handoff"], [], "refuse"), side([], []))).toEqual({ effects: ["handoff"], documents: [], skill: "refuse", refused: true });
  expect(apart(null, side(["handoff"], []))).toEqual({ effects: [], documents: [], skill: null, refused: false });
  expect(VERDICTS.filter(isAlike)).toEqual(["reworded", "same"]);
});

test("a stored key stays with the provider and the address it was typed for", () => {
  const stored = { model: "openai:gpt-4.1-mini", base_url: null, prices: null, has_api_key: true };
  const fields = { model: "openai:gpt-4.1", base_url: "", api_key: "", price_input: null, price_output: null };
  expect(keyState(fields, stored)).toBe("kept");
  expect(keyState({ ...fields, base_url: "https://elsewhere.example/v1" }, stored)).toBe("dropped");
  expect(keyState({ ...fields, model: "ollama:qwen3" }, stored)).toBe("dropped");
  expect(keyState(fields, { ...stored, has_api_key: false })).toBe("none");
});

test("a refusal stands at the model it is about", () => {
  const messages = { fallback: "x", "fallback.base_url": "private", prices: "missing" };
  expect(errorsOf(messages, "fallback.").base_url).toBe("private");
  expect(errorsOf(messages, "").base_url).toBe("");
  expect(errorsOf(messages, "").input).toBe("missing");
});
