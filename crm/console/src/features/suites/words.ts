/** Expectations, and how they were not met, as words. */
import { useI18n } from "vue-i18n";

import type { Expect, Result } from "@/api/types";
import { useTraceWords } from "@/features/trace/words";
import { LANGUAGES } from "@/i18n";

export function useSuiteWords() {
  const { t, te } = useI18n();
  const { intentName } = useTraceWords();

  const quoted = (values: readonly unknown[]) => values.map((value) => `«${String(value)}»`).join(", ");
  const languageName = (code: unknown) => LANGUAGES.find((one) => one.code === code)?.name ?? String(code ?? "");

  function valueWords(kind: string, value: unknown): string {
    if (value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) return t(`suites.nothing.${kind === "cites" ? "cites" : "any"}`);
    if (kind === "language") return languageName(value);
    if (kind === "intent") return intentName(String(value));
    if (typeof value === "boolean") return t(`suites.expect.${kind}.${value ? "yes" : "no"}`);
    if (Array.isArray(value)) return quoted(value);
    return typeof value === "string" && (kind === "contains" || kind === "not_contains" || kind === "cites") ? `«${value}»` : String(value);
  }

  /** Each expectation of a case as one short line. */
  function expectations(expect: Expect): string[] {
    const lines: string[] = [];
    if (expect.contains?.length) lines.push(t("suites.expect.contains.is", { what: quoted(expect.contains) }));
    if (expect.not_contains?.length) lines.push(t("suites.expect.not_contains.is", { what: quoted(expect.not_contains) }));
    if (expect.cites?.length) lines.push(t("suites.expect.cites.is", { what: quoted(expect.cites) }));
    if (expect.declines != null) lines.push(t(`suites.expect.declines.${expect.declines ? "yes" : "no"}`));
    if (expect.hands_over != null) lines.push(t(`suites.expect.hands_over.${expect.hands_over ? "yes" : "no"}`));
    if (expect.language) lines.push(t("suites.expect.language.is", { what: languageName(expect.language) }));
    if (expect.intent) lines.push(t("suites.expect.intent.is", { what: intentName(expect.intent) }));
    return lines;
  }

  /** "The answer must contain «1 500»" and what it was instead. */
  function failureWords(failure: Result["failures"][number]): { expected: string; got: string } {
    const { kind } = failure;
    const what = valueWords(kind, failure.expected);
    const expected = te(`suites.expect.${kind}.is`) ? t(`suites.expect.${kind}.is`, { what }) : te(`suites.expect.${kind}.yes`) ? what : `${kind}: ${what}`;
    return { expected, got: valueWords(kind, failure.got) };
  }

  return { expectations, failureWords };
}
