/** Filling a template in, and showing it. */
import type { Template } from "@/api/types";

export interface Piece {
  text: string;
  /** The variable that stands here; absent for words of the template's own. */
  variable?: string;
}

/** A text of a template in pieces, its `{{variables}}` filled in; an empty one keeps its name. */
export function pieces(text: string, names: string[], values: string[]): Piece[] {
  return text
    .split(/(\{\{[^{}]+\}\})/)
    .filter(Boolean)
    .map((part) => {
      const name = /^\{\{\s*([^{}]+?)\s*\}\}$/.exec(part)?.[1];
      if (name === undefined) return { text: part };
      return { text: values[names.indexOf(name)] || name, variable: name };
    });
}

export function filled(text: string, names: string[], values: string[]): string {
  return pieces(text, names, values)
    .map((piece) => piece.text)
    .join("");
}

export function templateMatches(template: Template, term: string): boolean {
  return `${template.name} ${template.header ?? ""} ${template.body}`.toLocaleLowerCase().includes(term.trim().toLocaleLowerCase());
}
