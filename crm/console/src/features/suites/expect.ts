/** A case as its form holds it, and back. */
import type { Case, Expect } from "@/api/types";

import type { CaseForm } from "./queries";

type EffectKind = NonNullable<Expect["effects"]>[number]["kind"];
export const EFFECTS: EffectKind[] = ["lead", "task", "handoff", "contact", "consent", "feedback"];

/** "any" where nothing is expected: a choice must show something. */
export const ANY = "any";

export interface CaseFields {
  name: string;
  turns: string[];
  contains: string[];
  not_contains: string[];
  cites: string[];
  declines: string;
  hands_over: string;
  language: string;
  intent: string;
  /** Kinds of what must be done; details that were asked for stay with their kind. */
  effects: string[];
  details: Expect["effects"];
}

const flag = (value: boolean | null | undefined): string => (value == null ? ANY : value ? "yes" : "no");
const fromFlag = (value: string): boolean | null => (value === ANY ? null : value === "yes");

export function fieldsOf(one?: Pick<Case, "name" | "turns" | "expect">): CaseFields {
  const expect: Partial<Expect> = one?.expect ?? {};
  return {
    name: one?.name ?? "",
    turns: one?.turns.length ? [...one.turns] : [""],
    contains: [...(expect.contains ?? [])],
    not_contains: [...(expect.not_contains ?? [])],
    cites: [...(expect.cites ?? [])],
    declines: flag(expect.declines),
    hands_over: flag(expect.hands_over),
    language: expect.language ?? ANY,
    intent: expect.intent ?? ANY,
    effects: [...new Set((expect.effects ?? []).map((effect) => effect.kind))],
    details: [...(expect.effects ?? [])],
  };
}

export function caseOf(fields: CaseFields): CaseForm {
  const kept = (fields.details ?? []).filter((effect) => fields.effects.includes(effect.kind));
  const added = fields.effects.filter((kind) => !kept.some((effect) => effect.kind === kind)) as EffectKind[];
  return {
    name: fields.name.trim() || null,
    turns: fields.turns.map((turn) => turn.trim()).filter(Boolean),
    expect: {
      contains: [...fields.contains],
      not_contains: [...fields.not_contains],
      cites: [...fields.cites],
      declines: fromFlag(fields.declines),
      hands_over: fromFlag(fields.hands_over),
      language: fields.language === ANY ? null : (fields.language as Expect["language"]),
      intent: fields.intent === ANY ? null : fields.intent,
      effects: [...kept, ...added.map((kind) => ({ kind, data: {} }))],
    },
  };
}

/** A case that expects nothing can never fail, and proves nothing. */
export function expectsNothing(form: CaseForm): boolean {
  const { contains, not_contains, cites, declines, hands_over, language, intent, effects } = form.expect;
  return !contains?.length && !not_contains?.length && !cites?.length && declines == null && hands_over == null && !language && !intent && !effects?.length;
}
