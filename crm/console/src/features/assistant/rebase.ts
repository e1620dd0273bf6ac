/** Joins what two people changed at the same time. */

/**
 * @param base what both began from
 * @returns mine, with what only they have changed; `clashes` names the fields both changed to different values, where mine stands.
 */
export function rebase<T extends object>(base: T, mine: T, theirs: T): { content: T; clashes: (keyof T)[] } {
  const same = (one: unknown, two: unknown) => JSON.stringify(one) === JSON.stringify(two);
  const content = { ...theirs };
  const clashes: (keyof T)[] = [];
  for (const field of Object.keys(mine) as (keyof T)[]) {
    if (same(mine[field], base[field])) continue;
    content[field] = mine[field];
    if (!same(theirs[field], base[field]) && !same(theirs[field], mine[field])) clashes.push(field);
  }
  return { content, clashes };
}

/** The fields of `now` that differ from `before`. */
export function changedFields<T extends object>(before: T, now: T): Partial<T> {
  return Object.fromEntries(Object.entries(now).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(before[field as keyof T]))) as Partial<T>;
}
