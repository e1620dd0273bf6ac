import { ref } from "vue";

import { api, call } from "@/api/client";
import { upsertMessage } from "@/api/cache";
import { keys, queryClient } from "@/api/query";
import { useProblem } from "@/ui/problem";

/** Puts a failed message into the outbox again. */
export function useResend() {
  const problem = useProblem();
  const busy = ref<string | null>(null);

  async function resend(id: string): Promise<void> {
    busy.value = id;
    try {
      const message = await call(api.POST("/api/messages/{message_id}/resend", { params: { path: { message_id: id } } }));
      if (message.conversation_id) upsertMessage(queryClient, message.conversation_id, message);
      void queryClient.invalidateQueries({ queryKey: keys.failedDeliveries });
    } catch (error) {
      problem.show(error, () => void resend(id));
    } finally {
      busy.value = null;
    }
  }

  return { resend, busy };
}
