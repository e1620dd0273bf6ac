import { expect, test } from "vitest";

import type { Board } from "@/api/types";
import { amountFrom } from "@/features/deals/amount";
import { moved } from "@/features/deals/board";

test.each([
  ["1 250 000 ₸", 1_250_000],
  ["109\u00a0900,00 тг", 109_900],
  ["22000", 22_000],
  ["99.5", 100],
  ["", null],
  ["сто", undefined],
  ["-5", undefined],
  ["₸", undefined],
])("%j is the amount %j", (text, amount) => {
  expect(amountFrom(text)).toBe(amount);
});

test("a moved deal takes its amount and its place along", () => {
  const deal = (id: string, amount: number) => ({ id, amount, stage_id: "new" });
  const board = {
    stages: [
      { stage: { id: "new" }, deals: [deal("a", 10), deal("b", 5)], count: 2, total_amount: 15 },
      { stage: { id: "won" }, deals: [deal("c", 1)], count: 1, total_amount: 1 },
    ],
  } as unknown as Board;
  const after = moved(board, "a", "won", "c").stages.map(({ deals, count, total_amount }) => [deals.map(({ id }) => id), count, total_amount]);
  expect(after).toEqual([
    [["b"], 1, 5],
    [["a", "c"], 2, 11],
  ]);
});
