/** Texts in which personal data stand as markers: "<PHONE_1>". */

export interface MaskedPart {
  text: string;
  /** "PHONE" where the part is a marker. */
  kind: string | null;
}

/** Numbers begin at 1; "<PHONE_0>" is the example in the rules the model gets. */
const MARKER = /<([A-Z]{2,12})_([1-9]\d{0,3})>/g;

export function maskedParts(text: string): MaskedPart[] {
  const parts: MaskedPart[] = [];
  let end = 0;
  for (const match of text.matchAll(MARKER)) {
    if (match.index > end) parts.push({ text: text.slice(end, match.index), kind: null });
    parts.push({ text: match[0], kind: match[1] ?? null });
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ text: text.slice(end), kind: null });
  return parts;
}

/** How many different things of each kind were hidden. */
export function markerCounts(text: string): Record<string, number> {
  const seen = new Map<string, Set<string>>();
  for (const [, kind = "", number = ""] of text.matchAll(MARKER)) seen.set(kind, (seen.get(kind) ?? new Set()).add(number));
  return Object.fromEntries([...seen].map(([kind, numbers]) => [kind, numbers.size]));
}
