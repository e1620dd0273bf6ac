/** States of runs, and what a result says. */
import type { Run } from "@/api/types";

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
