/** Starting runs. Whoever pays for a provider is asked first, once for all of them. */
import { ref } from "vue";

import type { Run, RunEstimate, RunForm } from "@/api/types";

import { estimateRun, startRun } from "./queries";
import { together } from "./runs";

export function useRunStart() {
  const asked = ref<RunEstimate | null>(null);
  let settle: (allowed: boolean) => void = () => undefined;

  function answer(allowed: boolean): void {
    asked.value = null;
    settle(allowed);
  }

  /** Resolves to the runs, or to none where the person thought better of it. */
  async function start(forms: RunForm[]): Promise<Run[]> {
    const estimate = together(await Promise.all(forms.map(estimateRun)));
    if (estimate.calls > 0) {
      asked.value = estimate;
      const allowed = await new Promise<boolean>((resolve) => (settle = resolve));
      if (!allowed) return [];
    }
    const runs: Run[] = [];
    for (const form of forms) runs.push(await startRun({ ...form, allow_calls: estimate.calls > 0 }));
    return runs;
  }

  return { asked, answer, start };
}
