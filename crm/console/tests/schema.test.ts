import { expect, test } from "vitest";

import { choiceHelp, formFields, initialValues, type JsonSchema, sentValues } from "@/features/channels/schema";

const schema: JsonSchema = {
  required: ["token"],
  properties: {
    token: { type: "string", writeOnly: true, "x-labels": { kk: { title: "Бот токені" } }, title: "Token" },
    side: { type: "string", enum: ["right", "left"], default: "right" },
  },
};

test("fields speak the person's language, else the schema's own", () => {
  expect(formFields(schema, "kk")[0]).toMatchObject({ title: "Бот токені", control: "secret", required: true });
  expect(formFields(schema, "ru")[0]?.title).toBe("Token");
});

test("an empty secret is not sent, so that the stored one stays", () => {
  const fields = formFields(schema, "en");
  expect(sentValues(fields, initialValues(fields))).toEqual({ side: "right" });
});

test("help never shows the stored names of options", () => {
  const options = [
    { value: "right", label: "Справа" },
    { value: "left", label: "Слева" },
  ];
  expect(choiceHelp("right — справа, left — слева", options)).toBe("");
  expect(choiceHelp("auto: сами решим", [{ value: "auto", label: "Автоматически" }, ...options])).toBe("Автоматически: сами решим");
});
