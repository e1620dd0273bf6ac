import { describe, expect, it } from "vitest";

import { nameOf } from "../src/features/contacts/names";
import { guidePieces } from "../src/features/channels/guide";
import { recipientOf } from "../src/features/inbox/mail";

const message = (direction: "in" | "out", data = {}, chat = "t0ken:aigul@mail.kz") => ({ chat_id: chat, direction, data });

describe("recipientOf", () => {
  it("takes the address of the chat", () => {
    expect(recipientOf([message("out"), message("in")])).toEqual({ address: "aigul@mail.kz", writer: null });
  });
  it("tells who the newest mail says it is from", () => {
    const found = recipientOf([message("out"), message("in", { writer: "Айгүл <aigul@mail.kz>" }), message("in")]);
    expect(found?.writer).toBe("Айгүл <aigul@mail.kz>");
    expect(recipientOf([message("in"), message("in", { writer: "x@y.kz" })])?.writer).toBeNull();
  });
  it("is silent where nobody can be answered", () => {
    expect(recipientOf([])).toBeNull();
    expect(recipientOf([message("in", {}, "t0ken:unknown@invalid")])).toBeNull();
    expect(recipientOf([message("in", {}, "77010000501")])).toBeNull();
  });
});

describe("nameOf", () => {
  it("prefers the name people gave to the profile's", () => {
    const identities = [{ profile_name: null }, { profile_name: "Aigul S" }] as never;
    expect(nameOf({ name: "Айгүл", identities })).toBe("Айгүл");
    expect(nameOf({ name: null, identities })).toBe("Aigul S");
    expect(nameOf(null)).toBe("");
  });
});

describe("guidePieces", () => {
  const links = (step: string) => guidePieces(step).filter(({ kind }) => kind === "link").map(({ text }) => text);
  it("finds addresses, and no names that look like them", () => {
    expect(links("Откройте developers.facebook.com, создайте приложение.")).toEqual(["developers.facebook.com"]);
    expect(links("Gmail: myaccount.google.com/apppasswords (нужна проверка). Mail.ru: account.mail.ru → Пароли.")).toEqual(["myaccount.google.com/apppasswords", "account.mail.ru"]);
    expect(links("Почта info@company.kz")).toEqual([]);
  });
  it("marks what is to be typed as it stands, and loses nothing", () => {
    const step = "Права whatsapp_business_messaging и /newbot.";
    expect(guidePieces(step).filter(({ kind }) => kind === "code").map(({ text }) => text)).toEqual(["whatsapp_business_messaging", "/newbot"]);
    expect(guidePieces(step).map(({ text }) => text).join("")).toBe(step);
  });
});
