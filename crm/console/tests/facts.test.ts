import { expect, test } from "vitest";

import { changedFacts, factText } from "@/features/inbox/facts";

test("a changed fact keeps the others, and what is not known is not sent", () => {
  expect(changedFacts({ product: "tent", city: null, size: ["M", "L"] }, "product", "tent, green")).toEqual({ size: "M, L", product: "tent, green" });
});

test("nothing takes a fact away", () => {
  expect(changedFacts({ product: "tent", city: "Astana" }, "city", "")).toEqual({ product: "tent" });
});

test("values of any kind become one line", () => {
  expect(factText({ colour: "red", gift: true, note: null }, "yes", "no")).toBe("red, yes");
  expect(factText(0, "yes", "no")).toBe("0");
});
