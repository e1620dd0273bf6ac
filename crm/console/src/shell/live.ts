/** Joins the event stream to the cache, the sound and the tab's title. */
import { useTitle } from "@vueuse/core";
import { computed, onScopeDispose, ref, watch } from "vue";
import { useI18n } from "vue-i18n";
import { useRoute } from "vue-router";

import { EventCache } from "@/api/cache";
import { EventStream, type LinkState } from "@/api/events";
import { queryClient } from "@/api/query";
import type { Message } from "@/api/types";
import { settlePending } from "@/features/inbox/pending";
import { useCounts } from "@/features/inbox/queries";
import { heardTyping, stoppedTyping } from "@/features/inbox/typing";
import { checkSession, session } from "@/features/session/session";

import { chime } from "./chime";

const link = ref<LinkState>("connecting");
let retry: () => void = () => undefined;

/** The state of the live connection, for whoever wants to show it. */
export function useLink() {
  return { link, retryNow: () => retry() };
}

/** Runs for as long as the shell is on the screen. */
export function useLive(): void {
  const { t } = useI18n();
  const route = useRoute();
  const counts = useCounts();

  const onMessage = (message: Message) => {
    settlePending(message, session.value?.user.id);
    if (message.direction === "in" && message.conversation_id) stoppedTyping(message.conversation_id);
  };
  const cache = new EventCache(queryClient, onMessage);
  const stream = new EventStream({
    event: (event) => cache.apply(event),
    told: (event) => {
      if (event.type === "conversation.typing") heardTyping(event.subject_id);
    },
    reset: () => cache.reset(),
    refused: () => void checkSession(),
  });
  retry = () => stream.retryNow();
  watch(stream.state, (state) => (link.value = state), { immediate: true });
  watch(
    () => session.value?.organization.id,
    (organization) => {
      stream.stop();
      if (organization) stream.start();
    },
    { immediate: true },
  );

  const waiting = computed(() => counts.data.value?.waiting);
  watch(waiting, (now, before) => {
    if (now !== undefined && before !== undefined && now > before) chime();
  });

  const page = computed(() => route.matched.map((record) => record.meta.title).findLast(Boolean));
  const title = computed(() => {
    const name = page.value ? `${t(`nav.${page.value}`)} · Aitys` : "Aitys";
    return waiting.value ? `(${waiting.value}) ${name}` : name;
  });
  useTitle(title);

  onScopeDispose(() => {
    stream.stop();
    retry = () => undefined;
  });
}
