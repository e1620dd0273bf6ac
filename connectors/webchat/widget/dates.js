// Dates, times and sizes in the visitor's language. Browsers do not all know Kazakh: these are our own.

const MONTHS = {
  ru: "января февраля марта апреля мая июня июля августа сентября октября ноября декабря".split(" "),
  kk: "қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан".split(" "),
  en: "January February March April May June July August September October November December".split(" "),
};
const AT = { ru: "в ", kk: "сағат ", en: "at " };
const NEAR = { ru: ["сегодня", "завтра"], kk: ["бүгін", "ертең"], en: ["today", "tomorrow"] };

/** "15:04", by the visitor's clock. */
export function timeOf(at) {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** "23 ноября", with the year when it is another one. */
export function dateOf(at, language) {
  const date = new Date(at);
  const year = date.getFullYear() === new Date().getFullYear() ? "" : ` ${date.getFullYear()}`;
  return `${date.getDate()} ${MONTHS[language][date.getMonth()]}${year}`;
}

/** "завтра в 09:00", "23 ноября в 09:00". */
export function momentOf(at, language) {
  const day = NEAR[language][-daysSince(at)] || dateOf(at, language);
  return `${day} ${AT[language]}${timeOf(at)}`;
}

/** How many days ago it was, by the visitor's calendar. */
export function daysSince(at) {
  return Math.round((midnight(new Date()) - midnight(new Date(at))) / 86_400_000);
}

/** "1,4 МБ". */
export function sizeOf(bytes, language) {
  const isLarge = bytes >= 1_000_000;
  const number = isLarge ? (bytes / 1_048_576).toFixed(1) : String(Math.max(1, Math.round(bytes / 1024)));
  if (language === "en") return `${number} ${isLarge ? "MB" : "KB"}`;
  return `${number.replace(".", ",")} ${isLarge ? "МБ" : "КБ"}`;
}

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
