/** Values of an assistant's content as words. */
import { useI18n } from "vue-i18n";

import type { LeadField } from "@/api/types";
import { LANGUAGES } from "@/i18n";
import { useFormat } from "@/i18n/format";

export const SKILLS = ["answer", "order", "callback", "status", "complaint", "feedback", "human"] as const;
export const LEAD_FIELDS = ["product", "name", "phone", "email", "quantity", "city", "comment"] as const;

export function useContentWords() {
  const { t, te } = useI18n();
  const format = useFormat();

  /** "greeting.ru" -> "Greeting, Русский". */
  function pathName(path: string): string {
    if (te(`assistant.paths.${path}`)) return t(`assistant.paths.${path}`);
    const [head = "", ...rest] = path.split(".");
    const language = LANGUAGES.find((one) => one.code === rest[0])?.name;
    const name = te(`assistant.paths.${head}.self`) ? t(`assistant.paths.${head}.self`) : te(`assistant.paths.${head}`) ? t(`assistant.paths.${head}`) : head;
    return rest.length ? `${name}: ${language ?? rest.join(" ")}` : name;
  }

  const leadField = (field: LeadField) => `${t(`assistant.lead.fields.${field.field}`)}${field.required ? "" : ` (${t("assistant.lead.optional")})`}`;

  function valueWords(path: string, value: unknown): string {
    if (value === null || value === undefined || value === "") return t(path === "model.name" ? "assistant.model.organizations" : "common.empty");
    if (typeof value === "boolean") return t(value ? "assistant.on" : "assistant.off");
    if (typeof value === "number") return format.number(value);
    if (path === "handoff.outside_hours") return t(`assistant.handoff.outside.${String(value)}`);
    if (path === "default_language") return LANGUAGES.find((one) => one.code === value)?.name ?? String(value);
    if (Array.isArray(value)) {
      if (value.length === 0) return t("common.empty");
      return value
        .map((item) => (typeof item === "object" && item !== null ? leadField(item as LeadField) : path === "languages" ? (LANGUAGES.find((one) => one.code === item)?.name ?? String(item)) : String(item)))
        .join(", ");
    }
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  }

  return { pathName, valueWords };
}
