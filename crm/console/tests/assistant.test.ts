import { expect, test } from "vitest";

import { movedBy } from "@/features/assistant/lead";
import { changedFields, rebase } from "@/features/assistant/rebase";
import { completeVariable, openVariable, unknownVariables } from "@/features/assistant/variables";
import { markerCounts, maskedParts } from "@/features/trace/masked";

const base = { name: "Ару", tone: "вежливо", languages: ["ru"] };

test("two people who change different fields both keep their words", () => {
  const { content, clashes } = rebase(base, { ...base, tone: "тепло" }, { ...base, name: "Дана" });
  expect(content).toEqual({ ...base, name: "Дана", tone: "тепло" });
  expect(clashes).toEqual([]);
});

test("the same field changed to different things is a clash, to the same thing is none", () => {
  expect(rebase(base, { ...base, tone: "тепло" }, { ...base, tone: "строго" })).toEqual({ content: { ...base, tone: "тепло" }, clashes: ["tone"] });
  expect(rebase(base, { ...base, tone: "тепло" }, { ...base, tone: "тепло" }).clashes).toEqual([]);
});

test("only what changed is sent", () => {
  expect(changedFields(base, { ...base, languages: ["ru", "kk"] })).toEqual({ languages: ["ru", "kk"] });
});

test("a brace opens the variables, and a choice takes the place of what was typed", () => {
  const text = "Привет от {com сегодня";
  const open = openVariable(text, 14);
  expect(open).toEqual({ start: 10, term: "com" });
  expect(completeVariable(text, 14, open ?? { start: 0, term: "" }, "company")).toEqual({ text: "Привет от {company} сегодня", caret: 19 });
  expect(openVariable("{company} и", 11)).toBeNull();
});

test("a half-written name and its brace are replaced, not doubled", () => {
  expect(completeVariable("{tod}", 3, { start: 0, term: "to" }, "today")).toEqual({ text: "{today}", caret: 7 });
});

test("unknown variables are named once", () => {
  expect(unknownVariables("{company}, {compny}, {compny} {1}", ["company"])).toEqual(["compny"]);
});

test("a field moves by one place and never out of the list", () => {
  expect(movedBy(["a", "b", "c"], 2, -1)).toEqual(["a", "c", "b"]);
  expect(movedBy(["a", "b"], 0, -1)).toEqual(["a", "b"]);
});

test("markers stand apart from the words around them", () => {
  expect(maskedParts("Я <PERSON_1>, <br> 8")).toEqual([
    { text: "Я ", kind: null },
    { text: "<PERSON_1>", kind: "PERSON" },
    { text: ", <br> 8", kind: null },
  ]);
  expect(markerCounts("<PHONE_0> <PHONE_1> <PHONE_1> <PHONE_2> <IIN_1>")).toEqual({ PHONE: 2, IIN: 1 });
});
