/** The places of the console, once, for the sidebar, the phone's bar and the command palette. */
import { computed } from "vue";
import { useI18n } from "vue-i18n";

import { useCounts } from "@/features/inbox/queries";
import { useCan } from "@/features/session/session";
import { useOpenTaskCount } from "@/features/tasks/queries";

export interface Place {
  id: string;
  label: string;
  icon: string;
  to: string;
  /** Shown beside the name; absent when there is nothing to do. */
  count?: number;
  urgent?: boolean;
}

export function usePlaces() {
  const { t } = useI18n();
  const can = useCan();
  const counts = useCounts();
  const tasks = useOpenTaskCount();

  const work = computed<Place[]>(() => [
    {
      id: "inbox",
      label: t("nav.inbox"),
      icon: "i-lucide-inbox",
      to: "/inbox",
      count: counts.data.value?.waiting,
      urgent: true,
    },
    { id: "contacts", label: t("nav.contacts"), icon: "i-lucide-users-round", to: "/contacts" },
    { id: "deals", label: t("nav.deals"), icon: "i-lucide-square-kanban", to: "/deals" },
    { id: "tasks", label: t("nav.tasks"), icon: "i-lucide-circle-check-big", to: "/tasks", count: tasks.value },
  ]);
  const setup = computed<Place[]>(() =>
    can("admin")
      ? [
          { id: "assistant", label: t("nav.assistant"), icon: "i-lucide-bot", to: "/assistant" },
          { id: "knowledge", label: t("nav.knowledge"), icon: "i-lucide-book-open-text", to: "/knowledge" },
          { id: "channels", label: t("nav.channels"), icon: "i-lucide-plug", to: "/channels" },
          { id: "settings", label: t("nav.settings"), icon: "i-lucide-settings", to: "/settings" },
        ]
      : [{ id: "settings", label: t("nav.settings"), icon: "i-lucide-settings", to: "/settings/profile" }],
  );
  return { work, setup };
}
