/** States of runs, and what a result says. */
import type { GateSuite, Result, Run, RunEstimate, Side, TrialTurn } from "@/api/types";

type Ending = Pick<Run, "state">;

export function isOver(run: Ending): boolean {
  return run.state === "done" || run.state === "failed" || run.state === "cancelled";
}

/** Green only when all of it ran and nothing failed. */
export function colourOf(run: Pick<Run, "state" | "failed">): "green" | "red" | "running" | "not_run" {
  if (run.state === "queued" || run.state === "running") return "running";
  if (run.state === "done") return run.failed === 0 ? "green" : "red";
  return run.state === "failed" ? "red" : "not_run";
}

/** 0 to 100; null while it is not known how much there is. */
export function shareOf(run: Pick<Run, "done" | "total">): number | null {
  return run.total > 0 ? Math.round((run.done / run.total) * 100) : null;
}

/** How a suite stands before the gate: what it says of this very draft. */
export function gateColour(suite: Pick<GateSuite, "green" | "run">): "green" | "red" | "running" | "not_run" {
  if (suite.run && !isOver(suite.run)) return "running";
  if (suite.green === null) return "not_run";
  return suite.green ? "green" : "red";
}

/** Answers of several messages as one text. */
export function sideText(side: Pick<Side, "texts"> | null | undefined): string {
  return (side?.texts ?? []).join("\n");
}

/** What was answered to a message of a case: without the disclosure, which every trial begins with. */
export function answerText({ turn }: Pick<Result["turns"][number], "turn">): string {
  const replies = (turn as TrialTurn | null)?.replies ?? [];
  return sideText({ texts: replies.filter((reply) => reply.trace.skill !== "disclosure").map((reply) => reply.text) });
}

/** What all of them take together; the cost is unknown as soon as one is. */
export function together(estimates: RunEstimate[]): RunEstimate {
  const known = estimates.every((one) => one.cost !== null || one.calls === 0);
  return {
    messages: estimates.reduce((sum, one) => sum + one.messages, 0),
    calls: estimates.reduce((sum, one) => sum + one.calls, 0),
    cost: known ? estimates.reduce((sum, one) => sum + (one.cost ?? 0), 0) : null,
    currency: estimates.find((one) => one.currency)?.currency ?? null,
  };
}
