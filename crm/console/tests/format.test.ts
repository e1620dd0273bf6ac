import { expect, test } from "vitest";

import { formatMoney, formatPhone, fromZonedLocal, zonedParts } from "@/i18n/written";

test("clocks show the organisation's zone, and lead back to the same moment", () => {
  const parts = zonedParts(new Date("2026-11-21T19:30:00Z"), "Asia/Almaty");
  expect(parts).toMatchObject({ key: "2026-11-22", date: "22.11.2026", time: "00:30" });
  expect(fromZonedLocal(parts.local, "Asia/Almaty").toISOString()).toBe("2026-11-21T19:30:00.000Z");
});

test("a time after a change of the zone's offset is right", () => {
  // Berlin leaves summer time on 25 October 2026 at 03:00.
  expect(fromZonedLocal("2026-10-25T09:00", "Europe/Berlin").toISOString()).toBe("2026-10-25T08:00:00.000Z");
});

test("money and phones are written as people write them", () => {
  expect(formatMoney(1_250_000)).toBe("1\u00a0250\u00a0000\u00a0₸");
  expect(formatMoney(null)).toBe("");
  expect(formatPhone("+77011234567")).toBe("+7 701 123 45 67");
  expect(formatPhone("+4915112345678")).toBe("+4915112345678");
});
