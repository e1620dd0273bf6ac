/** How a replayed answer differs from what the customer got, and how much that matters. */
import type { Side, Verdict } from "@/api/types";

/** The one that most wants a look first; the service puts results in this order. */
export const VERDICTS: Verdict[] = ["error", "now_declined", "different_doing", "different", "now_answered", "different_sources", "reworded", "same"];

/** Nobody need look at these: the same, in other words at most. */
export function isAlike(verdict: Verdict | null | undefined): boolean {
  return verdict === "same" || verdict === "reworded" || !verdict;
}

export const LOOKS: Record<Verdict, { icon: string; color: "error" | "warning" | "success" | "info" | "neutral" }> = {
  error: { icon: "i-lucide-circle-alert", color: "error" },
  now_declined: { icon: "i-lucide-circle-help", color: "error" },
  different_doing: { icon: "i-lucide-zap", color: "warning" },
  different: { icon: "i-lucide-git-compare", color: "warning" },
  now_answered: { icon: "i-lucide-circle-check", color: "success" },
  different_sources: { icon: "i-lucide-file-text", color: "info" },
  reworded: { icon: "i-lucide-text-cursor-input", color: "neutral" },
  same: { icon: "i-lucide-equal", color: "neutral" },
};

/** What of a side is worth a line of its own, where the other side has it otherwise. */
export interface Apart {
  effects: string[];
  documents: string[];
  skill: string | null;
  refused: boolean;
}

export function apart(side: Side | null, other: Side | null): Apart {
  const differ = (one: string[], two: string[]) => one.toSorted().join("\n") !== two.toSorted().join("\n");
  return {
    effects: side && differ(side.effects, other?.effects ?? []) ? side.effects : [],
    documents: side && differ(side.documents, other?.documents ?? []) ? side.documents : [],
    skill: side && side.skill !== other?.skill ? side.skill : null,
    refused: (side?.refused ?? false) && !other?.refused,
  };
}
