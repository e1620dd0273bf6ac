/** [3, 7, 8, 9] -> "3, 7–9": page numbers the way people write them. */
export function pagesText(pages: readonly number[]): string {
  const sorted = [...new Set(pages)].sort((one, two) => one - two);
  const runs: [number, number][] = [];
  for (const page of sorted) {
    const last = runs.at(-1);
    if (last && page === last[1] + 1) last[1] = page;
    else runs.push([page, page]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : to === from + 1 ? `${from}, ${to}` : `${from}–${to}`)).join(", ");
}

/** Is something with these dates in force on `today`? All are calendar days (2026-11-22). */
export function validity(today: string, from: string | null | undefined, until: string | null | undefined): "now" | "later" | "over" {
  if (from && today < from) return "later";
  return until && today > until ? "over" : "now";
}
