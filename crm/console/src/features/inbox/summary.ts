/** Summaries as people read them. */
import { useI18n } from "vue-i18n";

import { formatPhone } from "@/i18n/format";

export function useSummaryWords() {
  const { t, te } = useI18n();

  /** Facts come as lines "product: tent", by the names under which they are stored. */
  function summaryWords(text: string): string {
    return text.replace(/^([a-z][a-z_]*): (.+)$/gm, (line, key: string, value: string) => (te(`facts.${key}`) ? `${t(`facts.${key}`)}: ${formatPhone(value)}` : line));
  }

  return { summaryWords };
}
