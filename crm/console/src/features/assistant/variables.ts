/** Variables in instructions: "{company}" becomes the organisation's name. */

export interface OpenVariable {
  /** Where its brace stands. */
  start: number;
  term: string;
}

/** The variable that is being typed before the caret, if any. */
export function openVariable(text: string, caret: number): OpenVariable | null {
  const found = /\{([a-z_]{0,30})$/i.exec(text.slice(0, caret));
  return found ? { start: found.index, term: (found[1] ?? "").toLowerCase() } : null;
}

/** Puts the variable in place of what was typed of it; `caret` stands after it. */
export function completeVariable(text: string, caret: number, open: OpenVariable, name: string): { text: string; caret: number } {
  const rest = text.slice(caret).replace(/^[a-z_]*\}?/i, "");
  const head = `${text.slice(0, open.start)}{${name}}`;
  return { text: head + rest, caret: head.length };
}

/** Names in braces that mean nothing: customers would see them as they are. */
export function unknownVariables(text: string, known: readonly string[]): string[] {
  const names = [...text.matchAll(/\{([a-z_]+)\}/gi)].map((match) => match[1] ?? "");
  return [...new Set(names)].filter((name) => !known.includes(name));
}
