/** What differs between two contents of an assistant, in the smallest pieces a person would name. */
import type { Change } from "@/api/types";

type Plain = Record<string, unknown>;

function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function same(one: unknown, two: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(two);
}

/** "skills" with two objects becomes "skills.order" with two switches. */
export function flatChanges(changes: Change[]): Change[] {
  return changes.flatMap((change) => {
    if (!isPlain(change.before) && !isPlain(change.after)) return same(change.before, change.after) ? [] : [change];
    const before = isPlain(change.before) ? change.before : {};
    const after = isPlain(change.after) ? change.after : {};
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return flatChanges(names.map((name) => ({ path: `${change.path}.${name}`, before: before[name] ?? null, after: after[name] ?? null })));
  });
}

export interface DiffPart {
  kind: "same" | "added" | "removed";
  text: string;
}

/** Longer texts than this are shown one under the other: a table of all pairs would take too long. */
const MOST_WORDS = 3_000;

const words = (text: string): string[] => text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];

/** The words that went and came, by their longest common sequence. */
export function wordDiff(before: string, after: string): DiffPart[] {
  const one = words(before);
  const two = words(after);
  let start = 0;
  while (start < one.length && start < two.length && one[start] === two[start]) start++;
  let end = 0;
  while (end < one.length - start && end < two.length - start && one[one.length - 1 - end] === two[two.length - 1 - end]) end++;
  const left = one.slice(start, one.length - end);
  const right = two.slice(start, two.length - end);

  const parts: DiffPart[] = [];
  const push = (kind: DiffPart["kind"], text: string) => {
    if (!text) return;
    const last = parts.at(-1);
    if (last?.kind === kind) last.text += text;
    else parts.push({ kind, text });
  };
  push("same", one.slice(0, start).join(""));
  if (left.length > MOST_WORDS || right.length > MOST_WORDS) {
    push("removed", left.join(""));
    push("added", right.join(""));
  } else {
    for (const { kind, text } of joined(commonSequence(left, right))) push(kind, text);
  }
  push("same", one.slice(one.length - end).join(""));
  return parts;
}

/** Spaces and commas between changed words change with them: whole phrases are easier to read than crumbs. */
function joined(parts: DiffPart[]): DiffPart[] {
  const out: DiffPart[] = [];
  let removed = "";
  let added = "";
  const flush = () => {
    if (removed) out.push({ kind: "removed", text: removed });
    if (added) out.push({ kind: "added", text: added });
    removed = added = "";
  };
  parts.forEach((part, index) => {
    const crumb = part.kind === "same" && !/[\p{L}\p{N}]/u.test(part.text) && !part.text.includes("\n");
    const between = crumb && (removed || added) && parts[index + 1] !== undefined && parts[index + 1]?.kind !== "same";
    if (part.kind === "removed" || between) removed += part.text;
    if (part.kind === "added" || between) added += part.text;
    if (part.kind === "same" && !between) {
      flush();
      out.push(part);
    }
  });
  flush();
  return out;
}

function commonSequence(one: string[], two: string[]): DiffPart[] {
  const width = two.length + 1;
  const table = new Uint16Array((one.length + 1) * width);
  const at = (row: number, column: number) => table[row * width + column] ?? 0;
  for (let row = one.length - 1; row >= 0; row--) {
    for (let column = two.length - 1; column >= 0; column--) {
      table[row * width + column] = one[row] === two[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const parts: DiffPart[] = [];
  let [row, column] = [0, 0];
  while (row < one.length || column < two.length) {
    if (row < one.length && column < two.length && one[row] === two[column]) {
      parts.push({ kind: "same", text: one[row++] ?? "" });
      column++;
    } else if (row < one.length && (column === two.length || at(row + 1, column) >= at(row, column + 1))) parts.push({ kind: "removed", text: one[row++] ?? "" });
    else parts.push({ kind: "added", text: two[column++] ?? "" });
  }
  return parts;
}

/** Keeps `around` letters beside each difference; what was left out becomes "…". */
export function shortened(parts: DiffPart[], around = 60): DiffPart[] {
  return parts.map((part, index) => {
    if (part.kind !== "same" || part.text.length <= 2 * around + 10) return part;
    const head = index === 0 ? "" : part.text.slice(0, around);
    const tail = index === parts.length - 1 ? "" : part.text.slice(-around);
    return { kind: "same", text: `${head}…${tail}` };
  });
}
