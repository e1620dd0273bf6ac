/** The same list with one item moved by some places; outside the list nothing moves. */
export function movedBy<T>(list: readonly T[], index: number, by: number): T[] {
  const next = [...list];
  const to = index + by;
  if (to < 0 || to >= next.length) return next;
  const [item] = next.splice(index, 1);
  if (item !== undefined) next.splice(to, 0, item);
  return next;
}
