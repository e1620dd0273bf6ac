import { en as uiEn, kk as uiKk, ru as uiRu } from "@nuxt/ui/locale";
import { createI18n, type LocaleMessageValue } from "vue-i18n";

import type { Language } from "@/api/types";

export const LANGUAGES: { code: Language; name: string }[] = [
  { code: "ru", name: "Русский" },
  { code: "kk", name: "Қазақша" },
  { code: "en", name: "English" },
];

export const UI_LOCALES = { ru: uiRu, kk: uiKk, en: uiEn };

const STORED = "aitys-language";

/** CLDR's rule for Russian: 1 | 2-4 | 5 and more; written "one | few | many". */
function russianPlural(count: number, forms: number): number {
  const tens = count % 100;
  const ones = count % 10;
  if (forms < 3) return count === 1 ? 0 : 1;
  if (ones === 1 && tens !== 11) return 0;
  return ones >= 2 && ones <= 4 && (tens < 12 || tens > 14) ? 1 : 2;
}

function isLanguage(value: unknown): value is Language {
  return value === "ru" || value === "kk" || value === "en";
}

function firstLanguage(): Language {
  const stored = localStorage.getItem(STORED);
  if (isLanguage(stored)) return stored;
  const wished = navigator.languages.map((tag) => tag.slice(0, 2)).find(isLanguage);
  return wished ?? "ru";
}

export const i18n = createI18n({
  legacy: false,
  locale: firstLanguage(),
  pluralRules: { ru: russianPlural },
});

/** Each language is a file of its own: nobody waits for the two that they do not read. */
const TEXTS: Record<Language, () => Promise<{ default: object }>> = {
  ru: () => import("@/locales/ru.json"),
  kk: () => import("@/locales/kk.json"),
  en: () => import("@/locales/en.json"),
};
const present = new Set<Language>();
let wanted = currentLanguage();

/** Shows the console in a language as soon as its texts are there; of two wishes in a row the later one holds. */
async function show(language: Language): Promise<void> {
  wanted = language;
  if (!present.has(language)) {
    i18n.global.setLocaleMessage(language, (await TEXTS[language]()).default as Record<string, LocaleMessageValue>);
    present.add(language);
  }
  if (wanted !== language) return;
  i18n.global.locale.value = language;
  document.documentElement.lang = language;
}

/** Fulfilled when there is something to read. */
export const textsReady = show(wanted);

export function currentLanguage(): Language {
  return i18n.global.locale.value as Language;
}

export async function setLanguage(language: Language): Promise<void> {
  localStorage.setItem(STORED, language);
  await show(language);
}

/** The person chose a language in this browser; otherwise the account's language is taken. */
export function hasChosenLanguage(): boolean {
  return isLanguage(localStorage.getItem(STORED));
}
