/** Moments, money and phones as text, without a component around them. */

const CURRENCY_SIGNS: Record<string, string> = { KZT: "₸", USD: "$", EUR: "€", RUB: "₽" };

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Made once a time zone: making one takes longer than a hundred times using it, and a long thread asks a thousand times. */
function clock(timeZone: string): Intl.DateTimeFormat {
  let found = clocks.get(timeZone);
  if (!found) {
    found = new Intl.DateTimeFormat("en-GB", { timeZone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    clocks.set(timeZone, found);
  }
  return found;
}

/** The wall-clock parts of a moment in a time zone; `key` sorts and compares days (2026-11-21). */
export function zonedParts(moment: Date, timeZone: string) {
  const parts = Object.fromEntries(
    clock(timeZone)
      .formatToParts(moment)
      .map((part) => [part.type, part.value]),
  ) as Record<string, string>;
  return {
    key: `${parts.year}-${parts.month}-${parts.day}`,
    date: `${parts.day}.${parts.month}.${parts.year}`,
    time: `${parts.hour}:${parts.minute}`,
    local: `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`,
  };
}

/** The moment at which clocks of a time zone show `local` (2026-11-21T15:00). */
export function fromZonedLocal(local: string, timeZone: string): Date {
  const wanted = Date.parse(`${local}:00Z`);
  let moment = wanted;
  // Two rounds settle it also across a change of the zone's offset.
  for (let round = 0; round < 2; round++) {
    const shown = Date.parse(`${zonedParts(new Date(moment), timeZone).local}:00Z`);
    moment += wanted - shown;
  }
  return new Date(moment);
}

export function formatMoney(amount: number | null | undefined, currency = "KZT"): string {
  if (amount === null || amount === undefined) return "";
  const digits = String(Math.round(amount)).replace(/\B(?=(\d{3})+(?!\d))/g, "\u00a0");
  return `${digits}\u00a0${CURRENCY_SIGNS[currency] ?? currency}`;
}

/** +77011234567 -> +7 701 123 45 67; anything else stays as it is. */
export function formatPhone(phone: string | null | undefined): string {
  const match = /^\+7(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(phone ?? "");
  return match ? `+7 ${match[1]} ${match[2]} ${match[3]} ${match[4]}` : (phone ?? "");
}

/** What one answer costs is far under a tenge: two digits that count, never "0". */
export function formatCost(amount: number | null | undefined, currency: string, tag: string): string {
  if (amount === null || amount === undefined) return "";
  const digits = Math.abs(amount) >= 100 ? { maximumFractionDigits: 0 } : Math.abs(amount) >= 1 ? { maximumFractionDigits: 2 } : { maximumSignificantDigits: 2 };
  return `${new Intl.NumberFormat(tag, digits).format(amount)}\u00a0${CURRENCY_SIGNS[currency] ?? currency}`;
}

/** 1 300 000 bytes -> "1,3" and the unit's key under `units`. */
export function byteParts(bytes: number): { value: number; unit: "kb" | "mb" | "gb" } {
  if (bytes >= 1_000_000_000) return { value: Math.round(bytes / 100_000_000) / 10, unit: "gb" };
  return bytes >= 1_000_000 ? { value: Math.round(bytes / 100_000) / 10, unit: "mb" } : { value: Math.max(1, Math.round(bytes / 1000)), unit: "kb" };
}
