/** Expectations, and how they were not met, as words. */
import { useI18n } from "vue-i18n";

import type { Expect, Result } from "@/api/types";
import { useTraceWords } from "@/features/trace/words";
import { LANGUAGES } from "@/i18n";

export function useSuiteWords() {
  const { t, te } = useI18n();
  const { intentName } = useTraceWords();

  const quoted = (values: readonly unknown[]) => values.map((value) => t("common.quoted", { text: String(value) })).join(", ");
  const languageName = (code: string) => LANGUAGES.find((one) => one.code === code)?.name ?? code;

  /** "lead (product: tent); handoff" with the kinds in the person's language. */
  function doings(told: string): string {
    const words = told.split("; ").map((one) => {
      const kind = /^[a-z]+/.exec(one)?.[0] ?? "";
      return te(`suites.effects.${kind}`) ? one.replace(kind, t(`suites.effects.${kind}`)) : one;
    });
    return words.join("; ");
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
    for (const effect of expect.effects ?? []) lines.push(t("suites.expect.effects.is", { what: [t(`suites.effects.${effect.kind}`), ...Object.values(effect.data ?? {})].join(", ") }));
    return lines;
  }

  /** "The answer contains «1 500»" and what it was instead. */
  function failureWords({ check, expected, got, detail }: Result["failures"][number]): { expected: string; got: string } {
    switch (check) {
      case "contains":
      case "not_contains":
        return { expected: t(`suites.expect.${check}.is`, { what: quoted([expected]) }), got: got || t("suites.nothing.any") };
      case "cites":
        return { expected: t("suites.expect.cites.is", { what: quoted([expected]) }), got: got || t("suites.nothing.cites") };
      case "declines":
        return { expected: t(`suites.expect.declines.${expected === "yes" ? "yes" : "no"}`), got: got || t("suites.nothing.any") };
      case "hands_over":
        return { expected: t(`suites.expect.hands_over.${expected === "yes" ? "yes" : "no"}`), got: got ? doings(got) : t("suites.nothing.done") };
      case "language":
        return { expected: t("suites.expect.language.is", { what: languageName(expected) }), got: languageName(got) };
      case "intent":
        return { expected: t("suites.expect.intent.is", { what: intentName(expected) }), got: intentName(got) || t("suites.nothing.any") };
      case "effects":
        return { expected: t("suites.expect.effects.is", { what: doings(expected) }), got: got ? doings(got) : t("suites.nothing.done") };
      default:
        return { expected: detail || expected, got };
    }
  }

  /** Why a case or a conversation could not be run; the service names the provider's codes at its end. */
  function errorWords(error: string): string {
    const codes = [...error.matchAll(/\b[a-z]+(?:_[a-z]+)*(?=[,.])/g)].map(([code]) => code).filter((code) => te(`llm.errors.${code}`));
    return codes.length ? codes.map((code) => t(`llm.errors.${code}`)).join(" ") : te(`errors.${error}`) ? t(`errors.${error}`) : error;
  }

  return { expectations, failureWords, errorWords };
}
