/**
 * An amount as people type it: "1 250 000 ₸", "1250000", "109 900,00", "тг".
 *
 * @returns whole tenge; null for nothing, which means no amount; undefined for what is no amount
 */
export function amountFrom(text: string): number | null | undefined {
  const bare = text.replace(/[\s\u00a0\u202f]/g, "").replace(/(₸|тг\.?|тенге|теңге|kzt)$/i, "");
  if (bare === "") return text.trim() === "" ? null : undefined;
  const match = /^(\d{1,12})(?:[.,](\d{1,2}))?$/.exec(bare);
  return match ? Math.round(Number(`${match[1]}.${match[2] ?? 0}`)) : undefined;
}
