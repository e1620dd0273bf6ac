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

  /** "an order is taken (product: tent); a person is called" */
  function doings(effects: readonly { kind: string; data: Record<string, unknown> }[]): string {
    const words = effects.map(({ kind, data }) => {
      const details = Object.entries(data).flatMap(([name, value]) => (te(`facts.${name}`) && (typeof value === "string" || typeof value === "number") && value !== "" ? [`${t(`facts.${name}`)}: ${value}`] : []));
      return [te(`suites.effects.${kind}`) ? t(`suites.effects.${kind}`) : kind, details.length ? `(${details.join(", ")})` : ""].filter(Boolean).join(" ");
    });
    return words.join("; ") || t("suites.nothing.done");
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

  /** "The answer contains «1 500»", and what was there instead where the answer itself does not show it. */
  function failureWords({ code, expected, got, detail, wanted, done }: Result["failures"][number]): { expected: string; got: string } {
    switch (code) {
      case "text_missing":
        return { expected: t("suites.expect.contains.is", { what: quoted([expected]) }), got: "" };
      case "text_forbidden":
        return { expected: t("suites.expect.not_contains.is", { what: quoted([expected]) }), got: "" };
      case "document_not_cited":
        return { expected: t("suites.expect.cites.is", { what: quoted([expected]) }), got: got || t("suites.nothing.cites") };
      case "answered":
        return { expected: t("suites.expect.declines.yes"), got: "" };
      case "declined":
        return { expected: t("suites.expect.declines.no"), got: "" };
      case "not_handed_over":
        return { expected: t("suites.expect.hands_over.yes"), got: doings(done ?? []) };
      case "handed_over":
        return { expected: t("suites.expect.hands_over.no"), got: doings(done ?? []) };
      case "wrong_language":
        return { expected: t("suites.expect.language.is", { what: languageName(expected) }), got: languageName(got) };
      case "wrong_intent":
        return { expected: t("suites.expect.intent.is", { what: intentName(expected) }), got: intentName(got) || t("suites.nothing.any") };
      case "not_done":
        return { expected: t("suites.expect.effects.is", { what: doings(wanted ? [wanted] : []) }), got: doings(done ?? []) };
      default:
        return { expected: detail || expected, got };
    }
  }

  /** Why a case or a conversation could not be run: what the provider did, where that is known. */
  function errorWords({ error, error_reasons: reasons, error_detail: detail }: Pick<Result, "error" | "error_reasons" | "error_detail">): string {
    const known = reasons.filter((code) => te(`llm.errors.${code}`)).map((code) => t(`llm.errors.${code}`));
    const what = te(`errors.${error}`) ? t(`errors.${error}`) : detail || (error ?? "");
    return [what, ...known].join(" ");
  }

  return { expectations, failureWords, errorWords };
}
