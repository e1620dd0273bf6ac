/** The parts of a trace as words. */
import { useI18n } from "vue-i18n";

import type { AnswerCheck, Effect } from "@/api/types";
import { useFormat } from "@/i18n/format";

export function useTraceWords() {
  const { t, te } = useI18n();
  const format = useFormat();

  function intentName(name: string | null | undefined): string {
    if (!name) return "";
    return te(`intents.${name}`) ? t(`intents.${name}`) : name;
  }

  function skillName(name: string | null | undefined): string {
    const key = [`skills.${name}`, `intents.${name}`].find((one) => te(one));
    return key ? t(key) : (name ?? "");
  }

  /** What would have happened, were this a customer: "A deal: Samal City bicycle". */
  function effectWords(effect: Effect): string {
    const data = effect.data as Record<string, unknown>;
    const said = ["title", "product", "text", "reason", "name", "phone", "rating"].map((name) => data[name]).find((value) => typeof value === "string" || typeof value === "number");
    const reason = te(`inbox.reasons.${String(said)}`) ? t(`inbox.reasons.${String(said)}`) : said;
    const name = te(`trace.effects.${effect.kind}`) ? t(`trace.effects.${effect.kind}`) : effect.kind;
    return reason === undefined ? name : `${name}: ${reason}`;
  }

  const checkName = (name: string) => (te(`trace.checks.${name}`) ? t(`trace.checks.${name}`) : name.replaceAll("_", " "));

  /** What a failed check found: a code in words, or the sentences and marks themselves. */
  function checkDetail({ name, detail }: AnswerCheck): string {
    if (!detail || detail === "no") return "";
    if (name === "judge") return t("trace.details.no_verdict");
    if (te(`trace.details.${detail}`)) return t(`trace.details.${detail}`);
    return te(`trace.found.${name}`) ? t(`trace.found.${name}`, { what: detail }) : detail;
  }

  const providerWords = (code: string) => (te(`llm.errors.${code}`) ? t(`llm.errors.${code}`) : code);

  return { providerWords, intentName, skillName, effectWords, checkName, checkDetail, percent: format.percent };
}
