/** Errors and warnings of documents in words, with what to do. */
import { useI18n } from "vue-i18n";

import type { SourceSummary } from "@/api/types";

import { pagesText } from "./pages";

export const SOURCE_ICONS: Record<string, string> = {
  markdown: "i-lucide-file-text",
  text: "i-lucide-file-type",
  faq: "i-lucide-messages-square",
  pdf: "i-lucide-file-chart-column",
  docx: "i-lucide-file-text",
  xlsx: "i-lucide-file-spreadsheet",
  html: "i-lucide-file-code",
};

export function useSourceWords() {
  const { t, te } = useI18n();

  function errorWords(error: NonNullable<SourceSummary["error"]>): string {
    return te(`knowledge.errors.${error.code}`) ? t(`knowledge.errors.${error.code}`) : error.detail || t("knowledge.errors.unknown");
  }

  function warningWords(warning: SourceSummary["warnings"][number]): string {
    const pages = warning.pages ?? [];
    if (!te(`knowledge.warnings.${warning.code}`)) return warning.detail;
    return t(`knowledge.warnings.${warning.code}`, { pages: pagesText(pages), detail: warning.detail }, pages.length || 1);
  }

  return { errorWords, warningWords };
}
