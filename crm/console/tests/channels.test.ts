import { expect, test } from "vitest";

import { qrMatrix } from "@/features/channels/qr";
import { type Field, formFields, parted, presetsOf } from "@/features/channels/schema";
import { filled, pieces } from "@/features/channels/template";
import { reachNow } from "@/features/inbox/composer/reach";
import { refusal } from "@/features/inbox/composer/limits";
import { arranged } from "@/features/inbox/files";
import type { Attachment, Capabilities } from "@/api/types";

const NOW = Date.parse("2026-11-22T10:00:00Z");
const reach = (more: object) => ({ reachable: true, reach: { open: true, code: null, until: null, templates: true, tag: null, ...more } });

test("a window that has passed on the screen is closed before the service says so", () => {
  expect(reachNow(reach({ until: "2026-11-22T09:59:59Z" }), NOW)).toMatchObject({ open: false, code: "window_closed", templates: true });
});

test("the last hour is counted down, more is not", () => {
  expect(reachNow(reach({ until: "2026-11-22T10:30:00Z" }), NOW).left).toBe(1_800_000);
  expect(reachNow(reach({ until: "2026-11-22T12:00:00Z" }), NOW)).toMatchObject({ open: true, left: null, until: "2026-11-22T12:00:00Z" });
});

const capabilities = {
  media: [
    { kind: "image", max_bytes: 1_000, mimes: ["image/png"] },
    { kind: "document", max_bytes: 5_000, mimes: ["application/pdf", "image/tiff"] },
  ],
} as Capabilities;

test("what a channel refuses is said before a byte is sent", () => {
  expect(refusal({ size: 900, type: "image/png" }, capabilities)).toBeNull();
  expect(refusal({ size: 1_001, type: "image/png" }, capabilities)?.code).toBe("channel_file_too_large");
  expect(refusal({ size: 4_000, type: "image/tiff" }, capabilities)).toBeNull();
  expect(refusal({ size: 10, type: "text/html" }, capabilities)?.code).toBe("channel_refuses_type");
  expect(refusal({ size: 10, type: "image/png" }, { media: [] } as unknown as Capabilities)?.code).toBe("channel_takes_no_files");
});

test("a template's words are filled in by name, and keep their names where nothing is given", () => {
  expect(pieces("Hello {{name}}, {{2}}!", ["name", "2"], ["Aru", ""])).toEqual([
    { text: "Hello " },
    { text: "Aru", variable: "name" },
    { text: ", " },
    { text: "2", variable: "2" },
    { text: "!" },
  ]);
  expect(filled("{{1}} {{1}}", ["1"], ["да"])).toBe("да да");
});

test("files keep their place among the message's, by which they are fetched again", () => {
  const file = (more: Partial<Attachment>) => ({ kind: "document", state: "stored", file_id: "a", inline: false, ...more }) as Attachment;
  const { pictures, rest } = arranged([file({}), file({ kind: "image" }), file({ kind: "image", state: "failed" }), file({ kind: "image", inline: true })], true);
  expect(pictures.map((one) => one.place)).toEqual([1]);
  expect(rest.map((one) => one.place)).toEqual([0, 2]);
});

test("an address of a known provider names its servers", () => {
  const schema = { "x-presets": { field: "address", by_domain: { "mail.ru": { imap_host: "imap.mail.ru" } } } };
  expect(presetsOf(schema, { address: "a@Mail.ru" })).toEqual({ imap_host: "imap.mail.ru" });
  expect(presetsOf(schema, { address: "a@own.kz" })).toBeUndefined();
});

test("a long form shows what must be filled in, and folds the rest", () => {
  const properties = Object.fromEntries([..."abcdefgh"].map((name) => [name, { type: "string" }]));
  const { main, more } = parted(formFields({ properties, required: ["h"] }, "en"));
  const names = (fields: Field[]) => fields.map((field) => field.path[0]).join("");
  expect([names(main), names(more)]).toEqual(["abch", "defg"]);
});

test("a code grows with its text, and has its three finders", () => {
  const small = qrMatrix("https://t.me/shop_bot");
  const large = qrMatrix(`https://wa.me/77011234567?text=${"x".repeat(120)}`);
  expect([small?.length, large?.length]).toEqual([25, 49]);
  for (const [x, y] of [[0, 0], [18, 0], [0, 18]] as const) {
    expect([0, 1, 2, 3, 4, 5, 6].map((step) => small?.[y]?.[x + step])).toEqual([true, true, true, true, true, true, true]);
    expect([0, 1, 2, 3, 4, 5, 6].map((step) => small?.[y + 1]?.[x + step])).toEqual([true, false, false, false, false, false, true]);
  }
  expect(qrMatrix("x".repeat(400))).toBeNull();
});
