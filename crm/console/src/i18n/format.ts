/** Dates in the organisation's time zone, money, phones and durations, the way people here write them. */
import { computed } from "vue";
import { useI18n } from "vue-i18n";

import { useOrganization } from "@/features/session/session";

import { byteParts, formatCost, formatMoney, formatPhone, zonedParts } from "./written";

export { formatMoney, formatPhone, fromZonedLocal, zonedParts } from "./written";

const TAGS: Record<string, string> = { ru: "ru-RU", kk: "kk-KZ", en: "en-GB" };
/** Date fields know few languages; Kazakh dates are written in the same order as Russian ones. */
export function inputLocale(language: string): string {
  return language === "en" ? "en-GB" : "ru-RU";
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

export function useFormat() {
  const { t, locale } = useI18n();
  const organization = useOrganization();
  const timeZone = computed(() => organization.value?.timezone ?? "Asia/Almaty");
  const tag = computed(() => TAGS[locale.value] ?? "ru-RU");

  const parts = (at: string | Date) => zonedParts(new Date(at), timeZone.value);
  const date = (at: string) => parts(at).date;
  const time = (at: string) => parts(at).time;

  function dayDistance(at: string, now = new Date()): number {
    return Math.round((Date.parse(parts(at).key) - Date.parse(parts(now).key)) / DAY);
  }

  /** "Today", "Yesterday", "Tomorrow", or the date in words. */
  function day(at: string, now = new Date()): string {
    const distance = dayDistance(at, now);
    if (distance === 0) return t("time.today");
    if (distance === -1) return t("time.yesterday");
    if (distance === 1) return t("time.tomorrow");
    const sameYear = parts(at).key.slice(0, 4) === parts(now).key.slice(0, 4);
    return new Intl.DateTimeFormat(tag.value, {
      timeZone: timeZone.value,
      day: "numeric",
      month: "long",
      ...(sameYear ? {} : { year: "numeric" }),
    }).format(new Date(at));
  }

  /** As short as a list allows: 15:04 today, otherwise yesterday, 21.11 or 21.11.2025. */
  function short(at: string, now = new Date()): string {
    const distance = dayDistance(at, now);
    if (distance === 0) return time(at);
    if (distance === -1) return t("time.yesterday").toLocaleLowerCase(tag.value);
    const whole = date(at);
    return parts(at).key.slice(0, 4) === parts(now).key.slice(0, 4) ? whole.slice(0, 5) : whole;
  }

  const dateTime = (at: string, now = new Date()) => `${day(at, now)}, ${time(at)}`;

  /** The same within a sentence: "tomorrow, 15:00". */
  const within = (at: string, now = new Date()) => {
    const text = dateTime(at, now);
    return text.charAt(0).toLocaleLowerCase(tag.value) + text.slice(1);
  };

  function duration(milliseconds: number): string {
    const minutes = Math.max(0, Math.floor(milliseconds / MINUTE));
    if (minutes < 1) return t("time.justNow");
    if (minutes < 60) return t("time.minutes", { n: minutes });
    const hours = Math.floor(minutes / 60);
    if (hours < 24) return t("time.hours", { n: hours });
    return t("time.days", { n: Math.floor(hours / 24) });
  }

  // Browsers without Kazakh data would write "24,201"; Kazakh numbers look like Russian ones.
  const numberTag = computed(() => (locale.value === "kk" ? "ru-RU" : tag.value));
  const number = (value: number) => new Intl.NumberFormat(numberTag.value).format(value);

  const cost = (amount: number | null | undefined, currency: string) => formatCost(amount, currency, numberTag.value);
  function bytes(size: number): string {
    const { value, unit } = byteParts(size);
    return `${number(value)}\u00a0${t(`units.${unit}`)}`;
  }
  /** "1,2 s", or "340 ms" where a second is too coarse. */
  const elapsed = (milliseconds: number) =>
    milliseconds >= 1000 ? `${number(Math.round(milliseconds / 100) / 10)}\u00a0${t("units.s")}` : `${Math.round(milliseconds)}\u00a0${t("units.ms")}`;
  const percent = (share: number) => `${Math.round(share * 100)}\u00a0%`;

  return { timeZone, cost, bytes, elapsed, percent, date, time, day, dayDistance, short, dateTime, within, duration, number, money: formatMoney, phone: formatPhone };
}
